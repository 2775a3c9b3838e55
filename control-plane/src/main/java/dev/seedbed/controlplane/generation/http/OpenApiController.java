package dev.seedbed.controlplane.generation.http;

import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import org.springframework.core.io.ClassPathResource;
import org.springframework.http.MediaType;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;

/**
 * {@code GET /v1/openapi.json}: the description of this surface, open to all. It is written by hand, because requests are read field
 * by field and no type of ours has their shape; tests and a fuzzer hold it against what is served.
 */
@RestController
class OpenApiController {

    private final byte[] description;

    OpenApiController() throws IOException {
        description = new ClassPathResource("openapi.json", OpenApiController.class).getContentAsByteArray();
    }

    @GetMapping("/v1/openapi.json")
    void describe(HttpServletResponse response) throws IOException {
        response.setContentType(MediaType.APPLICATION_JSON_VALUE);
        response.getOutputStream().write(description);
    }
}
