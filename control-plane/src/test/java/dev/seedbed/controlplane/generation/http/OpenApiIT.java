package dev.seedbed.controlplane.generation.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.seedbed.controlplane.ControlPlaneTest;
import dev.seedbed.controlplane.generation.TestingTenant;
import dev.seedbed.controlplane.quota.Quotas;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.web.servlet.mvc.method.annotation.RequestMappingHandlerMapping;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

@ControlPlaneTest
class OpenApiIT {

    private static final String ITSELF = "get /v1/openapi.json";

    @LocalServerPort
    int port;

    @Autowired
    Quotas quotas;

    @Autowired
    @Qualifier("requestMappingHandlerMapping")
    RequestMappingHandlerMapping mappings;

    TestingTenant tenant;
    JsonNode api;

    @BeforeEach
    void read() {
        ControlPlaneTest.ADAPTER.reset();
        tenant = TestingTenant.create(port, quotas, TestingTenant.PLENTY);
        api = TestingTenant.json(tenant.get("/v1/openapi.json"));
    }

    @Test
    void describesEveryPathAndNoOther() {
        Set<String> served = new TreeSet<>();
        mappings.getHandlerMethods()
                .keySet()
                .forEach(info -> info.getPatternValues().stream()
                        .filter(path -> path.startsWith("/v1"))
                        .forEach(path -> info.getMethodsCondition()
                                .getMethods()
                                .forEach(method -> served.add(method.name().toLowerCase(Locale.ROOT) + " " + path))));
        Set<String> described = new TreeSet<>();
        described.add(ITSELF);
        api.path("paths")
                .properties()
                .forEach(path ->
                        path.getValue().propertyNames().forEach(method -> described.add(method + " " + path.getKey())));

        assertThat(described).isEqualTo(served).hasSizeGreaterThan(5);
    }

    @ParameterizedTest
    @CsvSource({
        "/v1/completions, CompletionRequest",
        "/v1/chat/completions, ChatRequest",
        "/v1/fim/completions, FimRequest"
    })
    void describesOnlyFieldsThatAreKnown(String path, String schema) {
        var fields = api.path("components").path("schemas").path(schema).path("properties");
        var body = (ObjectNode) JsonMapper.shared()
                .readTree("{\"prompt\": \"p\", \"messages\": [{\"role\": \"user\", \"content\": \"p\"}]}");
        body.remove(path.contains("chat") ? "prompt" : "messages");
        fields.propertyNames().forEach(name -> {
            if (!body.has(name)) {
                body.putNull(name);
            }
        });
        assertThat(body.size()).isGreaterThan(25);
        assertThat(tenant.post(path, body.toString()).statusCode()).isEqualTo(200);
    }

    @Test
    void givesExamplesThatWork() {
        api.path("paths").properties().forEach(path -> {
            var examples = path.getValue()
                    .path("post")
                    .path("requestBody")
                    .path("content")
                    .path("application/json")
                    .path("examples");
            examples.properties()
                    .forEach(example -> assertThat(tenant.post(
                                            path.getKey(),
                                            example.getValue().path("value").toString())
                                    .statusCode())
                            .as(path.getKey())
                            .isEqualTo(200));
        });
    }
}
