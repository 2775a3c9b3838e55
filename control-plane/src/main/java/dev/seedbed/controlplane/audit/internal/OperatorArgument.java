package dev.seedbed.controlplane.audit.internal;

import dev.seedbed.controlplane.admin.AdminRequest;
import dev.seedbed.controlplane.audit.Operator;
import jakarta.servlet.http.HttpServletRequest;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.springdoc.core.utils.SpringDocUtils;
import org.springframework.core.MethodParameter;
import org.springframework.stereotype.Component;
import org.springframework.web.bind.support.WebDataBinderFactory;
import org.springframework.web.context.request.NativeWebRequest;
import org.springframework.web.method.support.HandlerMethodArgumentResolver;
import org.springframework.web.method.support.ModelAndViewContainer;
import org.springframework.web.servlet.config.annotation.WebMvcConfigurer;

/** Fills a controller's {@link Operator} parameter. */
@Component
final class OperatorArgument implements HandlerMethodArgumentResolver, WebMvcConfigurer {

    /** There is one admin token, so there is one actor. */
    private static final String ACTOR = "admin";

    OperatorArgument() {
        // It is no parameter of the request, so the OpenAPI page must not show one.
        SpringDocUtils.getConfig().addRequestWrapperToIgnore(Operator.class);
    }

    @Override
    public void addArgumentResolvers(List<HandlerMethodArgumentResolver> resolvers) {
        resolvers.add(this);
    }

    @Override
    public boolean supportsParameter(MethodParameter parameter) {
        return parameter.getParameterType().equals(Operator.class);
    }

    @Override
    public Operator resolveArgument(
            MethodParameter parameter,
            @Nullable ModelAndViewContainer container,
            NativeWebRequest request,
            @Nullable WebDataBinderFactory binders) {
        HttpServletRequest servletRequest = Objects.requireNonNull(request.getNativeRequest(HttpServletRequest.class));
        return new Operator(ACTOR, AdminRequest.idOf(servletRequest));
    }
}
