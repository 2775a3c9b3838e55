package dev.seedbed.controlplane.quota.internal;

import static org.assertj.core.api.Assertions.assertThat;

import dev.seedbed.controlplane.AdminClient;
import dev.seedbed.controlplane.AdminClient.Answer;
import dev.seedbed.controlplane.ControlPlaneTest;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.springframework.boot.test.web.server.LocalServerPort;
import tools.jackson.databind.JsonNode;

@ControlPlaneTest
class LimitAdministrationIT {

    @LocalServerPort
    int port;

    AdminClient admin;
    UUID tenant;

    @BeforeEach
    void createTenant() {
        admin = new AdminClient(port);
        tenant = admin.createTenant();
    }

    @Test
    void showsEveryUnitOfATenantThatHasNothingYet() {
        JsonNode limits = admin.get("/tenants/" + tenant + "/limits").json().path("limits");

        assertThat(limits.valueStream().map(l -> l.path("unit").asString()))
                .containsExactly(
                        "REQUEST",
                        "INPUT_TOKEN",
                        "CACHED_INPUT_TOKEN",
                        "OUTPUT_TOKEN",
                        "POSITION",
                        "MICRO_USD",
                        "MICRO_EUR");
        assertThat(limits.path(0).path("limit").isNull()).isTrue();
        assertThat(limits.path(3).path("limit").asLong(-1)).isZero();
    }

    @Test
    void setsALimitAndAuditsIt() {
        Answer set = admin.call("PUT", "/tenants/" + tenant + "/limits/OUTPUT_TOKEN", "{\"limit\": 1000}");

        assertThat(set.status()).isEqualTo(200);
        assertThat(set.json().toString())
                .isEqualTo(
                        "{\"unit\":\"OUTPUT_TOKEN\",\"window\":\"EVER\",\"limit\":1000,\"durability\":\"STRICT\",\"source\":\"OWN\","
                                + "\"posted\":0,\"reserved\":0,\"leased\":0}");
        assertThat(admin.get("/tenants/" + tenant + "/limits")
                        .json()
                        .path("limits")
                        .path(3))
                .isEqualTo(set.json());
        JsonNode entries = admin.get("/audit_entries?resource=tenants/" + tenant + "/limits")
                .json()
                .path("audit_entries");
        assertThat(entries.size()).isEqualTo(1);
        assertThat(entries.path(0).path("action").asString()).isEqualTo("limit.set");
        assertThat(entries.path(0).path("before").path("amount").asLong(-1)).isZero();
        assertThat(entries.path(0).path("after").path("amount").asLong()).isEqualTo(1000);
    }

    @Test
    void writesOneAuditEntryForALimitThatIsSetTwice() {
        for (int i = 0; i < 2; i++) {
            assertThat(admin.call("PUT", "/tenants/" + tenant + "/limits/POSITION", "{\"limit\": 5}")
                            .status())
                    .isEqualTo(200);
        }

        assertThat(admin.get("/audit_entries?resource=tenants/" + tenant + "/limits")
                        .json()
                        .path("audit_entries")
                        .size())
                .isEqualTo(1);
    }

    @Test
    void liftsALimit() {
        admin.call("PUT", "/tenants/" + tenant + "/limits/POSITION", "{\"limit\": 5}");

        Answer lifted = admin.call("PUT", "/tenants/" + tenant + "/limits/POSITION", "{\"limit\": null}");

        assertThat(lifted.json().path("limit").isNull()).isTrue();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            OUTPUT_TOKEN | {"limit": -1}                    | limit
            OUTPUT_TOKEN | {}                               | limit
            OUTPUT_TOKEN | {"limit": "5"}                   | limit
            OUTPUT_TOKEN | {"limit": 1.5}                   | limit
            OUTPUT_TOKEN | {"limit": 9223372036854775808}   | limit
            OUTPUT_TOKEN | {"limit": true}                  | limit
            BANANA       | {"limit": 1}                     | unit
            """)
    void namesWhatIsWrongAndChangesNothing(String unit, String body, String field) {
        Answer answer = admin.call("PUT", "/tenants/" + tenant + "/limits/" + unit, body);

        assertThat(answer.status()).isEqualTo(400);
        assertThat(answer.json().path("errors").path(0).path("field").asString())
                .isEqualTo(field);
        assertThat(admin.get("/tenants/" + tenant + "/limits")
                        .json()
                        .path("limits")
                        .path(3)
                        .path("limit")
                        .asLong(-1))
                .isZero();
    }

    @Test
    void knowsNoLimitsOfAnUnknownTenant() {
        String path = "/tenants/" + UUID.randomUUID() + "/limits";

        assertThat(admin.get(path).status()).isEqualTo(404);
        assertThat(admin.call("PUT", path + "/POSITION", "{\"limit\": 1}").status())
                .isEqualTo(404);
    }

    @ParameterizedTest
    @CsvSource({"/tenants/x/limits, tenant_id", "/tenants/%s/projects/x/limits, project_id"})
    void namesTheIdThatIsMalformed(String path, String field) {
        var answer = admin.get(path.formatted(tenant));

        assertThat(answer.status()).isEqualTo(400);
        assertThat(answer.text("detail")).isEqualTo(field + " is malformed: x (expected: a UUID)");
    }

    @Test
    void setsALimitOverTheWholeLifeOfAKeyToo() {
        var key = "/tenants/" + tenant + "/api_keys/" + admin.createKey(tenant).split("-")[2];

        assertThat(admin.call("PUT", key + "/limits/REQUEST", "{\"limit\": 7}").text("window"))
                .isEqualTo("EVER");

        assertThat(admin.get(key + "/limits")
                        .json()
                        .path("limits")
                        .path(0)
                        .path("limit")
                        .asLong())
                .isEqualTo(7);
        assertThat(admin.get("/tenants/" + admin.createTenant() + key.substring(key.indexOf("/api_keys")) + "/limits")
                        .status())
                .isEqualTo(404);
    }

    @Test
    void showsNoUsageBeforeAnything() {
        Answer usage = admin.get("/tenants/" + tenant + "/usage?start_time=2026-01-01T00:00:00Z");

        assertThat(usage.status()).isEqualTo(200);
        assertThat(usage.json()
                        .path("usage")
                        .valueStream()
                        .mapToLong(u -> u.path("amount").asLong()))
                .hasSize(7)
                .containsOnly(0L);
        assertThat(admin.get("/generations/" + UUID.randomUUID()).status()).isEqualTo(404);
        assertThat(admin.get("/tenants/" + UUID.randomUUID() + "/usage").status())
                .isEqualTo(404);
    }
}
