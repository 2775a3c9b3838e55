package dev.seedbed.controlplane.generation.grpc;

import dev.seedbed.controlplane.generation.RateLimit;
import dev.seedbed.controlplane.generation.RateLimitHeaders;
import dev.seedbed.controlplane.wire.DatabaseFailure;
import dev.seedbed.controlplane.wire.RequestId;
import dev.seedbed.controlplane.wire.SeedbedException;
import io.grpc.Metadata;
import java.util.List;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What is known so far about one call, and how its response's metadata tells it. Headers go out with the first message, trailers
 * with an error before it.
 */
final class Call {

    private static final Logger log = LoggerFactory.getLogger(Call.class);

    private final RequestId id;
    private final long startedAtNanos = System.nanoTime();
    private volatile Supplier<List<RateLimit>> limits = List::of;
    private volatile boolean replayed;

    Call(RequestId id) {
        this.id = id;
    }

    RequestId id() {
        return id;
    }

    /** Whose limits hold. @param standing how they stand; asked for at most once, when the metadata goes out */
    void authenticated(Supplier<List<RateLimit>> standing) {
        limits = standing;
    }

    /** @param under the limits after the reservation; an earlier call's reservation tells nothing of now */
    void admitted(List<RateLimit> under) {
        if (!replayed) {
            limits = () -> under;
        }
    }

    void failed(SeedbedException failure) {
        var told = RateLimit.toldBy(failure);
        if (told != null) {
            limits = () -> told;
        }
    }

    /** The answer is an earlier call's. */
    void replayed() {
        replayed = true;
    }

    void describe(Metadata metadata) {
        put(metadata, "x-request-id", id.toString());
        put(metadata, "openai-processing-ms", Long.toString((System.nanoTime() - startedAtNanos) / 1_000_000));
        if (replayed) {
            put(metadata, "idempotency-replayed", "true");
        }
        RateLimitHeaders.of(known()).forEach((name, values) -> values.forEach(value -> put(metadata, name, value)));
    }

    private List<RateLimit> known() {
        try {
            return limits.get();
        } catch (RuntimeException e) {
            if (!DatabaseFailure.mayPass(e)) {
                throw e;
            }
            log.debug("limits not read", e);
            return List.of();
        }
    }

    private static void put(Metadata metadata, String name, String value) {
        metadata.put(Metadata.Key.of(name, Metadata.ASCII_STRING_MARSHALLER), value);
    }
}
