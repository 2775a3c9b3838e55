package dev.seedbed.controlplane.generation;

import dev.seedbed.controlplane.AdminClient;
import dev.seedbed.controlplane.quota.Budget;
import dev.seedbed.controlplane.quota.Quotas;
import dev.seedbed.controlplane.quota.Subject;
import dev.seedbed.controlplane.quota.Unit;
import dev.seedbed.controlplane.quota.Window;
import dev.seedbed.controlplane.tenant.ApiKeyId;
import dev.seedbed.controlplane.tenant.ApiKeys;
import dev.seedbed.controlplane.tenant.Caller;
import dev.seedbed.controlplane.tenant.Permissions;
import dev.seedbed.controlplane.tenant.ProjectId;
import dev.seedbed.controlplane.tenant.Share;
import dev.seedbed.controlplane.tenant.TenantId;
import dev.seedbed.controlplane.usage.Bill;
import dev.seedbed.controlplane.usage.Work;
import dev.seedbed.testkit.FakeInferenceServer;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** A tenant of its own for one test: its key, its budgets and its requests over real HTTP. */
public final class TestingTenant {

    public static final Map<Unit, Long> PLENTY = Map.of(Unit.OUTPUT_TOKEN, 1_000_000L, Unit.POSITION, 1_000_000L);

    private static final HttpClient http =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private static final JsonMapper json = JsonMapper.shared();

    private final int port;
    private final Quotas quotas;
    private final TenantId id;
    private final String key;

    private TestingTenant(int port, Quotas quotas, TenantId id, String key) {
        this.port = port;
        this.quotas = quotas;
        this.id = id;
        this.key = key;
    }

    /** Also registers and loads the fake's model version, if that was not done yet. */
    public static TestingTenant create(int port, Quotas quotas, Map<Unit, Long> limits) {
        var admin = new AdminClient(port);
        admin.post("/models", "{\"name\": \"seedling\"}");
        admin.post(
                "/models/seedling/versions",
                "{\"name\": \"%s\", \"positions_per_token\": 4}".formatted(FakeInferenceServer.VERSION));
        admin.call("POST", "/models/seedling/versions/" + FakeInferenceServer.VERSION + ":load", null);
        // Other tests have models of their own in the same database.
        admin.call("POST", "/models/seedling:makeDefault", null);
        var tenantId = admin.createTenant();
        var tenant = new TestingTenant(port, quotas, new TenantId(tenantId), admin.createKey(tenantId));
        limits.forEach((unit, limit) -> quotas.setLimit(tenant.id, unit, limit));
        Awaitility.await().until(() -> tenant.get("/v1/models/seedling").statusCode() == 200);
        return tenant;
    }

    /** Somebody of a tenant, for whom no key is stored. */
    public static Caller caller(TenantId tenant) {
        return new Caller(
                tenant,
                new ProjectId(tenant.value()),
                new ApiKeyId("0000000000000000"),
                Permissions.ALL,
                Share.DEFAULT,
                Duration.ofHours(24));
    }

    /** A generation of the tenant that is about to be admitted. */
    static OpenGeneration open(GenerationCommand command, TenantId tenant) {
        return new OpenGeneration(command.requestId(), tenant, null, Duration.ofSeconds(5), System.nanoTime());
    }

    /** Over the tenant's whole life. */
    public static Budget budget(TenantId tenant, Unit unit, long limit, long posted, long reserved) {
        return new Budget(Subject.of(tenant), unit, Window.EVER, limit, posted, reserved, 0, null);
    }

    /** Writes what its keys may do. @param scopes, models arrays as PostgreSQL spells them; models null: all */
    public void permit(JdbcClient jdbc, ApiKeys keys, String scopes, @Nullable String models) {
        var before = keys.authenticate("Bearer " + key).permissions();
        jdbc.sql("UPDATE api_key SET scopes = :scopes::text[], models = :models::text[] WHERE tenant_id = :tenant")
                .param("scopes", scopes)
                .param("models", models)
                .param("tenant", id.value())
                .update();
        awaitTold(keys, caller -> !caller.permissions().equals(before));
    }

    /** Writes how long its answers are kept. */
    public void retainAnswers(JdbcClient jdbc, ApiKeys keys, int hours) {
        jdbc.sql("UPDATE tenant SET answer_retention_hours = :hours WHERE tenant_id = :tenant")
                .param("hours", hours)
                .param("tenant", id.value())
                .update();
        awaitTold(keys, caller -> caller.answerRetention().equals(Duration.ofHours(hours)));
    }

    /** Waits until replicas have been told of a change that was written past the admin API. */
    public void awaitTold(ApiKeys keys, Predicate<Caller> told) {
        Awaitility.await().until(() -> told.test(keys.authenticate("Bearer " + key)));
    }

    public static Bill unpriced(Work work) {
        return new Bill(work, null);
    }

    /** The same tenant, as another replica sees it. */
    public TestingTenant at(int otherPort) {
        return new TestingTenant(otherPort, quotas, id, key);
    }

    public TenantId id() {
        return id;
    }

    public String key() {
        return key;
    }

    public List<Budget> budgets() {
        return quotas.budgets(id);
    }

    public Budget budget(Unit unit) {
        return budgets().stream().filter(b -> b.unit() == unit).findFirst().orElseThrow();
    }

    public HttpRequest.Builder request(String path) {
        return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
                .header("Authorization", "Bearer " + key);
    }

    public HttpResponse<String> get(String path) {
        return send(request(path).GET());
    }

    public HttpResponse<String> post(String path, String body) {
        return send(request(path).header("Content-Type", "application/json").POST(BodyPublishers.ofString(body)));
    }

    public HttpResponse<String> send(HttpRequest.Builder request) {
        try {
            return http.send(request.build(), BodyHandlers.ofString());
        } catch (IOException e) {
            throw new IllegalStateException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    /** A running stream; closing it before its end is a client that goes away. */
    public EventStream stream(String path, String body) throws Exception {
        return stream(request(path).header("Content-Type", "application/json").POST(BodyPublishers.ofString(body)));
    }

    public EventStream stream(HttpRequest.Builder request) throws Exception {
        return new EventStream(http.send(request.build(), BodyHandlers.ofInputStream()));
    }

    public static JsonNode json(HttpResponse<String> response) {
        return json.readTree(response.body());
    }

    /** Server-sent events, read one by one. */
    public static final class EventStream implements AutoCloseable {

        private final HttpResponse<InputStream> response;
        private final BufferedReader lines;

        EventStream(HttpResponse<InputStream> response) {
            this.response = response;
            this.lines = new BufferedReader(new InputStreamReader(response.body(), StandardCharsets.UTF_8));
        }

        public HttpResponse<InputStream> response() {
            return response;
        }

        /** The next line that is not empty, or "" at the end. */
        public String line() throws IOException {
            while (true) {
                var line = lines.readLine();
                if (line == null) {
                    return "";
                }
                if (!line.isEmpty()) {
                    return line;
                }
            }
        }

        /** Data of the next event that is no comment, or "" at the end. */
        public String data() throws IOException {
            while (true) {
                var line = line();
                if (line.isEmpty()) {
                    return "";
                }
                if (line.startsWith("data: ")) {
                    return line.substring("data: ".length());
                }
            }
        }

        public JsonNode event() throws IOException {
            return json.readTree(data());
        }

        /** All data to the end. */
        public List<String> rest() throws IOException {
            var all = new ArrayList<String>();
            for (var data = data(); !data.isEmpty(); data = data()) {
                all.add(data);
            }
            return all;
        }

        @Override
        public void close() throws IOException {
            lines.close();
        }
    }
}
