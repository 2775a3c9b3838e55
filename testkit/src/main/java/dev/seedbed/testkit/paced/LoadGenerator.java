package dev.seedbed.testkit.paced;

import dev.seedbed.inference.v1.GenerateRequest;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Set;

/**
 * Runs one load after another, so that its own code is compiled long before the first run that counts. Each line of its input is
 * one run, options separated by tabs; each line of its output is what that run measured, as JSON.
 *
 * <pre>
 * --target=http://127.0.0.1:8080/v1/chat/completions --keys=a,b --body=  or  --target=grpc://127.0.0.1:9091 --model-version= --stream=
 * --rate= (per second) or --concurrency=, and --seconds=
 * </pre>
 */
public final class LoadGenerator {

    private static final Set<String> WHAT_IS_CALLED = Set.of("target", "keys", "body", "model-version", "stream");

    private final HashMap<Options, Target> targets = new HashMap<>();

    LoadGenerator() {}

    public static void main(String[] arguments) throws IOException, InterruptedException {
        var generator = new LoadGenerator();
        var lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (var line = lines.readLine(); line != null; line = lines.readLine()) {
            System.out.println(generator.run(Options.of(List.of(line.split("\t")))));
        }
        generator.targets.values().forEach(Target::close);
    }

    String run(Options options) throws InterruptedException {
        var target = targets.computeIfAbsent(options.only(WHAT_IS_CALLED), LoadGenerator::target);
        var seconds = options.decimal("seconds");
        return options.find("rate") == null
                ? Load.closed(target, options.number("concurrency"), seconds)
                : Load.open(target, options.decimal("rate"), seconds);
    }

    private static Target target(Options options) {
        var url = URI.create(options.text("target"));
        return switch (url.getScheme()) {
            case "http" -> new HttpTarget(url, List.of(options.text("keys").split(",")), options.text("body"));
            case "grpc" ->
                new GrpcTarget(url.getHost(), url.getPort(), request(options), "true".equals(options.find("stream")));
            default ->
                throw new IllegalArgumentException(
                        "target out of range: %s (expected: http://... or grpc://...)".formatted(url));
        };
    }

    private static GenerateRequest request(Options options) {
        return GenerateRequest.newBuilder()
                .setRequestId("load")
                .setModelVersion(options.text("model-version"))
                .setPrompt("eight words that nobody will ever read again")
                .setMaxTokens(1000)
                .setMaxPositions(1_000_000)
                .setTenant("load")
                .build();
    }
}
