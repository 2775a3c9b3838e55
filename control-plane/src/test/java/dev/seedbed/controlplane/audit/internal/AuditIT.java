package dev.seedbed.controlplane.audit.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.seedbed.controlplane.AdminClient;
import dev.seedbed.controlplane.AdminClient.Answer;
import dev.seedbed.controlplane.ControlPlaneTest;
import dev.seedbed.controlplane.audit.AuditLog;
import dev.seedbed.controlplane.audit.Operator;
import dev.seedbed.controlplane.wire.RequestId;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.transaction.IllegalTransactionStateException;
import org.springframework.transaction.support.TransactionTemplate;
import tools.jackson.databind.JsonNode;

@ControlPlaneTest
class AuditIT {

    @LocalServerPort
    int port;

    @Autowired
    AuditLog audit;

    @Autowired
    TransactionTemplate transaction;

    @Autowired
    JdbcClient jdbc;

    AdminClient admin;

    @BeforeEach
    void connect() {
        admin = new AdminClient(port);
    }

    @Test
    void tellsWhoChangedWhatInWhichRequestNewestFirst() {
        UUID id = admin.createTenant();
        Answer suspended = admin.post("/tenants/" + id + ":suspend", "");
        admin.post("/tenants/" + id + ":suspend", "");

        List<JsonNode> entries = entries("tenants/" + id);

        assertThat(entries)
                .extracting(e -> e.path("action").asString())
                .containsExactly("tenant.suspend", "tenant.create");
        JsonNode entry = entries.getFirst();
        assertThat(entry.path("actor").asString()).isEqualTo("admin");
        assertThat(entry.path("request_id").asString()).isEqualTo(suspended.header("x-request-id"));
        assertThat(entry.path("before").path("state").asString()).isEqualTo("ACTIVE");
        assertThat(entry.path("after")).isEqualTo(suspended.json());
        assertThat(entries.getLast().path("before").isNull()).isTrue();
    }

    @Test
    void listsEntriesOfWhatIsBelowAResourceButNotOfItsNeighbours() {
        UUID id = admin.createTenant();
        String publicId = admin.createKey(id).split("-")[2];
        UUID neighbour = admin.createTenant();

        assertThat(entries("tenants/" + id))
                .extracting(e -> e.path("resource").asString())
                .containsExactly("tenants/" + id + "/api_keys/" + publicId, "tenants/" + id);
        assertThat(entries("tenants"))
                .extracting(e -> e.path("resource").asString())
                .contains("tenants/" + neighbour);
        assertThat(entries("tenants/" + id.toString().substring(0, 30))).isEmpty();
    }

    @Test
    void pagesBackwards() {
        UUID id = admin.createTenant();
        admin.post("/tenants/" + id + ":suspend", "");
        admin.post("/tenants/" + id + ":activate", "");

        Answer first = admin.get("/audit_entries?resource=tenants/" + id + "&page_size=2");
        Answer second = admin.get(
                "/audit_entries?resource=tenants/" + id + "&page_size=2&page_token=" + first.text("next_page_token"));

        assertThat(first.json().path("audit_entries").size()).isEqualTo(2);
        assertThat(second.json().path("audit_entries").size()).isEqualTo(1);
        assertThat(second.json().path("next_page_token").isNull()).isTrue();
    }

    @Test
    void isRolledBackTogetherWithTheChange() {
        UUID id = admin.createTenant();
        String resource = "tenants/" + id + "/limits/POSITION";
        var operator = new Operator("admin", new RequestId(UUID.randomUUID()));

        assertThatThrownBy(() -> transaction.executeWithoutResult(status -> {
                    jdbc.sql("UPDATE tenant SET name = 'half done' || tenant_id WHERE tenant_id = ?")
                            .param(id)
                            .update();
                    audit.append(operator, "test.change", resource, null, Map.of("name", "half done"));
                    throw new IllegalStateException("between both");
                }))
                .hasMessage("between both");

        assertThat(entries(resource)).isEmpty();
        assertThat(admin.get("/tenants/" + id).text("name")).doesNotContain("half done");
    }

    @Test
    void leavesNoEntryForAChangeThatWasRefused() {
        UUID id = admin.createTenant();
        UUID other = admin.createTenant();
        String taken = admin.get("/tenants/" + other).text("name");

        assertThat(admin.call("PATCH", "/tenants/" + id, "{\"name\": \"" + taken + "\"}")
                        .status())
                .isEqualTo(409);

        assertThat(entries("tenants/" + id)).hasSize(1);
    }

    @Test
    void cannotBeWrittenOutsideATransaction() {
        var operator = new Operator("admin", new RequestId(UUID.randomUUID()));

        assertThatThrownBy(() -> audit.append(operator, "test.change", "nothing", null, Map.of()))
                .isInstanceOf(IllegalTransactionStateException.class);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"UPDATE audit_entry SET actor = 'nobody'", "DELETE FROM audit_entry", "TRUNCATE audit_entry"})
    void cannotBeChanged(String statement) {
        admin.createTenant();

        assertThatThrownBy(() -> jdbc.sql(statement).update()).hasMessageContaining("append-only");
    }

    private List<JsonNode> entries(String resource) {
        return admin.get("/audit_entries?page_size=1000&resource=" + resource)
                .json()
                .path("audit_entries")
                .valueStream()
                .toList();
    }
}
