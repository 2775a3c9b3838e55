package dev.seedbed.controlplane.admin.internal;

import com.fasterxml.jackson.annotation.JsonAnyGetter;
import io.swagger.v3.oas.annotations.media.Schema;
import java.net.URI;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/** The body of every error. */
@Schema(description = "RFC 9457 problem details")
record Problem(
        @Schema(example = "about:blank") String type,
        @Schema(description = "The code in words") String title,
        @Schema(description = "HTTP status") int status,
        @Schema(description = "What is wrong, for people") String detail,

        @Schema(description = "Path of the request", format = "uri-reference")
        URI instance,

        @Schema(description = "For programs", example = "already_exists")
        String code,

        UUID requestId,

        @Schema(description = "Fields and parameters at fault")
        List<Field> errors,

        @JsonAnyGetter
        @Schema(
                description =
                        "Further members, for example existingId of already_exists and engineReason of failed_precondition")
        Map<String, String> metadata) {

    record Field(String field, String message) {}
}
