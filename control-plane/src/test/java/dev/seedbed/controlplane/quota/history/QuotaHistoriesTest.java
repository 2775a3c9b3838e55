package dev.seedbed.controlplane.quota.history;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.seedbed.controlplane.quota.Amounts;
import dev.seedbed.controlplane.quota.Subject;
import dev.seedbed.controlplane.quota.internal.AdmissionDecision;
import dev.seedbed.controlplane.quota.internal.Bucket;
import dev.seedbed.controlplane.quota.internal.BudgetRow;
import dev.seedbed.controlplane.tenant.ApiKeyId;
import dev.seedbed.controlplane.tenant.ProjectId;
import dev.seedbed.controlplane.tenant.TenantId;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** The pure decisions, over rows in memory. {@code -Dseedbed.histories=100000} runs more of them. */
class QuotaHistoriesTest {

    private static final int COUNT = Integer.getInteger("seedbed.histories", 3_000);
    private static final List<Subject> SUBJECTS = List.of(
            Subject.of(new TenantId(new UUID(0, 1))),
            Subject.of(new ProjectId(new UUID(0, 2))),
            Subject.of(new ApiKeyId("0000000000000000")));

    @Test
    void neverOvershootNeverLeakAndBillOnlyWhatWasDone() {
        var admitted = new int[1];
        Histories.run(1, COUNT, steps -> admitted[0] += run(new MemoryBooks(World.TTL), steps));

        assertThat(admitted[0]).as("histories that admit nothing prove nothing").isGreaterThan(3 * COUNT);
    }

    @Test
    void findAnAdmissionThatForgetsWhatIsReserved() {
        assertThatThrownBy(() -> Histories.run(
                        1, 200, steps -> run(new MemoryBooks(World.TTL, QuotaHistoriesTest::forgetful), steps)))
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("exceeded");
    }

    @Test
    void shortenWhatFails() {
        Histories.Run run = steps -> run(new MemoryBooks(World.TTL, QuotaHistoriesTest::forgetful), steps);
        var seed = 1L;
        while (Histories.failure(Step.history(new Random(seed), 70), run) == null) {
            seed++;
        }

        var shortest = Histories.shrink(Step.history(new Random(seed), 70), run);

        assertThat(shortest).hasSizeLessThan(30);
        assertThat(Histories.failure(shortest, run)).isNotNull();
    }

    private static AdmissionDecision forgetful(List<BudgetRow> rows, Amounts wanted) {
        return AdmissionDecision.decide(
                rows.stream()
                        .map(row -> new BudgetRow(
                                row.id(),
                                row.subject(),
                                row.unit(),
                                row.window(),
                                row.limit(),
                                row.durability(),
                                new Bucket(row.level().posted(), row.level().atMicros()),
                                0,
                                row.leased(),
                                row.nowMicros(),
                                row.endMicros()))
                        .toList(),
                wanted);
    }

    private static int run(MemoryBooks books, List<Step> steps) {
        var places = new ArrayList<>(World.LIMITS);
        places.addAll(World.BUCKETS);
        var world = new World(books, SUBJECTS, places);
        for (var step : steps) {
            world.step(step);
            books.requireConsistent();
        }
        world.end();
        books.requireConsistent();
        return world.admitted();
    }
}
