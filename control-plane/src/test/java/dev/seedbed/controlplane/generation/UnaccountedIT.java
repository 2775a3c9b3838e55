package dev.seedbed.controlplane.generation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.seedbed.controlplane.ControlPlaneTest;
import dev.seedbed.controlplane.quota.Quotas;
import dev.seedbed.controlplane.quota.Unit;
import dev.seedbed.controlplane.usage.LedgerCheck;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.test.context.ActiveProfiles;

@ControlPlaneTest
@ActiveProfiles("unaccounted")
class UnaccountedIT {

    @LocalServerPort
    int port;

    @Autowired
    Quotas quotas;

    @Autowired
    LedgerCheck ledger;

    @BeforeEach
    void reset() {
        ControlPlaneTest.ADAPTER.reset();
    }

    @Test
    void admitsBeyondEveryLimitAndBillsNobody() {
        var tenant = TestingTenant.create(port, quotas, Map.of(Unit.OUTPUT_TOKEN, 0L, Unit.POSITION, 0L));
        var body = "{\"prompt\": \"say it\", \"max_tokens\": 3}";
        assertThat(tenant.post("/v1/completions", body).statusCode()).isEqualTo(200);
        assertThat(tenant.budget(Unit.OUTPUT_TOKEN).posted()).isZero();
        assertThat(ledger.verify().differences()).isEmpty();
    }
}
