package dev.seedbed.controlplane;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Speaks to {@code /admin/v1} over real HTTP, as an operator's script does. */
public final class AdminClient {

    public static final String TOKEN = ControlPlaneTest.ADMIN_TOKEN;

    private static final HttpClient HTTP = HttpClient.newHttpClient();
    private static final JsonMapper JSON = new JsonMapper();

    private final String baseUrl;

    public AdminClient(int port) {
        this.baseUrl = "http://127.0.0.1:" + port;
    }

    /** @param json the body; a missing node if it was empty */
    public record Answer(int status, JsonNode json, HttpResponse<String> response) {

        public String text(String field) {
            return json.path(field).asString();
        }

        public String header(String name) {
            return response.headers().firstValue(name).orElse("");
        }
    }

    public Answer get(String path) {
        return call("GET", path, null);
    }

    public Answer post(String path, String body) {
        return call("POST", path, body);
    }

    public Answer call(String method, String path, @Nullable String body) {
        return send(request("/admin/v1" + path)
                .header("Authorization", "Bearer " + TOKEN)
                .header("Content-Type", "application/json")
                .method(method, body == null ? BodyPublishers.noBody() : BodyPublishers.ofString(body)));
    }

    /** @param path from the root, not escaped again */
    public HttpRequest.Builder request(String path) {
        return HttpRequest.newBuilder(URI.create(baseUrl + path));
    }

    public Answer send(HttpRequest.Builder request) {
        try {
            HttpResponse<String> response = HTTP.send(request.build(), BodyHandlers.ofString());
            return new Answer(response.statusCode(), JSON.readTree(response.body()), response);
        } catch (IOException e) {
            throw new IllegalStateException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    /** A new tenant with a name that no other test uses. */
    public UUID createTenant() {
        Answer answer = post("/tenants", "{\"name\": \"tenant " + UUID.randomUUID() + "\"}");
        return UUID.fromString(answer.text("tenant_id"));
    }

    /** The text of a new key. */
    public String createKey(UUID tenantId) {
        return post("/tenants/" + tenantId + "/api_keys", "{\"name\": \"key\", \"environment\": \"test\"}")
                .text("key");
    }
}
