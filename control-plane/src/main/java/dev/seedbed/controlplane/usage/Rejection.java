package dev.seedbed.controlplane.usage;

import dev.seedbed.controlplane.tenant.Caller;
import dev.seedbed.controlplane.wire.RequestId;
import dev.seedbed.controlplane.wire.SeedbedException;
import java.util.Locale;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A request that was refused before anything was reserved for it.
 *
 * @param endpoint method and path, or the name of the rpc
 * @param code lower-case name of the error
 * @param param the field at fault; null: none
 * @param message at most 300 characters
 */
public record Rejection(
        RequestId requestId,
        @Nullable UUID tenantId,
        @Nullable UUID projectId,
        @Nullable String apiKeyId,
        String endpoint,
        String code,
        @Nullable String param,
        String message) {

    private static final int LONGEST_MESSAGE_CHARS = 300;

    /** @param caller null: not known */
    public static Rejection of(RequestId id, @Nullable Caller caller, String endpoint, SeedbedException refusal) {
        return new Rejection(
                id,
                caller == null ? null : caller.tenantId().value(),
                caller == null ? null : caller.projectId().value(),
                caller == null ? null : caller.apiKeyId().value(),
                endpoint,
                refusal.code().name().toLowerCase(Locale.ROOT),
                refusal.param() == null ? null : storable(refusal.param()),
                storable(refusal.text()));
    }

    /** No text column takes NUL. */
    private static String storable(String text) {
        var shown = text.replaceAll("\\p{Cntrl}", "?");
        return shown.length() <= LONGEST_MESSAGE_CHARS ? shown : shown.substring(0, LONGEST_MESSAGE_CHARS);
    }
}
