package dev.seedbed.controlplane.quota.plan;

import dev.seedbed.controlplane.quota.Limit;
import dev.seedbed.controlplane.quota.internal.LimitCheck;
import dev.seedbed.controlplane.quota.internal.LimitsInForce;
import dev.seedbed.controlplane.wire.SeedbedException;
import java.util.HashSet;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** What plans there may be. Pure; fields are those of the admin API. */
final class PlanCheck {

    private static final Pattern NAME = Pattern.compile("[a-z0-9][a-z0-9._-]{0,62}");

    private PlanCheck() {}

    /** @throws SeedbedException INVALID_REQUEST */
    static String name(@Nullable String name) {
        if (name == null || !NAME.matcher(name).matches()) {
            throw SeedbedException.invalid(
                    "name", "name is malformed: %s (expected: 1 to 63 of a-z, 0-9, '.', '_', '-')".formatted(name));
        }
        return name;
    }

    /** @throws SeedbedException INVALID_REQUEST: one of them makes no sense, is there twice, or there are too many */
    static List<Limit> limits(List<PlanLimit> planned) {
        var limits = planned.stream().map(PlanLimit::toLimit).toList();
        var keys = new HashSet<Limit.Key>();
        for (var limit : limits) {
            LimitCheck.check(limit);
            if (!keys.add(limit.key())) {
                throw SeedbedException.invalid(
                        "limits",
                        "limit given twice: %s in %s (expected: once)".formatted(limit.unit(), limit.window()));
            }
        }
        var limited = LimitsInForce.limited(limits);
        if (limited > LimitsOfRequest.MOST) {
            throw SeedbedException.invalid(
                    "limits",
                    "too many limits of one request: %d (expected: at most %d)"
                            .formatted(limited, LimitsOfRequest.MOST));
        }
        return limits;
    }
}
