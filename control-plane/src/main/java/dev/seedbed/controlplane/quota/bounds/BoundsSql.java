package dev.seedbed.controlplane.quota.bounds;

import dev.seedbed.controlplane.quota.BoundInForce;
import dev.seedbed.controlplane.quota.Bounds;
import dev.seedbed.controlplane.quota.Subject;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Repository;

/** Statements on bounds of subjects. */
@Repository
public class BoundsSql {

    private final JdbcClient jdbc;

    BoundsSql(JdbcClient jdbc) {
        this.jdbc = jdbc;
    }

    /**
     * Bounds of one subject.
     *
     * @param plan of its plan; null: it has none
     */
    record OfSubject(Subject subject, Bounds own, @Nullable Bounds plan) {

        Bounds inForce() {
            return plan == null ? own : own.over(plan);
        }

        private Stream<BoundInForce> each() {
            return inForce().each().entrySet().stream()
                    .map(entry -> new BoundInForce(
                            entry.getKey(),
                            entry.getValue(),
                            subject.kind(),
                            !own.each().containsKey(entry.getKey())));
        }
    }

    /** Those in force of all the subjects, by what they bound, those of a key before its project's and its tenant's. */
    public List<BoundInForce> of(Collection<Subject> subjects) {
        return read(subjects).stream()
                .flatMap(OfSubject::each)
                .sorted(Comparator.comparing(BoundInForce::of)
                        .thenComparing(BoundInForce::subject, Comparator.reverseOrder()))
                .toList();
    }

    OfSubject of(Subject subject) {
        return read(List.of(subject)).stream().findFirst().orElse(new OfSubject(subject, Bounds.NONE, null));
    }

    private List<OfSubject> read(Collection<Subject> subjects) {
        return jdbc.sql("""
                SELECT subject, quota_subject.bounds AS own, quota_plan.bounds AS of_plan
                FROM quota_subject LEFT JOIN quota_plan USING (plan_id)
                WHERE subject = ANY (:subjects)
                """)
                .param("subjects", subjects.stream().map(Subject::toString).toArray(String[]::new))
                .query((row, n) -> {
                    var plan = row.getString("of_plan");
                    return new OfSubject(
                            Subject.parse(row.getString("subject")),
                            BoundsJson.read(row.getString("own")),
                            plan == null ? null : BoundsJson.read(plan));
                })
                .list();
    }

    /** The subject must be there and locked. */
    void set(Subject subject, Bounds bounds) {
        jdbc.sql("UPDATE quota_subject SET bounds = :bounds::jsonb WHERE subject = :subject")
                .param("bounds", BoundsJson.write(bounds))
                .param("subject", subject.toString())
                .update();
    }
}
