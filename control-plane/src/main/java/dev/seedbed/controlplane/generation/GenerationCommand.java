package dev.seedbed.controlplane.generation;

import dev.seedbed.controlplane.usage.GenerationRecord.Surface;
import dev.seedbed.controlplane.wire.RequestId;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A generation that somebody asks for, well-formed and not yet checked against a model version.
 *
 * @param model name of a model or a version; null: the default model
 * @param maxTokens output tokens; null: 256, or what context and bounds leave
 * @param stop texts before which the output ends
 * @param diffusing whether drafts are wanted
 * @param streamed whether the output is shown while it grows
 * @param suffix text that follows the output, which ends before it; blank: none
 */
public record GenerationCommand(
        RequestId requestId,
        Surface surface,
        @Nullable String model,
        Prompt prompt,
        @Nullable Long maxTokens,
        List<String> stop,
        Knobs knobs,
        boolean diffusing,
        boolean streamed,
        String suffix) {}
