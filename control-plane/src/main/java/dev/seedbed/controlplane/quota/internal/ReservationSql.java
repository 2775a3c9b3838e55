package dev.seedbed.controlplane.quota.internal;

import dev.seedbed.controlplane.database.Pipeline;
import dev.seedbed.controlplane.quota.Amounts;
import dev.seedbed.controlplane.quota.Unit;
import dev.seedbed.controlplane.wire.RequestId;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Repository;

/** Writes of quota_reservation and its lines, and what they move on quota_budget. */
@Repository
public class ReservationSql {

    private final JdbcClient jdbc;

    ReservationSql(JdbcClient jdbc) {
        this.jdbc = jdbc;
    }

    public long nextOwnerEpoch() {
        return jdbc.sql("SELECT nextval('quota_owner_epoch')").query(Long.class).single();
    }

    /** Budgets of which nothing is reserved get no line. */
    public void insert(List<AdmissionRound.Admitted> admitted, long ownerEpoch, Duration ttl, Pipeline writes) {
        var lines = admitted.stream()
                .flatMap(one -> one.budgets().stream()
                        .map(budget -> new ReservedLine(
                                one.request().id(), budget, one.amounts().get(budget.unit()))))
                .filter(line -> line.reserved() > 0)
                .toList();
        writes.sql("""
                WITH reservation AS (
                    INSERT INTO quota_reservation (reservation_id, tenant_id, owner_epoch, state, expire_time)
                    SELECT reservation_id, tenant_id, :epoch, 'PENDING', clock_timestamp() + :ttl_ms * interval '1 millisecond'
                    FROM unnest(:reservations::uuid[], :tenants::uuid[]) AS admitted(reservation_id, tenant_id)
                )
                INSERT INTO quota_reservation_line (reservation_id, budget_id, unit, reserved)
                SELECT * FROM unnest(:line_reservations::uuid[], :budgets::bigint[], :units::text[], :reserved::bigint[])
                """)
                .param("epoch", ownerEpoch)
                .param("ttl_ms", ttl.toMillis())
                .param(
                        "reservations",
                        texts(admitted.stream().map(one -> one.request().id()).toList()))
                .param(
                        "tenants",
                        admitted.stream()
                                .map(one -> one.request().caller().tenantId().toString())
                                .toArray(String[]::new))
                .param(
                        "line_reservations",
                        texts(lines.stream().map(ReservedLine::reservation).toList()))
                .param("budgets", lines.stream().map(line -> line.budget().id()).toArray(Long[]::new))
                .param(
                        "units",
                        lines.stream().map(line -> line.budget().unit().name()).toArray(String[]::new))
                .param("reserved", lines.stream().map(ReservedLine::reserved).toArray(Long[]::new))
                .update();
    }

    private record ReservedLine(RequestId reservation, BudgetRow budget, long reserved) {}

    /** Raises what the lines may post. Reservation and budgets must be locked. */
    public void extend(RequestId id, List<BudgetRow> budgets, Amounts more, Pipeline writes) {
        writes.sql("""
                UPDATE quota_reservation_line AS line
                SET reserved = line.reserved + change.amount
                FROM unnest(:ids::bigint[], :amounts::bigint[]) AS change(budget_id, amount)
                WHERE line.reservation_id = :id AND line.budget_id = change.budget_id AND change.amount > 0
                """)
                .param("id", id.value())
                .param("ids", budgets.stream().map(BudgetRow::id).toArray(Long[]::new))
                .param(
                        "amounts",
                        budgets.stream().map(budget -> more.get(budget.unit())).toArray(Long[]::new))
                .update();
    }

    /** Moves the time of expiry of those that are still pending. The rows must be locked. */
    public void renew(Collection<RequestId> ids, Duration ttl, Pipeline writes) {
        if (ids.isEmpty()) {
            return;
        }
        writes.sql("""
                UPDATE quota_reservation
                SET expire_time = clock_timestamp() + :ttl_ms * interval '1 millisecond'
                WHERE reservation_id = ANY (:ids::uuid[]) AND state = 'PENDING'
                """).param("ids", texts(ids)).param("ttl_ms", ttl.toMillis()).update();
    }

