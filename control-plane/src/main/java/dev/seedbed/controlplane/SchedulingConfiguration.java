package dev.seedbed.controlplane;

import java.time.Clock;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.scheduling.annotation.EnableScheduling;

/** Time of the process: the clock that everybody reads, and the scheduler of the features' jobs. */
@Configuration(proxyBeanMethods = false)
@EnableScheduling
class SchedulingConfiguration {

    /** Wall clock for ids and records. Nothing expires by it: that is the database's clock. */
    @Bean
    Clock clock() {
        return Clock.systemUTC();
    }
}
