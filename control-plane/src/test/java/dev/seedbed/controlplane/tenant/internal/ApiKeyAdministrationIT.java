package dev.seedbed.controlplane.tenant.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.seedbed.controlplane.AdminClient;
import dev.seedbed.controlplane.AdminClient.Answer;
import dev.seedbed.controlplane.ControlPlaneTest;
import dev.seedbed.controlplane.tenant.ApiKeys;
import dev.seedbed.controlplane.tenant.Permissions;
import dev.seedbed.controlplane.tenant.Scope;
import dev.seedbed.controlplane.tenant.Share;
import dev.seedbed.controlplane.wire.ErrorCode;
import dev.seedbed.controlplane.wire.SeedbedException;
import java.time.Duration;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.jdbc.core.simple.JdbcClient;

@ControlPlaneTest
class ApiKeyAdministrationIT {

    @LocalServerPort
    int port;

    @Autowired
    ApiKeys keys;

    @Autowired
    JdbcClient jdbc;

    AdminClient admin;
    UUID tenant;
    String path;

    @BeforeEach
    void createTenant() {
        admin = new AdminClient(port);
        tenant = admin.createTenant();
        path = "/tenants/" + tenant + "/api_keys";
    }

    @Test
    void createsAKeyForAPurpose() {
        String project = admin.post("/tenants/" + tenant + "/projects", "{\"name\": \"p\"}")
                .text("project_id");
        Answer created = admin.post(path, """
                {"name": "k", "environment": "live", "project_id": "%s", "scopes": ["models.read", "generate"],
                 "models": ["small", "large-v2"], "expire_time": "2100-01-01T00:00:00Z"}""".formatted(project));

        assertThat(created.status()).isEqualTo(201);
        assertThat(created.json().path("scopes").toString()).isEqualTo("[\"generate\",\"models.read\"]");
        assertThat(created.json().path("models").toString()).isEqualTo("[\"large-v2\",\"small\"]");
        assertThat(created.text("project_id")).isEqualTo(project);
        var caller = keys.authenticate("Bearer " + created.text("key"));
        assertThat(caller.projectId().toString()).isEqualTo(project);
        assertThat(caller.permissions())
                .isEqualTo(new Permissions(Set.of(Scope.GENERATE, Scope.MODELS_READ), Set.of("small", "large-v2")));
    }

    @Test
    void changesWhatIsGivenAndLiftsWhatIsNull() {
        Answer created = admin.post(path, """
                {"name": "k", "environment": "live", "models": ["a"], "expire_time": "2100-01-01T00:00:00Z"}""");
        String one = path + "/" + created.text("public_id");
        keys.authenticate("Bearer " + created.text("key"));

        Answer renamed = admin.call("PATCH", one, "{\"name\": \"n\", \"scopes\": [\"usage.read\"]}");
        assertThat(renamed.text("name")).isEqualTo("n");
        assertThat(renamed.json().path("models").toString()).isEqualTo("[\"a\"]");
        assertThat(renamed.text("expire_time")).isEqualTo("2100-01-01T00:00:00Z");
        assertThat(keys.authenticate("Bearer " + created.text("key")).permissions())
                .isEqualTo(new Permissions(Set.of(Scope.USAGE_READ), Set.of("a")));

        Answer lifted = admin.call("PATCH", one, "{\"models\": null, \"expire_time\": null}");
        assertThat(lifted.json().path("models").isNull()).isTrue();
        assertThat(lifted.json().path("expire_time").isNull()).isTrue();
        assertThat(lifted.json().path("scopes").toString()).isEqualTo("[\"usage.read\"]");
        assertThat(admin.get(one).json()).isEqualTo(lifted.json());
        assertThat(admin.call("PATCH", one, "{\"environment\": \"test\"}").status())
                .isEqualTo(400);
        assertThat(admin.call("PATCH", one, "{\"expire_time\": \"2000-01-01T00:00:00Z\"}")
                        .status())
                .isEqualTo(400);
    }

