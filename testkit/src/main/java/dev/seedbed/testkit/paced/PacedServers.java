package dev.seedbed.testkit.paced;

import dev.seedbed.testkit.FakeInferenceServer;
import java.io.IOException;
import java.util.List;

/**
 * {@code --adapter-port --openai-port --first-ms --tokens --interval-ms}: an inference adapter and an OpenAI server with the same
 * pace, until the process ends.
 */
public final class PacedServers {

    private PacedServers() {}

    public static void main(String[] arguments) throws IOException, InterruptedException {
        var options = Options.of(List.of(arguments));
        var pace = Pace.of(options);
        var adapter = FakeInferenceServer.startForgetful(options.number("adapter-port"));
        adapter.script(pace::run);
        PacedOpenAi.start(options.number("openai-port"), pace);
        System.out.println("ready: " + pace);
        Thread.currentThread().join();
    }
}
