package dev.seedbed.controlplane.generation.grpc;

import static dev.seedbed.controlplane.wire.SeedbedException.invalid;

import dev.seedbed.controlplane.generation.FinishReason;
import dev.seedbed.controlplane.generation.GenerationCommand;
import dev.seedbed.controlplane.generation.Knobs;
import dev.seedbed.controlplane.generation.Prompt;
import dev.seedbed.controlplane.usage.GenerationRecord.Surface;
import dev.seedbed.controlplane.usage.Work;
import dev.seedbed.controlplane.wire.RequestId;
import dev.seedbed.generation.v1.CommittedText;
import dev.seedbed.generation.v1.DecodeOptions;
import dev.seedbed.generation.v1.Draft;
import dev.seedbed.generation.v1.Finished;
import dev.seedbed.generation.v1.GenerateRequest;
import dev.seedbed.generation.v1.GenerateResponse;
import dev.seedbed.generation.v1.Started;

/** Messages of {@code generation.v1} to our words and back. */
final class GenerationWire {

    private GenerationWire() {}

    static GenerationCommand command(RequestId id, GenerateRequest request) {
        return new GenerationCommand(
                id,
                Surface.GRPC,
                request.getModel().isEmpty() ? null : request.getModel(),
                prompt(request),
                request.hasMaxTokens() ? (long) request.getMaxTokens() : null,
                request.getStopList(),
                knobs(request.getOptions()),
                request.getDiffusing(),
                true,
                request.getSuffix());
    }

    private static Prompt prompt(GenerateRequest request) {
        return switch (request.getInputCase()) {
            case PROMPT -> new Prompt.Text(request.getPrompt());
            case CHAT ->
                new Prompt.Chat(request.getChat().getMessagesList().stream()
                        .map(message -> new Prompt.Message(message.getRole(), message.getContent()))
                        .toList());
            case INPUT_NOT_SET -> throw invalid("input", "input is missing (expected: prompt or chat)");
        };
    }

    private static Knobs knobs(DecodeOptions options) {
        return new Knobs(
                switch (options.getMode()) {
                    case MODE_UNSPECIFIED -> null;
                    case MODE_AUTOREGRESSIVE -> Knobs.Mode.AUTOREGRESSIVE;
                    case MODE_EXACT -> Knobs.Mode.EXACT;
                    case MODE_DIFFUSION -> Knobs.Mode.DIFFUSION;
                    case UNRECOGNIZED -> throw invalid("options.mode", "mode unknown (expected: one of Mode)");
                },
                switch (options.getPolicy()) {
                    case POLICY_UNSPECIFIED -> null;
                    case POLICY_THRESHOLD -> Knobs.Policy.THRESHOLD;
                    case POLICY_CONFIDENT_PREFIX -> Knobs.Policy.CONFIDENT_PREFIX;
                    case POLICY_FIXED_STEPS -> Knobs.Policy.FIXED_STEPS;
                    case UNRECOGNIZED -> throw invalid("options.policy", "policy unknown (expected: one of Policy)");
                },
                options.hasThreshold() ? options.getThreshold() : null,
                options.hasSteps() ? options.getSteps() : null,
                options.hasEditThreshold() ? options.getEditThreshold() : null,
                options.hasEditRounds() ? options.getEditRounds() : null,
                options.hasBlockSize() ? options.getBlockSize() : null,
                options.hasDraftLength() ? options.getDraftLength() : null,
                options.hasTemperature() ? options.getTemperature() : null,
                options.hasTopP() ? options.getTopP() : null,
                options.hasSeed() ? options.getSeed() : null);
    }

    static GenerateResponse started(RequestId id, String modelVersion) {
        return GenerateResponse.newBuilder()
                .setStarted(Started.newBuilder().setRequestId(id.toString()).setModelVersion(modelVersion))
                .setWork(work(Work.NONE))
                .build();
    }

    static GenerateResponse committed(String text, Work work) {
        return GenerateResponse.newBuilder()
                .setCommitted(CommittedText.newBuilder().setText(text))
                .setWork(work(work))
                .build();
    }

    static GenerateResponse draft(String text, int positions, int decidedPositions, Work work) {
        return GenerateResponse.newBuilder()
                .setDraft(
                        Draft.newBuilder().setText(text).setPositions(positions).setDecidedPositions(decidedPositions))
                .setWork(work(work))
                .build();
    }

    static GenerateResponse finished(FinishReason reason, String detail, Work work) {
        return GenerateResponse.newBuilder()
                .setFinished(Finished.newBuilder()
                        .setReason(
                                switch (reason) {
                                    case STOP -> dev.seedbed.generation.v1.FinishReason.FINISH_REASON_STOP;
                                    case LENGTH -> dev.seedbed.generation.v1.FinishReason.FINISH_REASON_LENGTH;
                                })
                        .setDetail(detail))
                .setWork(work(work))
                .build();
    }

    private static dev.seedbed.generation.v1.Work work(Work work) {
        return dev.seedbed.generation.v1.Work.newBuilder()
                .setInputTokens(work.inputTokens())
                .setCachedInputTokens(work.cachedInputTokens())
                .setForwardPasses(work.forwardPasses())
                .setPositionsEvaluated(work.positionsEvaluated())
                .setCommittedTokens(work.committedTokens())
                .setEdits(work.edits())
                .build();
    }
}
