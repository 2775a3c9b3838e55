package dev.seedbed.controlplane.admin;

import dev.seedbed.controlplane.wire.RequestId;
import jakarta.servlet.http.HttpServletRequest;
import java.time.InstantSource;

/** What the surface knows about one administrative request. */
public final class AdminRequest {

    private static final String REQUEST_ID = AdminRequest.class.getName() + ".requestId";

    private AdminRequest() {}

    /** The id that {@link #name} gave. */
    public static RequestId idOf(HttpServletRequest request) {
        if (request.getAttribute(REQUEST_ID) instanceof RequestId id) {
            return id;
        }
        throw new IllegalStateException("request has no id: " + request.getRequestURI());
    }

    /** Gives a request its id. Always a new one: two requests of a caller could carry the same. */
    public static RequestId name(HttpServletRequest request, InstantSource clock) {
        var id = RequestId.next(clock);
        request.setAttribute(REQUEST_ID, id);
        return id;
    }
}
