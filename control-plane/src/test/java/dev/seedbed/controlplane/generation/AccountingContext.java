package dev.seedbed.controlplane.generation;

import dev.seedbed.controlplane.database.Pipelines;
import dev.seedbed.controlplane.pricing.Prices;
import dev.seedbed.controlplane.quota.QuotaProperties;
import dev.seedbed.controlplane.quota.Quotas;
import dev.seedbed.controlplane.tenant.TenantDirectory;
import dev.seedbed.controlplane.usage.RejectionProperties;
import dev.seedbed.controlplane.usage.UsageLedger;
import dev.seedbed.testkit.TestingPostgres;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.util.Map;
import org.springframework.boot.autoconfigure.ImportAutoConfiguration;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.flyway.autoconfigure.FlywayAutoConfiguration;
import org.springframework.boot.jdbc.autoconfigure.DataSourceAutoConfiguration;
import org.springframework.boot.jdbc.autoconfigure.DataSourceTransactionManagerAutoConfiguration;
import org.springframework.boot.jdbc.autoconfigure.JdbcClientAutoConfiguration;
import org.springframework.boot.jdbc.autoconfigure.JdbcTemplateAutoConfiguration;
import org.springframework.boot.transaction.autoconfigure.TransactionAutoConfiguration;
import org.springframework.boot.transaction.autoconfigure.TransactionManagerCustomizationAutoConfiguration;
import org.springframework.context.annotation.AnnotationConfigApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.ComponentScan;
import org.springframework.context.annotation.ComponentScan.Filter;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.FilterType;
import org.springframework.context.annotation.Import;
import org.springframework.core.env.MapPropertySource;

/** The durable half of a replica, on a PostgreSQL of its own or another replica's: no servers, no heartbeat. */
@Configuration(proxyBeanMethods = false)
@ImportAutoConfiguration({
    DataSourceAutoConfiguration.class,
    DataSourceTransactionManagerAutoConfiguration.class,
    FlywayAutoConfiguration.class,
    JdbcClientAutoConfiguration.class,
    JdbcTemplateAutoConfiguration.class,
    TransactionAutoConfiguration.class,
    TransactionManagerCustomizationAutoConfiguration.class
})
@ComponentScan(
        basePackageClasses = {Pipelines.class, Prices.class, Quotas.class, UsageLedger.class},
        excludeFilters =
                @Filter(type = FilterType.REGEX, pattern = ".*(Administration|Controller|PlanAssignments|Ownership)"))
@EnableConfigurationProperties({QuotaProperties.class, RejectionProperties.class})
@Import(Accounting.class)
public class AccountingContext {

    @Bean
    MeterRegistry meters() {
        return new SimpleMeterRegistry();
    }

    public static AnnotationConfigApplicationContext start() {
        return start(TestingPostgres.createDatabase());
    }

    static AnnotationConfigApplicationContext start(String url) {
        var context = new AnnotationConfigApplicationContext();
        context.getEnvironment()
                .getPropertySources()
                .addFirst(new MapPropertySource(
                        "testing-database",
                        Map.of(
                                "spring.datasource.url",
                                url,
                                "spring.datasource.username",
                                TestingPostgres.USER,
                                "spring.datasource.password",
                                "")));
        // Callers have no keys and projects that are stored.
        context.registerBean(TenantDirectory.class, NobodyStored::new);
        context.register(AccountingContext.class);
        context.refresh();
        return context;
    }
}
