package dev.seedbed.controlplane.admin.internal;

import static org.assertj.core.api.Assertions.assertThat;

import dev.seedbed.controlplane.AdminClient;
import dev.seedbed.controlplane.ControlPlaneTest;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.web.servlet.mvc.method.annotation.RequestMappingHandlerMapping;
import tools.jackson.databind.JsonNode;

@ControlPlaneTest
class AdminOpenApiIT {

    @LocalServerPort
    int port;

    @Autowired
    @Qualifier("requestMappingHandlerMapping")
    RequestMappingHandlerMapping mappings;

    AdminClient admin;
    JsonNode api;

    @BeforeEach
    void read() {
        admin = new AdminClient(port);
        api = admin.send(admin.request("/admin/openapi.json")).json();
    }

    @Test
    void describesEveryAdminPathAndNoOther() {
        Set<String> served = new TreeSet<>();
        mappings.getHandlerMethods()
                .keySet()
                .forEach(info -> info.getPatternValues().stream()
                        .filter(path -> path.startsWith("/admin/v1"))
                        .forEach(path -> info.getMethodsCondition()
                                .getMethods()
                                .forEach(method -> served.add(method.name().toLowerCase(Locale.ROOT) + " " + path))));
        Set<String> described = new TreeSet<>();
        api.path("paths")
                .properties()
                .forEach(path ->
                        path.getValue().propertyNames().forEach(method -> described.add(method + " " + path.getKey())));

        assertThat(served).hasSizeGreaterThan(20);
        assertThat(described).isEqualTo(served);
    }

    @Test
    void givesEveryOperationASummaryAnOwnNameAndItsErrors() {
        Set<String> names = new TreeSet<>();
        int operations = 0;
        for (JsonNode path : api.path("paths")) {
            for (JsonNode operation : path) {
                operations++;
                String name = operation.path("operationId").asString();
                names.add(name);
                assertThat(operation.path("summary").asString()).as(name).isNotEmpty();
                assertThat(operation.path("responses").propertyNames())
                        .as(name)
                        .contains("400", "401", "404", "405", "409", "413", "415", "500", "503");
                assertThat(operation.path("parameters"))
                        .as(name)
                        .noneMatch(
                                parameter -> parameter.path("name").asString().equals("operator"));
            }
        }
        assertThat(names).hasSize(operations);
    }

    @Test
    void asksForTheAdminTokenAndDescribesProblems() {
        assertThat(api.path("security").path(0).propertyNames()).containsExactly("admin_token");
        assertThat(api.path("components")
                        .path("securitySchemes")
                        .path("admin_token")
                        .path("scheme")
                        .asString())
                .isEqualTo("bearer");
        assertThat(api.path("components")
                        .path("schemas")
                        .path("Problem")
                        .path("properties")
                        .propertyNames())
                .contains("code", "requestId", "errors", "detail");
        assertThat(api.path("components")
                        .path("schemas")
                        .path("ApiKey")
                        .path("properties")
                        .propertyNames())
                .contains("public_id", "expire_time")
                .doesNotContain("publicId");
    }

    @Test
    void showsThePageWithoutAToken() throws Exception {
        var http = java.net.http.HttpClient.newBuilder()
                .followRedirects(java.net.http.HttpClient.Redirect.NORMAL)
                .build();
        var page = http.send(
                admin.request("/admin/swagger-ui.html").build(), java.net.http.HttpResponse.BodyHandlers.ofString());

        assertThat(page.statusCode()).isEqualTo(200);
        assertThat(page.body()).contains("swagger-ui");
    }
}
