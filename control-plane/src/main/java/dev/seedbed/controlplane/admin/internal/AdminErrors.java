package dev.seedbed.controlplane.admin.internal;

import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.io.UncheckedIOException;
import org.jspecify.annotations.Nullable;
import org.springframework.core.Ordered;
import org.springframework.core.annotation.Order;
import org.springframework.stereotype.Component;
import org.springframework.web.servlet.HandlerExceptionResolver;
import org.springframework.web.servlet.ModelAndView;

/** Answers every exception below {@code /admin} with problem details, also where no controller was found. */
@Component
@Order(Ordered.HIGHEST_PRECEDENCE)
final class AdminErrors implements HandlerExceptionResolver {

    private final ProblemDetails problems;

    AdminErrors(ProblemDetails problems) {
        this.problems = problems;
    }

    @Override
    public @Nullable ModelAndView resolveException(
            HttpServletRequest request, HttpServletResponse response, @Nullable Object handler, Exception cause) {
        if (!AdminFilter.isOnSurface(request)) {
            return null;
        }
        try {
            problems.write(request, response, cause);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return new ModelAndView();
    }
}