    /** Applies decisions to reservations, lines and budgets. The rows must be locked. */
    public void apply(List<Decided> decided, Pipeline writes) {
        if (decided.isEmpty()) {
            return;
        }
        writes.sql("""
                WITH change AS (
                    SELECT * FROM unnest(:change_reservations::uuid[], :change_budgets::bigint[], :posted::bigint[], :freed::bigint[])
                         AS change(reservation_id, budget_id, posted, freed)
                ), budgets AS (
                    UPDATE quota_budget AS budget
                    SET posted = budget.posted + change.posted, reserved = budget.reserved - change.freed
                    FROM (SELECT budget_id, sum(posted)::bigint AS posted, sum(freed)::bigint AS freed FROM change GROUP BY budget_id)
                         AS change
                    WHERE budget.budget_id = change.budget_id
                ), lines AS (
                    UPDATE quota_reservation_line AS line
                    SET posted = line.posted + change.posted
                    FROM change
                    WHERE line.reservation_id = change.reservation_id AND line.budget_id = change.budget_id AND change.posted > 0
                )
                UPDATE quota_reservation AS reservation
                SET state = decided.state,
                    postings = reservation.postings + 1,
                    resolve_time = CASE WHEN decided.state = 'PENDING' THEN NULL
                                        ELSE coalesce(reservation.resolve_time, clock_timestamp()) END,
                    late_time = CASE WHEN decided.late THEN clock_timestamp() END
                FROM unnest(:reservations::uuid[], :states::text[], :late::boolean[]) AS decided(reservation_id, state, late)
                WHERE reservation.reservation_id = decided.reservation_id
                """)
                .params(changes(decided))
                .param(
                        "reservations",
                        texts(decided.stream()
                                .map(one -> one.reservation().id())
                                .toList()))
                .param(
                        "states",
                        decided.stream()
                                .map(one -> one.decision().state().name())
                                .toArray(String[]::new))
                .param("late", decided.stream().map(Decided::isLate).toArray(Boolean[]::new))
                .update();
    }

    private static Map<String, Object> changes(List<Decided> decided) {
        var ids = new ArrayList<RequestId>();
        var changes = new ArrayList<PostingDecision.LineChange>();
        decided.forEach(one -> one.decision().changes().forEach(change -> {
            ids.add(one.reservation().id());
            changes.add(change);
        }));
        return Map.of(
                "change_reservations", texts(ids),
                "change_budgets",
                        changes.stream()
                                .map(PostingDecision.LineChange::budgetId)
                                .toArray(Long[]::new),
                "posted",
                        changes.stream().map(PostingDecision.LineChange::posted).toArray(Long[]::new),
                "freed", changes.stream().map(PostingDecision.LineChange::freed).toArray(Long[]::new));
    }

    /**
     * Writes reservations that were made in memory, each with its first posting; budgets are not moved.
     *
     * @param made each as it was before that posting
     */
    public void insertPosted(List<Decided> made, Duration ttl) {
        if (made.isEmpty()) {
            return;
        }
        var lines = made.stream().flatMap(PostedLine::of).toList();
        jdbc.sql("""
                WITH reservation AS (
                    INSERT INTO quota_reservation
                        (reservation_id, tenant_id, owner_epoch, state, postings, expire_time, resolve_time, late_time)
                    SELECT reservation_id, tenant_id, owner_epoch, state, 1, clock_timestamp() + :ttl_ms * interval '1 millisecond',
                           CASE WHEN state <> 'PENDING' THEN clock_timestamp() END, CASE WHEN late THEN clock_timestamp() END
                    FROM unnest(:reservations::uuid[], :tenants::uuid[], :owners::bigint[], :states::text[], :late::boolean[])
                         AS made(reservation_id, tenant_id, owner_epoch, state, late)
                )
                INSERT INTO quota_reservation_line (reservation_id, budget_id, unit, reserved, posted)
                SELECT * FROM unnest(:line_reservations::uuid[], :budgets::bigint[], :units::text[], :reserved::bigint[], :posted::bigint[])
                """)
                .param("ttl_ms", ttl.toMillis())
                .param(
                        "reservations",
                        texts(made.stream().map(one -> one.reservation().id()).toList()))
                .param(
                        "tenants",
                        made.stream()
                                .map(one -> one.reservation().tenantId().toString())
                                .toArray(String[]::new))
                .param(
                        "owners",
                        made.stream().map(one -> one.reservation().ownerEpoch()).toArray(Long[]::new))
                .param(
                        "states",
                        made.stream().map(one -> one.decision().state().name()).toArray(String[]::new))
                .param("late", made.stream().map(Decided::isLate).toArray(Boolean[]::new))
                .param(
                        "line_reservations",
                        texts(lines.stream().map(PostedLine::reservation).toList()))
                .param("budgets", lines.stream().map(PostedLine::budgetId).toArray(Long[]::new))
                .param("units", lines.stream().map(line -> line.unit().name()).toArray(String[]::new))
                .param("reserved", lines.stream().map(PostedLine::reserved).toArray(Long[]::new))
                .param("posted", lines.stream().map(PostedLine::posted).toArray(Long[]::new))
                .update();
    }

    private record PostedLine(RequestId reservation, long budgetId, Unit unit, long reserved, long posted) {

        static Stream<PostedLine> of(Decided made) {
            var posted = made.decision().changes().stream()
                    .collect(
                            Collectors.toMap(PostingDecision.LineChange::budgetId, PostingDecision.LineChange::posted));
            return made.reservation().lines().stream()
                    .map(line -> new PostedLine(
                            made.reservation().id(),
                            line.budget().id(),
                            line.unit(),
                            line.reserved(),
                            posted.getOrDefault(line.budget().id(), 0L)));
        }
    }

    static String[] texts(Collection<RequestId> ids) {
        return ids.stream().map(RequestId::toString).toArray(String[]::new);
    }
}
