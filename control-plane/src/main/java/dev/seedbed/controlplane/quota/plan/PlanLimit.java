package dev.seedbed.controlplane.quota.plan;

import com.fasterxml.jackson.annotation.JsonProperty;
import dev.seedbed.controlplane.quota.Durability;
import dev.seedbed.controlplane.quota.Limit;
import dev.seedbed.controlplane.quota.Unit;
import dev.seedbed.controlplane.quota.Window;
import dev.seedbed.controlplane.wire.SeedbedException;
import io.swagger.v3.oas.annotations.media.Schema;
import org.jspecify.annotations.Nullable;

/** A limit of a plan, as the admin API and the audit log show it. */
record PlanLimit(
        @JsonProperty(value = "unit", required = true) Unit unit,
        @JsonProperty(value = "window", required = true) Window window,

        @JsonProperty(value = "limit", required = true)
        @Schema(description = "Amount in the unit, >= 0; null: counted, not limited", nullable = true)
        @Nullable
        Long limit,

        @Schema(description = "Absent: STRICT; money is always STRICT") @Nullable
        Durability durability) {

    PlanLimit {
        require("unit", unit);
        require("window", window);
    }

    private static void require(String field, @Nullable Object value) {
        if (value == null) {
            throw SeedbedException.invalid(field, field + " is missing");
        }
    }

    static PlanLimit of(Limit limit) {
        return new PlanLimit(limit.unit(), limit.window(), limit.amount(), limit.durability());
    }

    Limit toLimit() {
        return new Limit(unit, window, limit, durability == null ? Durability.STRICT : durability);
    }
}
