package dev.seedbed.controlplane.tenant.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.seedbed.controlplane.AdminClient;
import dev.seedbed.controlplane.AdminClient.Answer;
import dev.seedbed.controlplane.ControlPlaneTest;
import dev.seedbed.controlplane.tenant.ApiKeyId;
import dev.seedbed.controlplane.tenant.ApiKeys;
import dev.seedbed.controlplane.tenant.Caller;
import dev.seedbed.controlplane.tenant.Permissions;
import dev.seedbed.controlplane.tenant.ProjectId;
import dev.seedbed.controlplane.tenant.Share;
import dev.seedbed.controlplane.tenant.TenantId;
import dev.seedbed.controlplane.wire.ErrorCode;
import dev.seedbed.controlplane.wire.SeedbedException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.jdbc.core.simple.JdbcClient;

@ControlPlaneTest
class ApiKeyIT {

    @LocalServerPort
    int port;

    @Autowired
    ApiKeys keys;

    @Autowired
    ApiKeyHmac hmac;

    @Autowired
    LastUse lastUse;

    @Autowired
    JdbcClient jdbc;

    AdminClient admin;
    UUID tenant;

    @BeforeEach
    void createTenant() {
        admin = new AdminClient(port);
        tenant = admin.createTenant();
    }

    @Test
    void showsAKeyOnceAndStoresOnlyItsHmac() {
        Answer created = admin.post(
                "/tenants/" + tenant + "/api_keys", "{\"name\": \"build server\", \"environment\": \"live\"}");
        assertThat(created.status()).isEqualTo(201);
        String key = created.text("key");
        String publicId = created.text("public_id");
        String secret = key.split("-")[3];

        assertThat(key).startsWith("sb-live-" + publicId + "-");
        assertThat(created.header("Location")).endsWith("/api_keys/" + publicId);
        assertThat(admin.get("/tenants/" + tenant + "/api_keys/" + publicId)
                        .response()
                        .body())
                .contains("build server")
                .doesNotContain(secret);
        assertThat(admin.get("/tenants/" + tenant + "/api_keys").response().body())
                .contains(publicId)
                .doesNotContain(secret);
        assertThat(admin.get("/audit_entries?resource=tenants/" + tenant)
                        .response()
                        .body())
                .contains(publicId)
                .doesNotContain(secret);
        Map<String, @Nullable Object> row = jdbc.sql("SELECT * FROM api_key WHERE public_id = ?")
                .param(publicId)
                .query()
                .singleRow();
        assertThat((byte[]) row.get("key_hmac"))
                .isEqualTo(hmac.of(ApiKeyText.parse(key).orElseThrow()));
        assertThat(row.toString()).doesNotContain(secret);
    }

    @Test
    void namesTheCallerOfAGoodKey() {
        String key = admin.createKey(tenant);

        var project = jdbc.sql("SELECT project_id FROM project WHERE tenant_id = ? AND is_default")
                .param(tenant)
                .query(UUID.class)
                .single();
        assertThat(keys.authenticate("Bearer " + key))
                .isEqualTo(new Caller(
                        new TenantId(tenant),
                        new ProjectId(project),
                        new ApiKeyId(key.split("-")[2]),
                        Permissions.ALL,
                        Share.DEFAULT,
                        Duration.ofHours(24)));
        assertThat(keys.authenticate("bearer  " + key).tenantId()).isEqualTo(new TenantId(tenant));
    }

    @Test
    void acceptsBothKeysWhileOneReplacesTheOther() {
        String old = admin.createKey(tenant);
        String next = admin.createKey(tenant);
        assertThat(keys.authenticate("Bearer " + old).tenantId()).isEqualTo(new TenantId(tenant));
        assertThat(keys.authenticate("Bearer " + next).tenantId()).isEqualTo(new TenantId(tenant));

        Answer revoked = revoke(old);

        assertThat(revoked.json().path("revoke_time").isString()).isTrue();
        refused(ErrorCode.INVALID_API_KEY, "Bearer " + old);
        assertThat(keys.authenticate("Bearer " + next).tenantId()).isEqualTo(new TenantId(tenant));
        assertThat(revoke(old).json().path("revoke_time"))
                .isEqualTo(revoked.json().path("revoke_time"));
    }

