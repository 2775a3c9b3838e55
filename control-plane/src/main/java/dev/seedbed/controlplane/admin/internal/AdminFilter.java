package dev.seedbed.controlplane.admin.internal;

import dev.seedbed.controlplane.admin.AdminRequest;
import dev.seedbed.controlplane.wire.ErrorCode;
import dev.seedbed.controlplane.wire.SeedbedException;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.time.InstantSource;
import org.springframework.stereotype.Component;
import org.springframework.web.filter.OncePerRequestFilter;

/**
 * Lets only operators through to {@code /admin/v1} and bounds the body. The OpenAPI page beside it is open: it tells nothing that
 * the documentation does not.
 */
@Component
final class AdminFilter extends OncePerRequestFilter {

    private static final String SURFACE = "/admin";
    private static final String GUARDED = "/admin/v1";

    /** Bytes of the largest body; every request of this surface is a few names and numbers. */
    private static final int MAX_BODY_BYTES = 64 * 1024;

    private final AdminToken token;
    private final ProblemDetails problems;
    private final InstantSource clock;

    AdminFilter(AdminToken token, ProblemDetails problems, InstantSource clock) {
        this.token = token;
        this.problems = problems;
        this.clock = clock;
    }

    static boolean isOnSurface(HttpServletRequest request) {
        return isAtOrBelow(request, SURFACE);
    }

    @Override
    protected boolean shouldNotFilter(HttpServletRequest request) {
        return !isOnSurface(request);
    }

    @Override
    protected void doFilterInternal(HttpServletRequest request, HttpServletResponse response, FilterChain chain)
            throws ServletException, IOException {
        response.setHeader(
                ProblemDetails.REQUEST_ID_HEADER,
                AdminRequest.name(request, clock).toString());
        if (!isAtOrBelow(request, GUARDED)) {
            chain.doFilter(request, response);
            return;
        }
        response.setHeader("Cache-Control", "no-store");
        if (!token.matches(request.getHeader("Authorization"))) {
            response.setHeader("WWW-Authenticate", "Bearer realm=\"seedbed-admin\"");
            problems.write(
                    request,
                    response,
                    new SeedbedException(
                            ErrorCode.INVALID_ADMIN_TOKEN,
                            "admin token is missing or wrong (expected: Authorization: Bearer <admin token>)"));
        } else if (request.getContentLengthLong() > MAX_BODY_BYTES) {
            problems.write(request, response, BoundedBody.tooLarge(MAX_BODY_BYTES));
        } else {
            chain.doFilter(new BoundedBody(request, MAX_BODY_BYTES), response);
        }
    }

    /** Looks at the decoded and normalised path: /%61dmin/v1 and /admin/v1;a=b reach the same controllers. */
    private static boolean isAtOrBelow(HttpServletRequest request, String path) {
        String asked = request.getServletPath();
        return asked.equals(path) || asked.startsWith(path + "/");
    }
}
