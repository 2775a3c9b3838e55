package dev.seedbed.controlplane.quota.internal;

import dev.seedbed.controlplane.audit.AuditLog;
import dev.seedbed.controlplane.audit.Operator;
import dev.seedbed.controlplane.quota.Subject;
import dev.seedbed.controlplane.tenant.TenantDirectory;
import dev.seedbed.controlplane.tenant.TenantId;
import dev.seedbed.controlplane.wire.SeedbedException;
import java.time.ZoneId;
import java.util.List;
import java.util.Set;
import org.springframework.stereotype.Service;
import org.springframework.transaction.annotation.Transactional;

/** What operators do with time zones of tenants. */
@Service
class TimeZoneAdministration {

    private static final Set<String> IANA = ZoneId.getAvailableZoneIds();

    private final TimeZoneSql zones;
    private final LimitSql limits;
    private final TenantDirectory tenants;
    private final AuditLog audit;

    TimeZoneAdministration(TimeZoneSql zones, LimitSql limits, TenantDirectory tenants, AuditLog audit) {
        this.zones = zones;
        this.limits = limits;
        this.tenants = tenants;
        this.audit = audit;
    }

    @Transactional(readOnly = true)
    public ZoneId get(TenantId tenant) {
        tenants.require(tenant);
        return zones.of(tenant);
    }

    /**
     * Days and months that are open keep what was used, and their date: each ends where that date ends in the new zone, at once if it
     * has ended there. So no use is lost or counted twice, and each date has one budget.
     *
     * @param name of the IANA's
     */
    @Transactional
    public ZoneId set(TenantId tenant, String name, Operator operator) {
        tenants.require(tenant);
        if (!IANA.contains(name)) {
            throw SeedbedException.invalid(
                    "time_zone",
                    "time_zone unknown: %s (expected: an IANA name, for example Europe/Berlin)".formatted(name));
        }
        var to = ZoneId.of(name);
        // Subjects before budgets, as every change of limits.
        limits.open(List.of(Subject.of(tenant)));
        limits.lock(List.of(Subject.of(tenant)));
        zones.lockWindows(tenant);
        var from = zones.of(tenant);
        if (from.equals(to)) {
            return to;
        }
        var now = zones.now();
        zones.moveEnds(tenant, now, end -> CalendarWindow.endIn(to, from, end, now));
        zones.set(tenant, to);
        audit.append(
                operator,
                "time_zone.set",
                "tenants/" + tenant + "/time_zone",
                new TimeZoneController.TimeZone(from.getId()),
                new TimeZoneController.TimeZone(to.getId()));
        return to;
    }
}