    @Test
    void refusesAKeyFromTheMomentItExpires() {
        String expire = Instant.now().plusSeconds(3600).toString();
        Answer created = admin.post(
                "/tenants/" + tenant + "/api_keys",
                "{\"name\": \"k\", \"environment\": \"test\", \"expire_time\": \"" + expire + "\"}");
        String key = created.text("key");
        assertThat(keys.authenticate("Bearer " + key).tenantId()).isEqualTo(new TenantId(tenant));

        // An hour later, on the database's clock.
        jdbc.sql("UPDATE api_key SET create_time = now() - interval '2 hours', expire_time = now() WHERE public_id = ?")
                .param(created.text("public_id"))
                .update();

        await().untilAsserted(() -> refused(ErrorCode.INVALID_API_KEY, "Bearer " + key));
    }

    @Test
    void refusesKeysOfASuspendedTenantUntilItIsActivated() {
        String key = admin.createKey(tenant);

        admin.post("/tenants/" + tenant + ":suspend", "");
        refused(ErrorCode.PERMISSION_DENIED, "Bearer " + key);
        admin.post("/tenants/" + tenant + ":activate", "");
        assertThat(keys.authenticate("Bearer " + key).tenantId()).isEqualTo(new TenantId(tenant));
        admin.call("DELETE", "/tenants/" + tenant, null);
        refused(ErrorCode.INVALID_API_KEY, "Bearer " + key);
    }

    @Test
    void refusesWhatIsNoKeyOfOurs() {
        String key = admin.createKey(tenant);
        String wrongSecret = key.substring(0, key.length() - 1) + (key.endsWith("0") ? "1" : "0");
        String unknown = ApiKeyText.generate(KeyEnvironment.TEST).reveal();
        String otherEnvironment = key.replace("sb-test-", "sb-live-");

        refused(ErrorCode.INVALID_API_KEY, null);
        for (String authorization : List.of(
                "",
                "Bearer",
                "Bearer ",
                "Bearer sb-",
                "Basic " + key,
                key,
                "Bearer " + key + "x",
                "Bearer " + key + " " + key,
                "Bearer " + otherEnvironment)) {
            refused(ErrorCode.INVALID_API_KEY, authorization);
        }
        assertThat(refused(ErrorCode.INVALID_API_KEY, "Bearer " + wrongSecret))
                .isEqualTo(refused(ErrorCode.INVALID_API_KEY, "Bearer " + unknown));
    }

    @Test
    void writesLastUseLaterAndOnlyForward() {
        String key = admin.createKey(tenant);
        String path = "/tenants/" + tenant + "/api_keys/" + key.split("-")[2];
        assertThat(admin.get(path).json().path("last_used_time").isNull()).isTrue();

        keys.authenticate("Bearer " + key);
        lastUse.write();
        Instant first = Instant.parse(admin.get(path).text("last_used_time"));
        keys.authenticate("Bearer " + key);
        lastUse.write();

        assertThat(Instant.parse(admin.get(path).text("last_used_time"))).isAfterOrEqualTo(first);
    }

    @Test
    void keepsTheKeysOfTenantsApart() {
        String key = admin.createKey(admin.createTenant());

        assertThat(admin.get("/tenants/" + tenant + "/api_keys/" + key.split("-")[2])
                        .status())
                .isEqualTo(404);
        assertThat(admin.post("/tenants/" + tenant + "/api_keys/" + key.split("-")[2] + ":revoke", "")
                        .status())
                .isEqualTo(404);
        assertThat(keys.authenticate("Bearer " + key)).isNotNull();
    }

    private Answer revoke(String key) {
        return admin.post("/tenants/" + tenant + "/api_keys/" + key.split("-")[2] + ":revoke", "");
    }

    /** The message, which must not repeat the key. */
    private String refused(ErrorCode code, @Nullable String authorization) {
        String[] message = new String[1];
        ThrowingCallable call = () -> keys.authenticate(authorization);
        assertThatThrownBy(call).isInstanceOfSatisfying(SeedbedException.class, e -> {
            assertThat(e.code()).isEqualTo(code);
            message[0] = e.text();
        });
        if (authorization != null && authorization.length() > 60) {
            assertThat(message[0]).doesNotContain(authorization.substring(authorization.length() - 40));
        }
        return message[0];
    }
}
