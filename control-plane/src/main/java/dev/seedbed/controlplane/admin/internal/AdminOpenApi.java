package dev.seedbed.controlplane.admin.internal;

import dev.seedbed.controlplane.wire.ErrorCode;
import io.swagger.v3.core.converter.ModelConverters;
import io.swagger.v3.oas.models.Components;
import io.swagger.v3.oas.models.OpenAPI;
import io.swagger.v3.oas.models.info.Info;
import io.swagger.v3.oas.models.media.Content;
import io.swagger.v3.oas.models.media.MediaType;
import io.swagger.v3.oas.models.media.Schema;
import io.swagger.v3.oas.models.responses.ApiResponse;
import io.swagger.v3.oas.models.security.SecurityRequirement;
import io.swagger.v3.oas.models.security.SecurityScheme;
import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.springdoc.core.customizers.OpenApiCustomizer;
import org.springdoc.core.customizers.OperationCustomizer;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.http.ResponseEntity;

/** The OpenAPI page: {@code /admin/openapi.json}, shown by {@code /admin/swagger-ui.html}. */
@Configuration(proxyBeanMethods = false)
class AdminOpenApi {

    private static final String SCHEME = "admin_token";
    private static final String PROBLEM = "Problem";

    @Bean
    OpenAPI adminDescription() {
        return new OpenAPI()
                .info(new Info().title("Seedbed admin API").version("v1").description("""
                                Tenants, API keys, budgets, models and the audit log. Fields are snake_case. Errors are problem
                                details (RFC 9457); `code` is for programs, `detail` for people, `requestId` finds the log line \
                                and the audit entry."""))
                .components(new Components()
                        .addSecuritySchemes(
                                SCHEME,
                                new SecurityScheme()
                                        .type(SecurityScheme.Type.HTTP)
                                        .scheme("bearer")
                                        .description("The admin token, property seedbed.admin-token")))
                .addSecurityItem(new SecurityRequirement().addList(SCHEME));
    }

    /** Every operation of this surface can end in every error of its kind; they are listed once, not by each controller. */
    @Bean
    OpenApiCustomizer errorResponses() {
        Map<Integer, String> codesByStatus = Arrays.stream(ErrorCode.values())
                .filter(AdminOpenApi::onThisSurface)
                .collect(Collectors.groupingBy(
                        ErrorCode::httpStatus,
                        TreeMap::new,
                        Collectors.mapping(
                                code -> "`" + code.name().toLowerCase(Locale.ROOT) + "`", Collectors.joining(", "))));
        Map<String, Schema> schemas = ModelConverters.getInstance(true).readAll(Problem.class);
        return api -> {
            schemas.forEach(api.getComponents()::addSchemas);
            api.getPaths().values().stream()
                    .flatMap(path -> path.readOperations().stream())
                    .forEach(operation -> codesByStatus.forEach((status, codes) ->
                            operation.getResponses().addApiResponse(Integer.toString(status), problem(codes))));
        };
    }

    /** What answers with an entity of its own has made something. */
    @Bean
    OperationCustomizer creations() {
        return (operation, handler) -> {
            var responses = operation.getResponses();
            if (ResponseEntity.class.equals(handler.getMethod().getReturnType()) && responses.containsKey("200")) {
                responses.addApiResponse("201", responses.remove("200").description("Created"));
            }
            return operation;
        };
    }

    private static boolean onThisSurface(ErrorCode code) {
        return switch (code) {
            case CONTEXT_LENGTH_EXCEEDED,
                    INVALID_API_KEY,
                    MODEL_NOT_FOUND,
                    BUDGET_EXCEEDED,
                    BUDGET_RESERVED,
                    RATE_LIMIT_EXCEEDED,
                    DEADLINE_EXCEEDED -> false;
            default -> true;
        };
    }

    private static ApiResponse problem(String codes) {
        return new ApiResponse()
                .description("`code` is one of " + codes)
                .content(new Content()
                        .addMediaType(
                                "application/problem+json",
                                new MediaType().schema(new Schema<>().$ref("#/components/schemas/" + PROBLEM))));
    }
}
