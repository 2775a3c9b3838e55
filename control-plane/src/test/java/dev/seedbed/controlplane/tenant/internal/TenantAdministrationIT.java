package dev.seedbed.controlplane.tenant.internal;

import static org.assertj.core.api.Assertions.assertThat;

import dev.seedbed.controlplane.AdminClient;
import dev.seedbed.controlplane.AdminClient.Answer;
import dev.seedbed.controlplane.ControlPlaneTest;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.boot.test.web.server.LocalServerPort;

@ControlPlaneTest
class TenantAdministrationIT {

    @LocalServerPort
    int port;

    AdminClient admin;

    @BeforeEach
    void connect() {
        admin = new AdminClient(port);
    }

    @Test
    void createsATenantThatCanBeReadWhereItsLocationSays() {
        String name = "Größe 日本 " + UUID.randomUUID();

        Answer created = admin.post("/tenants", "{\"name\": \"  " + name + " \"}");

        assertThat(created.status()).isEqualTo(201);
        assertThat(created.text("name")).isEqualTo(name);
        assertThat(created.text("state")).isEqualTo("ACTIVE");
        assertThat(created.header("Location")).isEqualTo("/admin/v1/tenants/" + created.text("tenant_id"));
        Answer read = admin.get("/tenants/" + created.text("tenant_id"));
        assertThat(read.status()).isEqualTo(200);
        assertThat(read.json()).isEqualTo(created.json());
    }

    @Test
    void refusesANameThatIsTakenAndNamesTheTenantThatHasIt() {
        String name = "taken " + UUID.randomUUID();
        Answer first = admin.post("/tenants", "{\"name\": \"" + name + "\"}");

        Answer second = admin.post("/tenants", "{\"name\": \"" + name.toUpperCase(java.util.Locale.ROOT) + "\"}");

        assertThat(second.status()).isEqualTo(409);
        assertThat(second.text("code")).isEqualTo("already_exists");
        assertThat(second.text("existingId")).isEqualTo(first.text("tenant_id"));
    }

    @Test
    void freesTheNameOfADeletedTenantAndKeepsItsRecord() {
        String body = "{\"name\": \"gone " + UUID.randomUUID() + "\"}";
        String old = admin.post("/tenants", body).text("tenant_id");

        assertThat(admin.call("DELETE", "/tenants/" + old, null).text("state")).isEqualTo("DELETED");

        assertThat(admin.post("/tenants", body).status()).isEqualTo(201);
        assertThat(admin.get("/tenants/" + old).text("state")).isEqualTo("DELETED");
        assertThat(admin.call("DELETE", "/tenants/" + old, null).status()).isEqualTo(200);
        assertThat(admin.call("PATCH", "/tenants/" + old, body).text("code")).isEqualTo("failed_precondition");
        assertThat(admin.post("/tenants/" + old + ":activate", "").text("code")).isEqualTo("failed_precondition");
    }

    @Test
    void renamesSuspendsAndActivates() {
        UUID id = admin.createTenant();

        Answer renamed = admin.call("PATCH", "/tenants/" + id, "{\"name\": \"renamed " + id + "\"}");
        assertThat(renamed.text("name")).isEqualTo("renamed " + id);
        assertThat(admin.post("/tenants/" + id + ":suspend", "").text("state")).isEqualTo("SUSPENDED");
        assertThat(admin.post("/tenants/" + id + ":suspend", "").text("state")).isEqualTo("SUSPENDED");
        assertThat(admin.post("/tenants/" + id + ":activate", "").text("state")).isEqualTo("ACTIVE");
    }

    @Test
    void pagesThroughEveryTenantOnceWhileOthersAreCreated() {
        List<String> expected = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            expected.add(admin.createTenant().toString());
        }
        List<String> seen = new ArrayList<>();
        String token = "";
        do {
            Answer page = admin.get("/tenants?page_size=2&page_token=" + token);
            assertThat(page.status()).isEqualTo(200);
            assertThat(page.json().path("tenants").size()).isLessThanOrEqualTo(2);
            page.json()
                    .path("tenants")
                    .forEach(t -> seen.add(t.path("tenant_id").asString()));
            token = page.json().path("next_page_token").asString("");
            if (seen.size() == 2) {
                admin.createTenant();
            }
        } while (!token.isEmpty());

        assertThat(seen).doesNotHaveDuplicates().containsSubsequence(expected);
    }

    @Test
    void listsDeletedTenantsOnlyWhenAsked() {
        UUID id = admin.createTenant();
        admin.call("DELETE", "/tenants/" + id, null);

        assertThat(admin.get("/tenants?page_size=1000").response().body()).doesNotContain(id.toString());
        assertThat(admin.get("/tenants?page_size=1000&show_deleted=true")
                        .response()
                        .body())
                .contains(id.toString());
    }

    @Test
    void answersNotFoundForAnUnknownTenant() {
        Answer answer = admin.get("/tenants/" + UUID.randomUUID());

        assertThat(answer.status()).isEqualTo(404);
        assertThat(answer.text("code")).isEqualTo("not_found");
    }
}
