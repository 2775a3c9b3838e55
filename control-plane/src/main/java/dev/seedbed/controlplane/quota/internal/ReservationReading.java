package dev.seedbed.controlplane.quota.internal;

import dev.seedbed.controlplane.quota.Reservation;
import dev.seedbed.controlplane.quota.ReservationState;
import dev.seedbed.controlplane.quota.Unit;
import dev.seedbed.controlplane.wire.RequestId;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Repository;

/** Reads of quota_reservation and its lines that lock nothing. */
@Repository
public class ReservationReading {

    private final JdbcClient jdbc;

    ReservationReading(JdbcClient jdbc) {
        this.jdbc = jdbc;
    }

    public Optional<Reservation> find(RequestId id) {
        return jdbc.sql("SELECT * FROM quota_reservation WHERE reservation_id = :id")
                .param("id", id.value())
                .query((row, n) -> new Reservation(
                        id,
                        ReservationState.valueOf(row.getString("state")),
                        row.getInt("postings"),
                        Objects.requireNonNull(instant(row, "create_time")),
                        Objects.requireNonNull(instant(row, "expire_time")),
                        instant(row, "resolve_time"),
                        instant(row, "late_time"),
                        lines(id)))
                .optional();
    }

    private List<Reservation.Line> lines(RequestId id) {
        return jdbc.sql("""
                SELECT unit, reserved, posted FROM quota_reservation_line
                WHERE reservation_id = :id
                ORDER BY budget_id
                """)
                .param("id", id.value())
                .query((row, n) -> new Reservation.Line(
                        Unit.valueOf(row.getString("unit")), row.getLong("reserved"), row.getLong("posted")))
                .list();
    }

    private static @Nullable Instant instant(ResultSet row, String column) throws SQLException {
        var time = row.getObject(column, OffsetDateTime.class);
        return time == null ? null : time.toInstant();
    }
}
