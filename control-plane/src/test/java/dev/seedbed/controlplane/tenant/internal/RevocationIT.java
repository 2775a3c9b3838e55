package dev.seedbed.controlplane.tenant.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.seedbed.controlplane.AdminClient;
import dev.seedbed.controlplane.ControlPlaneTest;
import dev.seedbed.controlplane.wire.ErrorCode;
import dev.seedbed.controlplane.wire.SeedbedException;
import java.time.Duration;
import java.util.Objects;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.jdbc.autoconfigure.JdbcConnectionDetails;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.jdbc.core.simple.JdbcClient;

/** One replica changes, the other must follow. */
@ControlPlaneTest
class RevocationIT {

    private static final Duration GRACE = Duration.ofSeconds(2);

    @LocalServerPort
    int port;

    @Autowired
    JdbcConnectionDetails database;

    @Autowired
    JdbcClient jdbc;

    AdminClient admin;
    UUID tenant;
    String key;
    String keyPath;
    Replica other;

    @BeforeEach
    void useAKeyAtTheOtherReplica() {
        admin = new AdminClient(port);
        tenant = admin.createTenant();
        key = admin.createKey(tenant);
        keyPath = "/tenants/" + tenant + "/api_keys/" + key.split("-")[2];
        other = new Replica(database.getJdbcUrl(), GRACE);
        awaitMemory();
    }

    @AfterEach
    void close() throws Exception {
        other.close();
    }

    /** Until the other replica answers without the database. */
    private void awaitMemory() {
        await().atMost(Duration.ofMinutes(1))
                .ignoreExceptionsInstanceOf(SeedbedException.class)
                .until(() -> {
                    int before = other.statements.get();
                    other.authenticate(key);
                    return other.statements.get() == before;
                });
    }

    @Test
    void asksTheDatabaseForNoKeyThatIsRemembered() {
        int before = other.statements.get();
        for (int i = 0; i < 1000; i++) {
            other.authenticate(key);
        }
        assertThat(other.statements.get() - before).isLessThan(1000);
    }

    enum Change {
        REVOKE,
        DELETE,
        DELETE_PROJECT,
        DELETE_TENANT,
        SUSPEND_TENANT,
        ROTATE
    }

    @ParameterizedTest
    @EnumSource
    void followsEveryChangeThatEndsAKey(Change change) {
        if (change == Change.DELETE_PROJECT) {
            String project = admin.post("/tenants/" + tenant + "/projects", "{\"name\": \"p\"}")
                    .text("project_id");
            key = admin.post(
                            "/tenants/" + tenant + "/api_keys",
                            "{\"name\": \"k\", \"environment\": \"test\", \"project_id\": \"" + project + "\"}")
                    .text("key");
            awaitMemory();
            admin.call("DELETE", "/tenants/" + tenant + "/projects/" + project, null);
        } else {
            switch (change) {
                case REVOKE -> admin.post(keyPath + ":revoke", "");
                case DELETE -> admin.call("DELETE", keyPath, null);
                case DELETE_TENANT -> admin.call("DELETE", "/tenants/" + tenant, null);
                case SUSPEND_TENANT -> admin.post("/tenants/" + tenant + ":suspend", "");
                case ROTATE -> admin.post(keyPath + ":rotate", "{\"overlap_seconds\": 0}");
                default -> throw new IllegalArgumentException(change.name());
            }
        }
        awaitRefusal(change == Change.SUSPEND_TENANT ? ErrorCode.PERMISSION_DENIED : ErrorCode.INVALID_API_KEY);
    }

    @Test
    void followsAChangeThatAnotherProgramMakesInTheDatabase() {
        jdbc.sql("UPDATE api_key SET revoke_time = now() WHERE public_id = ?")
                .param(key.split("-")[2])
                .update();

        awaitRefusal(ErrorCode.INVALID_API_KEY);
    }

    @Test
    void acceptsANewSecretAtOnce() {
        String next = admin.post(keyPath + ":rotate", "").text("key");

        assertThat(other.authenticate(next).tenantId().value()).isEqualTo(tenant);
        assertThat(other.authenticate(key).tenantId().value()).isEqualTo(tenant);
    }

    @Test
    void followsAChangeThatIsMadeWhileItsChannelIsDead() {
        Long proven = other.channel.provenAt();
        jdbc.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'seedbed-changes'"
                        + " AND datname = current_database()")
                .query()
                .listOfRows();
        admin.post(keyPath + ":revoke", "");

        awaitRefusal(ErrorCode.INVALID_API_KEY);
        await().until(() -> !Objects.equals(other.channel.provenAt(), proven));
        key = admin.createKey(tenant);
        awaitMemory();
    }

    @Test
    void goesOnWithKnownKeysForAWhileWhenTheDatabaseIsCutOffThenAsksToRetryThenRecovers() {
        String unknown = ApiKeyText.generate(KeyEnvironment.TEST).reveal();
        String wrong = key.substring(0, key.length() - 1) + (key.endsWith("0") ? "1" : "0");

        other.wire.cut();
        assertThat(other.authenticate(key).tenantId().value()).isEqualTo(tenant);
        refused(ErrorCode.OVERLOADED, unknown);
        refused(ErrorCode.OVERLOADED, wrong);
        awaitRefusal(ErrorCode.OVERLOADED);

        other.wire.mend();
        awaitMemory();
        refused(ErrorCode.INVALID_API_KEY, unknown);
        refused(ErrorCode.INVALID_API_KEY, wrong);
    }

    @Test
    void listensHoweverOftenItIsStartedAnew() {
        for (int i = 0; i < 100; i++) {
            other.channel.stop();
            Long proven = other.channel.provenAt();
            other.channel.start();
            await().pollInterval(Duration.ofMillis(5)).until(() -> !Objects.equals(other.channel.provenAt(), proven));
        }
    }

    @Test
    void doesNotWaitLongForADatabaseThatHangs() {
        other.wire.holdStill();
        await().until(() -> other.authenticate(key) != null);
        awaitRefusal(ErrorCode.OVERLOADED);

        other.wire.mend();
        awaitMemory();
    }

    private void awaitRefusal(ErrorCode code) {
        await().atMost(Duration.ofSeconds(20)).untilAsserted(() -> refused(code, key));
    }

    private void refused(ErrorCode code, String shown) {
        assertThatThrownBy(() -> other.authenticate(shown))
                .isInstanceOfSatisfying(
                        SeedbedException.class, e -> assertThat(e.code()).isEqualTo(code));
    }
}
