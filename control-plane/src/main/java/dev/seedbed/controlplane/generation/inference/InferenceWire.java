package dev.seedbed.controlplane.generation.inference;

import dev.seedbed.controlplane.generation.Knobs;
import dev.seedbed.controlplane.generation.Prompt;
import dev.seedbed.controlplane.usage.Work;
import dev.seedbed.generation.v1.Chat;
import dev.seedbed.generation.v1.ChatMessage;
import dev.seedbed.generation.v1.DecodeOptions;
import dev.seedbed.generation.v1.Finished;
import dev.seedbed.generation.v1.Mode;
import dev.seedbed.generation.v1.Policy;
import dev.seedbed.inference.v1.CountTokensRequest;
import dev.seedbed.inference.v1.GenerateRequest;
import dev.seedbed.inference.v1.GenerateResponse;

/** Our words to messages of {@code inference.v1} and back. */
final class InferenceWire {

    private InferenceWire() {}

    static CountTokensRequest countTokens(String modelVersion, Prompt prompt) {
        var request = CountTokensRequest.newBuilder().setModelVersion(modelVersion);
        switch (prompt) {
            case Prompt.Text(var text) -> request.setPrompt(text);
            case Prompt.Chat chat -> request.setChat(chat(chat));
        }
        return request.build();
    }

    static GenerateRequest generate(Dispatch dispatch) {
        var request = GenerateRequest.newBuilder()
                .setRequestId(dispatch.requestId().toString())
                .setModelVersion(dispatch.modelVersion())
                .setMaxTokens(dispatch.maxTokens())
                .setMaxPositions(dispatch.maxPositions())
                .addAllStop(dispatch.stop())
                .setOptions(options(dispatch.knobs()))
                .setDiffusing(dispatch.diffusing())
                .setCoalesceMs(Math.toIntExact(dispatch.coalescing().toMillis()))
                .setTenant(dispatch.tenantId().toString())
                .setWeight(dispatch.share().weight())
                .setPriority(dispatch.share().priority())
                .addAllCommittedTokenIds(dispatch.committedTokenIds());
        switch (dispatch.prompt()) {
            case Prompt.Text(var text) -> request.setPrompt(text);
            case Prompt.Chat chat -> request.setChat(chat(chat));
        }
        return request.build();
    }

    private static Chat chat(Prompt.Chat chat) {
        var message = Chat.newBuilder();
        chat.messages()
                .forEach(turn -> message.addMessages(
                        ChatMessage.newBuilder().setRole(turn.role()).setContent(turn.content())));
        return message.build();
    }

    private static DecodeOptions options(Knobs knobs) {
        var options = DecodeOptions.newBuilder();
        if (knobs.mode() != null) {
            options.setMode(
                    switch (knobs.mode()) {
                        case AUTOREGRESSIVE -> Mode.MODE_AUTOREGRESSIVE;
                        case EXACT -> Mode.MODE_EXACT;
                        case DIFFUSION -> Mode.MODE_DIFFUSION;
                    });
        }
        if (knobs.policy() != null) {
            options.setPolicy(
                    switch (knobs.policy()) {
                        case THRESHOLD -> Policy.POLICY_THRESHOLD;
                        case CONFIDENT_PREFIX -> Policy.POLICY_CONFIDENT_PREFIX;
                        case FIXED_STEPS -> Policy.POLICY_FIXED_STEPS;
                    });
        }
        if (knobs.threshold() != null) {
            options.setThreshold(knobs.threshold());
        }
        if (knobs.steps() != null) {
            options.setSteps(knobs.steps());
        }
        if (knobs.editThreshold() != null) {
            options.setEditThreshold(knobs.editThreshold());
        }
        if (knobs.editRounds() != null) {
            options.setEditRounds(knobs.editRounds());
        }
        if (knobs.blockSize() != null) {
            options.setBlockSize(knobs.blockSize());
        }
        if (knobs.draftLength() != null) {
            options.setDraftLength(knobs.draftLength());
        }
        if (knobs.temperature() != null) {
            options.setTemperature(knobs.temperature());
        }
        if (knobs.topP() != null) {
            options.setTopP(knobs.topP());
        }
        if (knobs.seed() != null) {
            options.setSeed(knobs.seed());
        }
        return options.build();
    }

    static InferenceEvent event(GenerateResponse message) {
        var work = message.getWork();
        return new InferenceEvent(
                new Work(
                        work.getInputTokens(),
                        work.getCachedInputTokens(),
                        work.getForwardPasses(),
                        work.getPositionsEvaluated(),
                        work.getCommittedTokens(),
                        work.getEdits()),
                message.getCommittedTokenIdsList(),
                output(message));
    }

    private static InferenceEvent.Output output(GenerateResponse message) {
        return switch (message.getEventCase()) {
            case COMMITTED -> new InferenceEvent.Text(message.getCommitted().getText());
            case DRAFT ->
                new InferenceEvent.Draft(
                        message.getDraft().getText(),
                        message.getDraft().getPositions(),
                        message.getDraft().getDecidedPositions());
            case FINISHED -> finished(message.getFinished(), message.getHeldText());
            case EVENT_NOT_SET -> new InferenceEvent.Nothing();
        };
    }

    private static InferenceEvent.Finished finished(Finished finished, String heldText) {
        var reason = switch (finished.getReason()) {
            case FINISH_REASON_STOP -> InferenceEvent.Reason.STOP;
            case FINISH_REASON_LENGTH -> InferenceEvent.Reason.LENGTH;
            case FINISH_REASON_CANCELLED -> InferenceEvent.Reason.CANCELLED;
            case FINISH_REASON_ERROR, FINISH_REASON_UNSPECIFIED, UNRECOGNIZED -> InferenceEvent.Reason.ERROR;
        };
        return new InferenceEvent.Finished(reason, finished.getDetail(), heldText);
    }
}
