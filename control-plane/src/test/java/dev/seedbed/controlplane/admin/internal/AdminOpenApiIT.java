package dev.seedbed.controlplane.admin.internal;

import static org.assertj.core.api.Assertions.assertThat;

import dev.seedbed.controlplane.AdminClient;
import dev.seedbed.controlplane.ControlPlaneTest;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
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
                assertThat(operation.path("summary").asString())
                        .as(name)
                        .isNotEmpty()
                        .doesNotContain("{");
                assertThat(name).matches("[a-zA-Z]+");
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
    void describesEveryVariableOfAPath() {
        api.path("paths").properties().forEach(path -> {
            var variables = Pattern.compile("\\{(\\w+)}")
                    .matcher(path.getKey())
                    .results()
                    .map(found -> found.group(1))
                    .toList();
            for (JsonNode operation : path.getValue()) {
                assertThat(operation
                                .path("parameters")
                                .valueStream()
                                .filter(parameter ->
                                        parameter.path("in").asString().equals("path"))
                                .filter(parameter -> parameter.path("required").asBoolean())
                                .filter(parameter ->
                                        parameter.path("schema").path("type").isString())
                                .map(parameter -> parameter.path("name").asString()))
                        .as(path.getKey())
                        .containsExactlyElementsOf(variables);
            }
        });
    }

    @ParameterizedTest
    @CsvSource({
        "/admin/v1/tenants/{tenant_id}/limits/{unit}/{window}, put, setTenantLimit, a tenant's limit",
        "/admin/v1/tenants/{tenant_id}/projects/{project_id}/limits/{unit}, put, setProjectLimitForEver, a project's limit",
        "/admin/v1/tenants/{tenant_id}/projects/{project_id}/bounds, get, getProjectBounds, a project's bounds",
        "/admin/v1/tenants/{tenant_id}/api_keys/{public_id}/plan, put, assignApiKeyPlan, a key a plan",
        "/admin/v1/tenants/{tenant_id}/plan, get, getTenantPlan, a tenant has"
    })
    void tellsWhoseAnOperationIs(String path, String method, String id, String words) {
        var operation = api.path("paths").path(path).path(method);

        assertThat(operation.path("operationId").asString()).isEqualTo(id);
        assertThat(operation.path("summary").asString()).contains(words);
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
