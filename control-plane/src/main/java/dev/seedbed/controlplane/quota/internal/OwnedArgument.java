package dev.seedbed.controlplane.quota.internal;

import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springdoc.core.utils.SpringDocUtils;
import org.springframework.core.MethodParameter;
import org.springframework.stereotype.Component;
import org.springframework.web.bind.support.WebDataBinderFactory;
import org.springframework.web.context.request.NativeWebRequest;
import org.springframework.web.context.request.RequestAttributes;
import org.springframework.web.method.annotation.MethodArgumentTypeMismatchException;
import org.springframework.web.method.support.HandlerMethodArgumentResolver;
import org.springframework.web.method.support.ModelAndViewContainer;
import org.springframework.web.servlet.HandlerMapping;
import org.springframework.web.servlet.config.annotation.WebMvcConfigurer;

/** Fills a controller's {@link Owned} parameter from the variables of the path. */
@Component
final class OwnedArgument implements HandlerMethodArgumentResolver, WebMvcConfigurer {

    OwnedArgument() {
        // OwnedOperations describes the variables, which differ from path to path.
        SpringDocUtils.getConfig().addRequestWrapperToIgnore(Owned.class);
    }

    @Override
    public void addArgumentResolvers(List<HandlerMethodArgumentResolver> resolvers) {
        resolvers.add(this);
    }

    @Override
    public boolean supportsParameter(MethodParameter parameter) {
        return parameter.getParameterType().equals(Owned.class);
    }

    @Override
    @SuppressWarnings("unchecked") // Spring's own attribute.
    public Owned resolveArgument(
            MethodParameter parameter,
            @Nullable ModelAndViewContainer container,
            NativeWebRequest request,
            @Nullable WebDataBinderFactory binders) {
        var variables = (Map<String, String>) Objects.requireNonNull(
                request.getAttribute(HandlerMapping.URI_TEMPLATE_VARIABLES_ATTRIBUTE, RequestAttributes.SCOPE_REQUEST));
        var tenant = uuid("tenant_id", variables, parameter);
        var publicId = variables.get("public_id");
        if (publicId != null) {
            return Owned.key(tenant, publicId);
        }
        return variables.containsKey("project_id")
                ? Owned.project(tenant, uuid("project_id", variables, parameter))
                : Owned.tenant(tenant);
    }

    private static UUID uuid(String name, Map<String, String> variables, MethodParameter parameter) {
        var text = Objects.requireNonNull(variables.get(name), name);
        try {
            return UUID.fromString(text);
        } catch (IllegalArgumentException e) {
            throw new MethodArgumentTypeMismatchException(text, UUID.class, name, parameter, e);
        }
    }
}
