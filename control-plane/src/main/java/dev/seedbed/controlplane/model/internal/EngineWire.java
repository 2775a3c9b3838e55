package dev.seedbed.controlplane.model.internal;

import dev.seedbed.controlplane.model.DefaultKnobs;
import dev.seedbed.generation.v1.DecodeOptions;
import dev.seedbed.generation.v1.Mode;
import dev.seedbed.generation.v1.Policy;
import dev.seedbed.inference.v1.InferenceServiceGrpc;
import dev.seedbed.inference.v1.ListModelVersionsRequest;
import dev.seedbed.inference.v1.LoadModelVersionRequest;
import dev.seedbed.inference.v1.ModelVersion;
import dev.seedbed.inference.v1.ModelVersionState;
import dev.seedbed.inference.v1.UnloadModelVersionRequest;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.springframework.grpc.client.GrpcChannelFactory;
import org.springframework.stereotype.Component;

/** The engine's model versions behind the inference adapter. The only place of this feature that knows its messages. */
@Component
class EngineWire {

    private static final String CHANNEL = "adapter";
    private static final Duration LIST_DEADLINE = Duration.ofSeconds(2);
    /** A load replays the version's golden traces. */
    private static final Duration LOAD_DEADLINE = Duration.ofMinutes(5);

    private final ManagedChannel channel;
    private final InferenceServiceGrpc.InferenceServiceBlockingStub stub;

    EngineWire(GrpcChannelFactory channels) {
        this.channel = channels.createChannel(CHANNEL);
        this.stub = InferenceServiceGrpc.newBlockingStub(channel);
    }

    /** @throws StatusRuntimeException if the adapter did not answer */
    List<EngineVersion> list() {
        // The refresh period is the pace of reconnecting: an adapter that is back must not wait for gRPC's own, which
        // grows to minutes.
        channel.resetConnectBackoff();
        return within(LIST_DEADLINE)
                .listModelVersions(ListModelVersionsRequest.getDefaultInstance())
                .getModelVersionsList()
                .stream()
                .map(EngineWire::version)
                .toList();
    }

    EngineOutcome load(String name) {
        return outcome(() -> within(LOAD_DEADLINE)
                .loadModelVersion(LoadModelVersionRequest.newBuilder()
                        .setModelVersion(name)
                        .build()));
    }

    EngineOutcome unload(String name) {
        return outcome(() -> within(LOAD_DEADLINE)
                .unloadModelVersion(UnloadModelVersionRequest.newBuilder()
                        .setModelVersion(name)
                        .build()));
    }

    private InferenceServiceGrpc.InferenceServiceBlockingStub within(Duration deadline) {
        return stub.withDeadlineAfter(deadline.toMillis(), TimeUnit.MILLISECONDS);
    }

    private static EngineOutcome outcome(Runnable call) {
        try {
            call.run();
            return new EngineOutcome.Done();
        } catch (StatusRuntimeException e) {
            Status status = e.getStatus();
            return switch (status.getCode()) {
                case UNAVAILABLE, DEADLINE_EXCEEDED, CANCELLED -> new EngineOutcome.Away(reason(status));
                default -> new EngineOutcome.Refused(reason(status));
            };
        }
    }

    private static String reason(Status status) {
        return Objects.requireNonNullElse(
                status.getDescription(), status.getCode().name());
    }

    private static EngineVersion version(ModelVersion message) {
        return new EngineVersion(
                message.getName(),
                state(message.getState()),
                message.getReason().isEmpty() ? null : message.getReason(),
                message.getContextLength(),
                modes(message.getModesList()),
                message.getMaxBlockSize(),
                defaults(message.getDefaultOptions()));
    }

    private static DefaultKnobs defaults(DecodeOptions options) {
        var values = new HashMap<String, Double>();
        options.getAllFields().forEach((field, value) -> {
            if (value instanceof Number number) {
                values.put(field.getName(), number.doubleValue());
            }
        });
        return new DefaultKnobs(
                options.getMode() == Mode.MODE_UNSPECIFIED ? null : name("MODE_", options.getMode()),
                options.getPolicy() == Policy.POLICY_UNSPECIFIED ? null : name("POLICY_", options.getPolicy()),
                values);
    }

    private static EngineState state(ModelVersionState state) {
        return switch (state) {
            case MODEL_VERSION_STATE_READY -> EngineState.READY;
            case MODEL_VERSION_STATE_UNLOADED -> EngineState.UNLOADED;
            case MODEL_VERSION_STATE_FAILED -> EngineState.FAILED;
            case MODEL_VERSION_STATE_UNSPECIFIED, UNRECOGNIZED -> EngineState.UNKNOWN;
        };
    }

    private static Set<String> modes(List<Mode> modes) {
        return modes.stream()
                .filter(mode -> mode != Mode.MODE_UNSPECIFIED && mode != Mode.UNRECOGNIZED)
                .map(mode -> name("MODE_", mode))
                .collect(Collectors.toUnmodifiableSet());
    }

    private static String name(String prefix, Enum<?> constant) {
        return constant.name()
                .substring(Math.min(prefix.length(), constant.name().length()))
                .toLowerCase(Locale.ROOT);
    }
}
