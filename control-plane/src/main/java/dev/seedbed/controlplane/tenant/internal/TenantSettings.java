package dev.seedbed.controlplane.tenant.internal;

import com.fasterxml.jackson.annotation.JsonProperty;
import dev.seedbed.controlplane.tenant.Share;
import dev.seedbed.controlplane.wire.SeedbedException;
import io.swagger.v3.oas.annotations.media.Schema;
import org.jspecify.annotations.Nullable;

/** How a tenant is served. */
record TenantSettings(
        @Schema(description = "Share of the engine under saturation, relative to other tenants: 1 to 1000")
        int weight,

        @Schema(description = "Larger first where requests wait: 0 to 9")
        int priority,

        @JsonProperty("answer_retention_hours")
        @Schema(description = "How long answers are kept for replay: 0 to 24; 0: nothing of an answer is ever stored")
        int answerRetentionHours) {

    static final TenantSettings DEFAULT = new TenantSettings(Share.DEFAULT.weight(), Share.DEFAULT.priority(), 24);

    TenantSettings {
        check("weight", weight, 1, 1000);
        check("priority", priority, 0, 9);
        check("answer_retention_hours", answerRetentionHours, 0, 24);
    }

    /** Null leaves a setting as it is. */
    TenantSettings with(
            @Nullable Integer newWeight, @Nullable Integer newPriority, @Nullable Integer newAnswerRetentionHours) {
        return new TenantSettings(
                newWeight == null ? weight : newWeight,
                newPriority == null ? priority : newPriority,
                newAnswerRetentionHours == null ? answerRetentionHours : newAnswerRetentionHours);
    }

    private static void check(String name, int value, int least, int most) {
        if (value < least || value > most) {
            throw SeedbedException.invalid(
                    name, "%s out of range: %d (expected: %d..%d)".formatted(name, value, least, most));
        }
    }
}
