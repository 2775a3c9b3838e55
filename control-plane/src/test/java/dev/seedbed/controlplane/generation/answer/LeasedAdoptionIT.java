package dev.seedbed.controlplane.generation.answer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

import dev.seedbed.controlplane.ControlPlaneTest;
import dev.seedbed.controlplane.generation.FinishReason;
import dev.seedbed.controlplane.generation.GenerationCommand;
import dev.seedbed.controlplane.generation.GenerationSink;
import dev.seedbed.controlplane.generation.GenerationSink.ClientGoneException;
import dev.seedbed.controlplane.generation.Knobs;
import dev.seedbed.controlplane.generation.Prompt;
import dev.seedbed.controlplane.generation.TestingTenant;
import dev.seedbed.controlplane.model.ModelVersion;
import dev.seedbed.controlplane.quota.Budget;
import dev.seedbed.controlplane.quota.Durability;
import dev.seedbed.controlplane.quota.Limit;
import dev.seedbed.controlplane.quota.Quotas;
import dev.seedbed.controlplane.quota.Subject;
import dev.seedbed.controlplane.quota.Unit;
import dev.seedbed.controlplane.quota.Window;
import dev.seedbed.controlplane.tenant.ApiKeys;
import dev.seedbed.controlplane.usage.GenerationRecord.Surface;
import dev.seedbed.controlplane.usage.LedgerCheck;
import dev.seedbed.controlplane.usage.Work;
import dev.seedbed.controlplane.wire.RequestId;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.web.server.LocalServerPort;

/** What is charged for retries of attempts that were admitted from a lease, and are recorded with a heartbeat only. */
@ControlPlaneTest
class LeasedAdoptionIT {

    @LocalServerPort
    int port;

    @Autowired
    Answers answers;

    @Autowired
    ApiKeys apiKeys;

    @Autowired
    Quotas quotas;

    @Autowired
    LedgerCheck books;

    TestingTenant tenant;

    @BeforeEach
    void newTenantWithALease() {
        ControlPlaneTest.ADAPTER.reset();
        tenant = TestingTenant.create(port, quotas, Map.of());
        for (var unit : List.of(Unit.OUTPUT_TOKEN, Unit.POSITION)) {
            quotas.setLimit(
                    Subject.of(tenant.id()), tenant.id(), new Limit(unit, Window.EVER, 1_000_000L, Durability.LEASED));
        }
        attempt(0, new Reader());
        assertThat(tenant.budget(Unit.OUTPUT_TOKEN))
                .satisfies(budget -> assertThat(budget.leased()).isPositive())
                .satisfies(budget -> assertThat(budget.posted()).isEqualTo(3));
    }

    @Test
    void givesTheChargeOfAnAnswerBackThatNeverReachedItsClient() {
        assertThatExceptionOfType(ClientGoneException.class).isThrownBy(() -> attempt(0, new GoneAtTheEnd()));
        attempt(1, new Reader());
        requirePosted(2, 6);
    }

    @Test
    void keepsTheChargeOfAnAnswerThatWasDelivered() {
        attempt(0, new Reader());
        attempt(1, new Reader());
        requirePosted(3, 9);
    }

    private void requirePosted(long requests, long outputTokens) {
        await().untilAsserted(() -> {
            assertThat(tenant.budget(Unit.REQUEST).posted()).isEqualTo(requests);
            assertThat(tenant.budget(Unit.OUTPUT_TOKEN))
                    .extracting(Budget::posted, Budget::reserved)
                    .containsExactly(outputTokens, 0L);
        });
        assertThat(books.verify().differences()).isEmpty();
    }

    private void attempt(int retryCount, GenerationSink sink) {
        var command = new GenerationCommand(
                RequestId.next(Clock.systemUTC()),
                Surface.COMPLETIONS,
                null,
                new Prompt.Text("say it"),
                40L,
                List.of(),
                Knobs.DEFAULTS,
                false,
                true,
                "");
        var caller = apiKeys.authenticate("Bearer " + tenant.key());
        answers.answer(caller, command, new Repetition(null, retryCount, Instant.now()), Duration.ofMinutes(1), sink);
    }

    private static class Reader implements GenerationSink {
        @Override
        public void admitted(ModelVersion version, List<Budget> budgets) {}

        @Override
        public void committed(String text, Work work) {}

        @Override
        public void draft(String text, int positions, int decidedPositions, Work work) {}

        @Override
        public void idle() {}

        @Override
        public void finished(FinishReason reason, String detail, Work work) {}
    }

    /** A client that turns out to be gone when the whole answer is written. */
    private static final class GoneAtTheEnd extends Reader {
        @Override
        public void finished(FinishReason reason, String detail, Work work) {
            throw new ClientGoneException("answer not written");
        }
    }
}
