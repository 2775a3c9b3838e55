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
class ProjectAdministrationIT {

    @LocalServerPort
    int port;

    AdminClient admin;
    UUID tenant;
    String projects;

    @BeforeEach
    void createTenant() {
        admin = new AdminClient(port);
        tenant = admin.createTenant();
        projects = "/tenants/" + tenant + "/projects";
    }

    @Test
    void beginsWithADefaultProjectThatStays() {
        Answer list = admin.get(projects);

        assertThat(list.json().path("projects")).hasSize(1);
        var first = list.json().path("projects").path(0);
        assertThat(first.path("is_default").asBoolean()).isTrue();
        assertThat(admin.call(
                                "DELETE",
                                projects + "/" + first.path("project_id").asString(),
                                null)
                        .text("code"))
                .isEqualTo("failed_precondition");
    }

    @Test
    void createsRenamesAndDeletesAndTellsTheAuditLog() {
        Answer created = admin.post(projects, "{\"name\": \" search \"}");
        assertThat(created.status()).isEqualTo(201);
        assertThat(created.text("name")).isEqualTo("search");
        String path = projects + "/" + created.text("project_id");
        assertThat(created.header("Location")).isEqualTo("/admin/v1" + path);
        assertThat(admin.get(path).json()).isEqualTo(created.json());

        assertThat(admin.call("PATCH", path, "{\"name\": \"find\"}").text("name"))
                .isEqualTo("find");
        Answer deleted = admin.call("DELETE", path, null);
        assertThat(deleted.text("state")).isEqualTo("DELETED");
        assertThat(admin.call("DELETE", path, null).json()).isEqualTo(deleted.json());
        assertThat(admin.call("PATCH", path, "{\"name\": \"again\"}").text("code"))
                .isEqualTo("failed_precondition");

        assertThat(admin.get("/audit_entries?resource=" + path.substring(1))
                        .json()
                        .path("audit_entries")
                        .valueStream()
                        .map(entry -> entry.path("action").asString()))
                .containsExactly("project.delete", "project.update", "project.create");
    }

    @Test
    void refusesANameThatIsTakenInTheTenantOnly() {
        Answer first = admin.post(projects, "{\"name\": \"Search\"}");

        Answer second = admin.post(projects, "{\"name\": \"sEARCH\"}");
        assertThat(second.text("code")).isEqualTo("already_exists");
        assertThat(second.text("existingId")).isEqualTo(first.text("project_id"));
        assertThat(admin.post("/tenants/" + admin.createTenant() + "/projects", "{\"name\": \"Search\"}")
                        .status())
                .isEqualTo(201);
        admin.call("DELETE", projects + "/" + first.text("project_id"), null);
        assertThat(admin.post(projects, "{\"name\": \"search\"}").status()).isEqualTo(201);
    }

    @Test
    void pagesThroughTheLivingOnesUnlessAskedForAll() {
        List<String> expected = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            expected.add(admin.post(projects, "{\"name\": \"p" + i + "\"}").text("project_id"));
        }
        admin.call("DELETE", projects + "/" + expected.getFirst(), null);

        assertThat(ids("")).hasSize(4).doesNotContain(expected.getFirst()).containsAll(expected.subList(1, 4));
        assertThat(ids("&show_deleted=true")).hasSize(5).containsAll(expected);
    }

    private List<String> ids(String query) {
        List<String> seen = new ArrayList<>();
        String token = "";
        do {
            Answer page = admin.get(projects + "?page_size=2&page_token=" + token + query);
            page.json()
                    .path("projects")
                    .forEach(p -> seen.add(p.path("project_id").asString()));
            token = page.json().path("next_page_token").asString("");
        } while (!token.isEmpty());
        assertThat(seen).doesNotHaveDuplicates();
        return seen;
    }

    @Test
    void keepsTheProjectsOfTenantsApart() {
        String id = admin.post(projects, "{\"name\": \"mine\"}").text("project_id");
        String others = "/tenants/" + admin.createTenant();

        assertThat(admin.get(others + "/projects/" + id).status()).isEqualTo(404);
        assertThat(admin.call("DELETE", others + "/projects/" + id, null).status())
                .isEqualTo(404);
        Answer key = admin.post(
                others + "/api_keys", "{\"name\": \"k\", \"environment\": \"test\", \"project_id\": \"" + id + "\"}");
        assertThat(key.status()).isEqualTo(400);
        assertThat(key.json().path("errors").path(0).path("field").asString()).isEqualTo("project_id");
        assertThat(admin.get("/tenants/" + UUID.randomUUID() + "/projects").status())
                .isEqualTo(404);
    }
}