    @Test
    void acceptsTwoSecretsWhileAKeyIsRotated() {
        String first = admin.createKey(tenant);
        String one = path + "/" + first.split("-")[2];
        keys.authenticate("Bearer " + first);

        Answer rotated = admin.post(one + ":rotate", "{\"overlap_seconds\": 3600}");
        String second = rotated.text("key");

        assertThat(second.split("-")[2]).isEqualTo(first.split("-")[2]);
        assertThat(second).isNotEqualTo(first);
        assertThat(rotated.json().path("overlap_end_time").isString()).isTrue();
        assertThat(keys.authenticate("Bearer " + second)).isEqualTo(keys.authenticate("Bearer " + first));
        assertThat(admin.post(one + ":rotate", "").text("code")).isEqualTo("failed_precondition");
        assertThat(admin.get("/audit_entries?resource=tenants/" + tenant)
                        .response()
                        .body())
                .contains("api_key.rotate")
                .doesNotContain(second.split("-")[3]);

        String third = admin.post(one + ":rotate", "{\"overlap_seconds\": 0}").text("key");
        refused(first);
        refused(second);
        assertThat(keys.authenticate("Bearer " + third).tenantId().value()).isEqualTo(tenant);
    }

    @Test
    void refusesTheSecretBeforeWhenTheOverlapIsOver() {
        String first = admin.createKey(tenant);
        String one = path + "/" + first.split("-")[2];
        String second = admin.post(one + ":rotate", "").text("key");

        // A day later, on the database's clock.
        jdbc.sql("UPDATE api_key SET overlap_end_time = now() WHERE public_id = ?")
                .param(first.split("-")[2])
                .update();

        refused(first);
        assertThat(keys.authenticate("Bearer " + second).tenantId().value()).isEqualTo(tenant);
        assertThat(admin.post(one + ":rotate", "").status()).isEqualTo(200);
    }

    @Test
    void revokesAndHidesADeletedKey() {
        String key = admin.createKey(tenant);
        String one = path + "/" + key.split("-")[2];

        Answer deleted = admin.call("DELETE", one, null);

        assertThat(deleted.json().path("revoke_time").isString()).isTrue();
        assertThat(deleted.json().path("delete_time").isString()).isTrue();
        assertThat(admin.call("DELETE", one, null).json()).isEqualTo(deleted.json());
        refused(key);
        assertThat(admin.get(path).json().path("api_keys")).isEmpty();
        assertThat(admin.get(path + "?show_deleted=true").json().path("api_keys"))
                .hasSize(1);
        assertThat(admin.get(one).json()).isEqualTo(deleted.json());
        assertThat(admin.post(one + ":rotate", "").text("code")).isEqualTo("failed_precondition");
    }

    @Test
    void tellsTheCallersOfATenantHowItIsServed() {
        String key = admin.createKey(tenant);
        keys.authenticate("Bearer " + key);

        Answer changed = admin.call(
                "PATCH", "/tenants/" + tenant, "{\"weight\": 7, \"priority\": 3, \"answer_retention_hours\": 0}");

        assertThat(changed.json().path("weight").asInt()).isEqualTo(7);
        assertThat(admin.get("/tenants/" + tenant).json()).isEqualTo(changed.json());
        var caller = keys.authenticate("Bearer " + key);
        assertThat(caller.share()).isEqualTo(new Share(7, 3));
        assertThat(caller.answerRetention()).isEqualTo(Duration.ZERO);
        assertThat(admin.call("PATCH", "/tenants/" + tenant, "{\"weight\": 0}").status())
                .isEqualTo(400);
        assertThat(admin.call("PATCH", "/tenants/" + tenant, "{}").status()).isEqualTo(400);
    }

    private void refused(String key) {
        assertThatThrownBy(() -> keys.authenticate("Bearer " + key))
                .isInstanceOfSatisfying(
                        SeedbedException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_API_KEY));
    }
}
