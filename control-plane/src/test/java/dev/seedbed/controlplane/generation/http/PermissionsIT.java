package dev.seedbed.controlplane.generation.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.seedbed.controlplane.ControlPlaneTest;
import dev.seedbed.controlplane.generation.TestingTenant;
import dev.seedbed.controlplane.quota.Budget;
import dev.seedbed.controlplane.quota.Quotas;
import dev.seedbed.controlplane.tenant.ApiKeys;
import java.net.http.HttpResponse;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.jdbc.core.simple.JdbcClient;

@ControlPlaneTest
class PermissionsIT {

    @LocalServerPort
    int port;

    @Autowired
    ApiKeys apiKeys;

    @Autowired
    Quotas quotas;

    @Autowired
    JdbcClient jdbc;

    TestingTenant tenant;

    @BeforeEach
    void newTenant() {
        ControlPlaneTest.ADAPTER.reset();
        tenant = TestingTenant.create(port, quotas, TestingTenant.PLENTY);
    }

    @ParameterizedTest
    @ValueSource(strings = {"/v1/completions", "/v1/chat/completions", "/v1/fim/completions"})
    void refusesToGenerateForAKeyWithAnotherPurpose(String path) {
        tenant.permit(jdbc, apiKeys, "{models.read,usage.read}", null);
        requireDenied(tenant.post(path, "{\"prompt\": \"p\", \"messages\": []}"), null);
        assertThat(ControlPlaneTest.ADAPTER.requests()).isEmpty();
    }

    @Test
    void refusesToListModelsForAKeyWithAnotherPurpose() {
        tenant.permit(jdbc, apiKeys, "{generate}", null);
        requireDenied(tenant.get("/v1/models"), null);
        requireDenied(tenant.get("/v1/models/seedling"), null);
        assertThat(tenant.post("/v1/completions", "{\"prompt\": \"p\"}").statusCode())
                .isEqualTo(200);
    }

    @Test
    void listsOnlyTheModelsThatAKeyMayAskFor() {
        tenant.permit(jdbc, apiKeys, "{generate,models.read}", "{another-model}");
        assertThat(TestingTenant.json(tenant.get("/v1/models")).path("data").isEmpty())
                .isTrue();
        requireDenied(tenant.get("/v1/models/seedling"), "model");
        tenant.permit(jdbc, apiKeys, "{generate,models.read}", "{seedling-v1}");
        assertThat(TestingTenant.json(tenant.get("/v1/models")).path("data"))
                .extracting(model -> model.path("id").asString())
                .contains("seedling-v1");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "\"model\": \"seedling\",", "\"model\": \"seedling-v1\","})
    void refusesAModelThatTheKeyMayNotAskFor(String model) {
        tenant.permit(jdbc, apiKeys, "{generate}", "{another-model}");
        var before = tenant.budgets();
        requireDenied(tenant.post("/v1/completions", "{%s \"prompt\": \"p\"}".formatted(model)), "model");
        assertThat(tenant.budgets())
                .isEqualTo(before)
                .extracting(Budget::reserved)
                .containsOnly(0L);
    }

    @Test
    void allowsAVersionByItsModelsName() {
        tenant.permit(jdbc, apiKeys, "{generate}", "{seedling}");
        assertThat(tenant.post("/v1/completions", "{\"model\": \"seedling-v1\", \"prompt\": \"p\"}")
                        .statusCode())
                .isEqualTo(200);
    }

    private static void requireDenied(HttpResponse<String> response, @Nullable String param) {
        assertThat(response.statusCode()).isEqualTo(403);
        var error = TestingTenant.json(response).path("error");
        assertThat(error.path("type").asString()).isEqualTo("permission_error");
        assertThat(error.path("code").asString()).isEqualTo("permission_denied");
        assertThat(error.path("param").asString(null)).isEqualTo(param);
    }
}
