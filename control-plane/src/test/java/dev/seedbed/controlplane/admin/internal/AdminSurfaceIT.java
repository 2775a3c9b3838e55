package dev.seedbed.controlplane.admin.internal;

import static org.assertj.core.api.Assertions.assertThat;

import dev.seedbed.controlplane.AdminClient;
import dev.seedbed.controlplane.AdminClient.Answer;
import dev.seedbed.controlplane.ControlPlaneTest;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.jdbc.core.simple.JdbcClient;

@ControlPlaneTest
class AdminSurfaceIT {

    @LocalServerPort
    int port;

    @Autowired
    JdbcClient jdbc;

    AdminClient admin;

    @BeforeEach
    void connect() {
        admin = new AdminClient(port);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/admin/v1/tenants",
                "/admin/v1/models",
                "/admin/v1",
                "/admin/v1/nothing",
                "/%61dmin/v1/tenants",
                "/admin/v1;a=b/tenants",
                "/admin;a=b/v1/tenants",
                "/admin/./v1/tenants",
                "/x/../admin/v1/tenants"
            })
    void letsNobodyInWithoutTheToken(String path) {
        Answer answer = admin.send(admin.request(path));

        assertThat(answer.status()).isIn(400, 401);
        assertThat(answer.response().body()).doesNotContain("tenants\":");
        if (answer.status() == 401) {
            assertThat(answer.text("code")).isEqualTo("invalid_admin_token");
            assertThat(answer.header("WWW-Authenticate")).startsWith("Bearer");
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "Bearer wrong",
                "Bearer ",
                "Bearer",
                "Basic dGVzdGluZw==",
                AdminClient.TOKEN,
                "Bearer " + AdminClient.TOKEN + "x"
            })
    void refusesAWrongToken(String authorization) {
        Answer answer = admin.send(admin.request("/admin/v1/tenants").header("Authorization", authorization));

        assertThat(answer.status()).isEqualTo(401);
        assertThat(answer.response().body()).doesNotContain(AdminClient.TOKEN);
    }

    @Test
    void describesAnErrorAsProblemDetails() {
        Answer answer = admin.get("/tenants/" + UUID.randomUUID());

        assertThat(answer.header("Content-Type")).isEqualTo("application/problem+json");
        assertThat(answer.json().propertyNames())
                .containsExactly("type", "title", "status", "detail", "instance", "code", "requestId", "errors");
        assertThat(answer.text("requestId")).isEqualTo(answer.header("x-request-id"));
        assertThat(answer.text("title")).isEqualTo("Not found");
        assertThat(answer.text("instance")).startsWith("/admin/v1/tenants/");
    }

    @ParameterizedTest
    @CsvSource({
        "GET, /nothing, 404, not_found",
        "GET, /tenants/x/y/z, 404, not_found",
        "PUT, /tenants, 405, method_not_allowed",
        "DELETE, /models, 405, method_not_allowed",
        "GET, /tenants/00000000-0000-0000-0000-000000000000:suspend, 400, invalid_request"
    })
    void answersUnknownPathsAndMethodsAsProblemsToo(String method, String path, int status, String code) {
        Answer answer = admin.call(method, path, null);

        assertThat(answer.status()).isEqualTo(status);
        assertThat(answer.text("code")).isEqualTo(code);
    }

    @Test
    void namesTheMethodsThatAreAllowed() {
        assertThat(admin.call("PUT", "/tenants", "{}").header("Allow")).isEqualTo("GET, POST");
    }

    @Test
    void refusesABodyThatIsNotJsonByItsContentType() {
        Answer answer = admin.send(admin.request("/admin/v1/tenants")
                .header("Authorization", "Bearer " + AdminClient.TOKEN)
                .header("Content-Type", "text/plain")
                .POST(BodyPublishers.ofString("name=x")));

        assertThat(answer.status()).isEqualTo(415);
        assertThat(answer.text("code")).isEqualTo("unsupported_media_type");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            {"name": "n", "colour": "red"}     | colour      | unknown field
            {"name": 7}                        | name        | expected: a string
            {"name": true}                     | name        | expected: a string
            {"name": ["n"]}                    | name        | wrong type
            {}                                 | name        | missing
            {"name": null}                     | name        | missing
            {"name": "   "}                    | name        | length
            {"name": "a\\u0000b"}              | name        | control
            {"name": "a\\ud800b"}              | name        | Unicode
            """)
    void namesTheFieldAtFault(String body, String field, String words) {
        long before = tenants();

        Answer answer = admin.post("/tenants", body);

        assertThat(answer.status()).isEqualTo(400);
        assertThat(answer.text("code")).isEqualTo("invalid_request");
        assertThat(answer.json().path("errors").path(0).path("field").asString())
                .isEqualTo(field);
        assertThat(answer.text("detail")).contains(words);
        assertThat(tenants()).isEqualTo(before);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "{",
                "[]",
                "\"name\"",
                "7",
                "null",
                "{\"name\": \"a\"} trailing",
                "{\"name\": \"a\", \"name\": \"b\"}",
                "{\"name\": NaN}"
            })
    void refusesWhatIsNotOneJsonObject(String body) {
        long before = tenants();

        Answer answer = admin.post("/tenants", body);

        assertThat(answer.status()).isEqualTo(400);
        assertThat(answer.text("code")).isEqualTo("invalid_request");
        assertThat(tenants()).isEqualTo(before);
    }

    @Test
    void refusesInvalidUtf8() {
        byte[] body = "{\"name\": \"a?b\"}".getBytes(StandardCharsets.UTF_8);
        body[11] = (byte) 0xff;

        Answer answer = admin.send(admin.request("/admin/v1/tenants")
                .header("Authorization", "Bearer " + AdminClient.TOKEN)
                .header("Content-Type", "application/json")
                .POST(BodyPublishers.ofByteArray(body)));

        assertThat(answer.status()).isEqualTo(400);
    }

    @Test
    void refusesABodyThatIsTooLargeHoweverItIsSent() {
        byte[] body = ("{\"name\": \"" + "x".repeat(10_000_000) + "\"}").getBytes(StandardCharsets.UTF_8);

        for (var publisher : List.of(
                BodyPublishers.ofByteArray(body), BodyPublishers.fromPublisher(BodyPublishers.ofByteArray(body)))) {
            Answer answer = admin.send(admin.request("/admin/v1/tenants")
                    .header("Authorization", "Bearer " + AdminClient.TOKEN)
                    .header("Content-Type", "application/json")
                    .POST(publisher));
            assertThat(answer.status()).isEqualTo(413);
            assertThat(answer.text("code")).isEqualTo("request_too_large");
        }
    }

    @ParameterizedTest
    @CsvSource({
        "/tenants/not-a-uuid, tenant_id",
        "/tenants?page_size=0, page_size",
        "/tenants?page_size=1001, page_size",
        "/tenants?page_size=many, page_size",
        "/tenants?page_token=!!!, page_token",
        "/tenants?page_token=MTpub3RhdXVpZA, page_token",
        "/tenants?show_deleted=perhaps, show_deleted",
        "/generations/7, request_id"
    })
    void namesTheParameterAtFault(String path, String parameter) {
        Answer answer = admin.get(path);

        assertThat(answer.status()).isEqualTo(400);
        assertThat(answer.json().path("errors").path(0).path("field").asString())
                .isEqualTo(parameter);
    }

    @Test
    void leavesTheOtherSurfacesAlone() {
        Answer health = admin.send(admin.request("/actuator/health/readiness"));

        assertThat(health.status()).isEqualTo(200);
    }

    private long tenants() {
        return jdbc.sql("SELECT count(*) FROM tenant").query(Long.class).single();
    }
}
