package dev.seedbed.controlplane.admin;

import dev.seedbed.controlplane.wire.RequestId;
import jakarta.servlet.http.HttpServletRequest;
import java.time.InstantSource;

/** What the surface knows about one administrative request. */
public final class AdminRequest {

    private static final String REQUEST_ID = AdminRequest.class.getName() + ".requestId";

    private AdminRequest() {}

    /** Always made here: two requests of a caller could carry the same one. */
    public static RequestId idOf(HttpServletRequest request) {
        if (request.getAttribute(REQUEST_ID) instanceof RequestId known) {
            return known;
        }
        var made = RequestId.next(InstantSource.system());
        request.setAttribute(REQUEST_ID, made);
        return made;
    }
}
