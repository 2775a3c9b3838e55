package dev.seedbed.controlplane.quota.lease;

import static org.assertj.core.api.Assertions.assertThat;

import dev.seedbed.controlplane.quota.Amounts;
import dev.seedbed.controlplane.quota.Unit;
import dev.seedbed.controlplane.wire.RequestId;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class AllowanceTest {

    private static final long DEADLINE = 1_000;

    private final Allowance allowance = TestingAllowance.of(amount(10), DEADLINE);

    @Test
    void givesAllOrNothingUntilItIsSpent() {
        assertThat(take(7)).isNotNull();
        assertThat(take(4)).isNull();
        assertThat(take(3)).isNotNull();
    }

    @Test
    void givesNothingFromItsDeadlineOn() {
        assertThat(allowance.take(id(), amount(1), DEADLINE - 1)).isNotNull();
        assertThat(allowance.take(id(), amount(1), DEADLINE)).isNull();
    }

    @Test
    void takesBackWhatARequestDidNotUseAsLongAsItIsNotWritten() {
        var request = take(10);
        end(request, 4);
        assertThat(take(6)).isNotNull();
        assertThat(take(1)).isNull();
    }

    @Test
    void takesNothingBackOfARequestThatIsBeingWritten() {
        var request = take(10);
        allowance.begin(Flush.HEARTBEAT);
        end(request, 4);
        assertThat(take(1)).isNull();
        assertThat(allowance.kept()).isEqualTo(Amounts.NONE);
    }

    @Test
    void takesNothingBackOfARequestOfWhichNobodyKnowsWhetherItIsWritten() {
        var request = take(10);
        allowance.begin(Flush.HEARTBEAT);
        allowance.again();
        end(request, 4);
        assertThat(take(1)).isNull();
    }

    @Test
    void keepsWhatIsUnspentAndWhatWasTakenSinceTheFlushBegan() {
        take(2);
        allowance.begin(Flush.HEARTBEAT);
        take(3);
        assertThat(allowance.kept()).isEqualTo(amount(8));
    }

    @Test
    void givesNothingOnceItIsClosed() {
        take(2);
        allowance.close();
        assertThat(take(1)).isNull();
        assertThat(allowance.kept()).isEqualTo(amount(2));
    }

    @Test
    void closesWhenNobodyWantedAnythingForTwoHeartbeats() {
        take(1);
        allowance.begin(Flush.HEARTBEAT);
        allowance.begin(Flush.HEARTBEAT);
        assertThat(allowance.isClosed()).isFalse();
        allowance.begin(Flush.HEARTBEAT);
        assertThat(allowance.isClosed()).isTrue();
    }

    @Test
    void staysOpenHoweverOftenOthersFlushBetweenHeartbeats() {
        take(1);
        for (int i = 0; i < 5; i++) {
            allowance.begin(Flush.DEMAND);
        }
        assertThat(allowance.isClosed()).isFalse();
    }

    @Test
    void countsARequestThatAsksAgainOnce() {
        var id = id();
        allowance.take(id, amount(11), 0);
        allowance.take(id, amount(11), 0);
        take(2);
        assertThat(allowance.begin(Flush.HEARTBEAT).demand()).isEqualTo(amount(13));
    }

    @Test
    void doesNotGrowAgainBeforeTheNextHeartbeatOnceAFlushHasBroughtTooLittle() {
        assertThat(allowance.mayGrow()).isTrue();
        allowance.isStunted();
        allowance.begin(Flush.DEMAND);
        assertThat(allowance.mayGrow()).isFalse();
        allowance.begin(Flush.HEARTBEAT);
        assertThat(allowance.mayGrow()).isTrue();
    }

    @Test
    void givesNoMoreThanItHasHoweverManyAskAtOnce() throws Exception {
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            var asked = IntStream.range(0, 200)
                    .mapToObj(i -> (Callable<Boolean>) () -> take(1) != null)
                    .toList();
            var given = 0;
            for (var answer : threads.invokeAll(asked)) {
                given += answer.get() ? 1 : 0;
            }
            assertThat(given).isEqualTo(10);
        }
    }

    private @Nullable LeasedRequest take(long amount) {
        return allowance.take(id(), amount(amount), 0);
    }

    private void end(@Nullable LeasedRequest request, long used) {
        allowance.end(Objects.requireNonNull(request), amount(used));
    }

    private static RequestId id() {
        return new RequestId(UUID.randomUUID());
    }

    private static Amounts amount(long requests) {
        return Amounts.of(Map.of(Unit.REQUEST, requests));
    }
}
