package dev.seedbed.controlplane.quota.history;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.seedbed.controlplane.quota.Amounts;
import dev.seedbed.controlplane.quota.Durability;
import dev.seedbed.controlplane.quota.Subject;
import dev.seedbed.controlplane.quota.internal.AdmissionDecision;
import dev.seedbed.controlplane.quota.internal.BudgetRow;
import dev.seedbed.controlplane.tenant.ApiKeyId;
import dev.seedbed.controlplane.tenant.Caller;
import dev.seedbed.controlplane.tenant.Permissions;
import dev.seedbed.controlplane.tenant.ProjectId;
import dev.seedbed.controlplane.tenant.Share;
import dev.seedbed.controlplane.tenant.TenantId;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** The pure decisions, over rows in memory. {@code -Dseedbed.histories=100000} runs more of them. */
class QuotaHistoriesTest {

    private static final int COUNT = Integer.getInteger("seedbed.histories", 3_000);
    private static final Caller CALLER = new Caller(
            new TenantId(new UUID(0, 1)),
            new ProjectId(new UUID(0, 2)),
            new ApiKeyId("0000000000000000"),
            Permissions.ALL,
            Share.DEFAULT,
            Duration.ofHours(24));
    private static final List<Subject> SUBJECTS =
            List.of(Subject.of(CALLER.tenantId()), Subject.of(CALLER.projectId()), Subject.of(CALLER.apiKeyId()));

    @Test
    void neverOvershootNeverLeakAndBillOnlyWhatWasDone() {
        var admitted = new int[1];
        Histories.run(1, COUNT, steps -> admitted[0] += run(new MemoryBooks(CALLER, World.TTL), steps));

        assertThat(admitted[0]).as("histories that admit nothing prove nothing").isGreaterThan(3 * COUNT);
    }

    @Test
    void holdOfWhatReplicasLeaseToo() {
        var taken = new int[1];
        Histories.run(1, COUNT, steps -> taken[0] += runLeased(new MemoryBooks(CALLER, World.TTL), steps));

        assertThat(taken[0]).as("histories that take nothing prove nothing").isGreaterThan(COUNT);
    }

    @Test
    void findAnAdmissionThatForgetsWhatIsLeased() {
        assertThatThrownBy(() -> Histories.run(
                        1,
                        500,
                        steps -> runLeased(
                                new MemoryBooks(CALLER, World.TTL, QuotaHistoriesTest::withoutLeased), steps)))
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("exceeded");
    }

    @Test
    void findAnAdmissionThatForgetsWhatIsReserved() {
        assertThatThrownBy(() -> Histories.run(
                        1, 200, steps -> run(new MemoryBooks(CALLER, World.TTL, QuotaHistoriesTest::forgetful), steps)))
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("exceeded");
    }

    @Test
    void shortenWhatFails() {
        Histories.Run run = steps -> run(new MemoryBooks(CALLER, World.TTL, QuotaHistoriesTest::forgetful), steps);
        var seed = 1L;
        while (Histories.failure(Step.history(new Random(seed), 70), run) == null) {
            seed++;
        }

        var shortest = Histories.shrink(Step.history(new Random(seed), 70), run);

        assertThat(shortest).hasSizeLessThan(30);
        assertThat(Histories.failure(shortest, run)).isNotNull();
    }

    private static AdmissionDecision withoutLeased(List<BudgetRow> rows, Amounts wanted) {
        return AdmissionDecision.decide(
                rows.stream().map(row -> row.moved(0, 0, -row.leased())).toList(), wanted);
    }

    private static AdmissionDecision forgetful(List<BudgetRow> rows, Amounts wanted) {
        return AdmissionDecision.decide(
                rows.stream().map(row -> row.moved(0, -row.reserved(), 0)).toList(), wanted);
    }

    private static int run(MemoryBooks books, List<Step> steps) {
        var places = new ArrayList<>(World.LIMITS);
        places.addAll(World.BUCKETS);
        return run(books, new World(books, SUBJECTS, places, Durability.STRICT), steps)
                .admitted();
    }

    private static int runLeased(MemoryBooks books, List<Step> steps) {
        var places = new ArrayList<>(World.LEASED);
        places.addAll(World.LEASED_BUCKETS);
        return run(books, new World(books, SUBJECTS, places, Durability.LEASED), steps)
                .taken();
    }

    private static World run(MemoryBooks books, World world, List<Step> steps) {
        for (var step : steps) {
            world.step(step);
            books.requireConsistent();
        }
        world.end();
        books.requireConsistent();
        return world;
    }
}
