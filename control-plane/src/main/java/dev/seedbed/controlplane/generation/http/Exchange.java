package dev.seedbed.controlplane.generation.http;

import dev.seedbed.controlplane.generation.RateLimit;
import dev.seedbed.controlplane.tenant.Caller;
import dev.seedbed.controlplane.wire.RequestId;
import dev.seedbed.controlplane.wire.SeedbedException;
import jakarta.servlet.http.HttpServletRequest;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What is known so far about one request below {@code /v1}: written while it is answered, read by whoever writes the answer. */
final class Exchange {

    private static final String ATTRIBUTE = Exchange.class.getName();

    private final RequestId id;
    private final long startedAtNanos;
    private @Nullable Caller caller;
    private @Nullable List<RateLimit> admittedUnder;
    private @Nullable List<RateLimit> refusedUnder;
    private boolean replays;

    private Exchange(RequestId id, long startedAtNanos) {
        this.id = id;
        this.startedAtNanos = startedAtNanos;
    }

    static Exchange begin(HttpServletRequest request, RequestId id) {
        var exchange = new Exchange(id, System.nanoTime());
        request.setAttribute(ATTRIBUTE, exchange);
        return exchange;
    }

    static Exchange of(HttpServletRequest request) {
        if (request.getAttribute(ATTRIBUTE) instanceof Exchange exchange) {
            return exchange;
        }
        throw new IllegalStateException("request is not below /v1: " + request.getRequestURI());
    }

    RequestId id() {
        return id;
    }

    long elapsedMillis() {
        return (System.nanoTime() - startedAtNanos) / 1_000_000;
    }

    /** Null before authentication. */
    @Nullable
    Caller caller() {
        return caller;
    }

    void authenticated(Caller by) {
        caller = by;
    }

    /** The limits after this request's own reservation; null: it has none. */
    @Nullable
    List<RateLimit> admittedUnder() {
        return admittedUnder;
    }

    void admitted(List<RateLimit> under) {
        if (!replays) {
            admittedUnder = under;
        }
    }

    /** What a failure before an admission has told of them; null: nothing, and they must be read. */
    @Nullable
    List<RateLimit> refusedUnder() {
        return refusedUnder;
    }

    void failed(SeedbedException failure) {
        refusedUnder = RateLimit.toldBy(failure);
    }

    /** Whether its answer is one to an earlier request, which was admitted then. */
    boolean replays() {
        return replays;
    }

    void replaying() {
        replays = true;
    }
}
