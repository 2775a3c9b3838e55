package dev.seedbed.controlplane.quota.internal;

import dev.seedbed.controlplane.quota.Durability;
import dev.seedbed.controlplane.quota.Limit;
import dev.seedbed.controlplane.quota.Unit;
import dev.seedbed.controlplane.quota.Window;
import dev.seedbed.controlplane.wire.SeedbedException;

/** What limits may be set. Pure; fields are those of the admin API. */
public final class LimitCheck {

    private LimitCheck() {}

    /** @throws SeedbedException INVALID_REQUEST */
    public static void check(Limit limit) {
        if (limit.amount() != null && limit.amount() < 0) {
            throw SeedbedException.invalid(
                    "limit", "limit out of range: %d (expected: >= 0)".formatted(limit.amount()));
        }
        if (limit.unit().isMoney() && limit.durability() == Durability.LEASED) {
            throw SeedbedException.invalid(
                    "durability",
                    "durability of %s: LEASED (expected: STRICT, as always for money)".formatted(limit.unit()));
        }
        if (limit.unit() == Unit.CONCURRENT_REQUEST && limit.window() != Window.EVER) {
            throw SeedbedException.invalid(
                    "window", "window of CONCURRENT_REQUEST: %s (expected: EVER)".formatted(limit.window()));
        }
    }
}
