package dev.seedbed.adapter.generation;

import dev.seedbed.adapter.model.ModelContract;
import dev.seedbed.adapter.model.ModelVersion;
import dev.seedbed.adapter.tokenizer.ChatTurn;
import dev.seedbed.adapter.triton.DecodeOutput;
import dev.seedbed.adapter.triton.DecodeRequest;
import dev.seedbed.adapter.triton.DecodeRequest.Knobs;
import dev.seedbed.adapter.wire.AdapterException;
import dev.seedbed.generation.v1.Chat;
import dev.seedbed.generation.v1.CommittedText;
import dev.seedbed.generation.v1.Draft;
import dev.seedbed.generation.v1.FinishReason;
import dev.seedbed.generation.v1.Finished;
import dev.seedbed.generation.v1.Work;
import dev.seedbed.inference.v1.CountTokensRequest;
import dev.seedbed.inference.v1.GenerateRequest;
import dev.seedbed.inference.v1.GenerateResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.IntStream;

/** Messages of {@code inference.v1} to the adapter's own words and back. */
final class GenerationWire {

    private static final int MAX_STOPS = 4;
    private static final int MAX_WEIGHT = 1000;
    private static final int MAX_PRIORITY = 9;
    private static final int MAX_COALESCE_MS = 1000;
    private static final Set<String> ROLES = Set.of("system", "user", "assistant");
    // Ids stand in log lines.
    private static final Pattern REQUEST_ID = Pattern.compile("[\\x21-\\x7e]{0,128}");

    private GenerationWire() {}

    static Generation generation(GenerateRequest request, ModelVersion version) {
        ModelContract contract = version.contract();
        if (!REQUEST_ID.matcher(request.getRequestId()).matches()) {
            throw AdapterException.invalid(
                    "request_id", "request_id malformed (expected: at most 128 visible ASCII characters)");
        }
        int maxTokens = Ranges.between("max_tokens", request.getMaxTokens(), 1, contract.contextLength());
        Long maxPositions = request.hasMaxPositions()
                ? Ranges.between("max_positions", request.getMaxPositions(), 1, Long.MAX_VALUE)
                : null;
        int weight = request.hasWeight() ? Ranges.between("weight", request.getWeight(), 1, MAX_WEIGHT) : 1;
        int priority = Ranges.between("priority", request.getPriority(), 0, MAX_PRIORITY);
        int coalesceMillis = Ranges.between("coalesce_ms", request.getCoalesceMs(), 0, MAX_COALESCE_MS);
        Knobs knobs = KnobsWire.knobs(request.getOptions(), contract);
        List<String> stops = stops(request);
        int[] committed = committed(request, contract);
        int[] prompt = prompt(request).tokens(version);
        int[] tokens = IntStream.concat(Arrays.stream(prompt), Arrays.stream(committed))
                .toArray();
        ContextLength.check(
                contract,
                tokens.length,
                maxTokens,
                KnobsWire.mode(request.getOptions(), contract),
                knobs.blockSize(),
                knobs.draftLength());
        return new Generation(
                version,
                new DecodeRequest(
                        version.name(),
                        request.getRequestId(),
                        tokens,
                        maxTokens,
                        maxPositions,
                        knobs,
                        request.getDiffusing(),
                        request.getTenant(),
                        weight,
                        priority),
                committed,
                stops,
                Duration.ofMillis(coalesceMillis));
    }

    static Prompt prompt(CountTokensRequest request) {
        return switch (request.getInputCase()) {
            case PROMPT -> text(request.getPrompt());
            case CHAT -> chat(request.getChat());
            case INPUT_NOT_SET -> throw noInput();
        };
    }

    /** The first message that tells of these tokens says what else it says. */
    static GenerateResponse withTokens(GenerateResponse message, Iterable<Integer> committedTokenIds) {
        return message.toBuilder().addAllCommittedTokenIds(committedTokenIds).build();
    }

    static GenerateResponse committed(String text, DecodeOutput.Work work) {
        return GenerateResponse.newBuilder()
                .setCommitted(CommittedText.newBuilder().setText(text))
                .setWork(work(work))
                .build();
    }

    static GenerateResponse draft(DraftText draft, DecodeOutput.Work work) {
        return GenerateResponse.newBuilder()
                .setDraft(Draft.newBuilder()
                        .setText(draft.text())
                        .setPositions(draft.positions())
                        .setDecidedPositions(draft.decidedPositions()))
                .setWork(work(work))
                .build();
    }

    static GenerateResponse workOnly(DecodeOutput.Work work) {
        return GenerateResponse.newBuilder().setWork(work(work)).build();
    }

    /** @param heldText what a caller that does not continue after a work limit still has to show */
    static GenerateResponse finished(DecodeOutput.Finish finish, String heldText, DecodeOutput.Work work) {
        GenerateResponse.Builder message = GenerateResponse.newBuilder()
                .setFinished(Finished.newBuilder()
                        .setReason(
                                switch (finish.reason()) {
                                    case STOP -> FinishReason.FINISH_REASON_STOP;
                                    case LENGTH -> FinishReason.FINISH_REASON_LENGTH;
                                    case CANCELLED -> FinishReason.FINISH_REASON_CANCELLED;
                                    case ERROR -> FinishReason.FINISH_REASON_ERROR;
                                })
                        .setDetail(finish.detail()))
                .setWork(work(work));
        return heldText.isEmpty()
                ? message.build()
                : message.setHeldText(heldText).build();
    }

    private static Prompt prompt(GenerateRequest request) {
        return switch (request.getInputCase()) {
            case PROMPT -> text(request.getPrompt());
            case CHAT -> chat(request.getChat());
            case INPUT_NOT_SET -> throw noInput();
        };
    }

    private static int[] committed(GenerateRequest request, ModelContract contract) {
        for (int i = 0; i < request.getCommittedTokenIdsCount(); i++) {
            Ranges.between(
                    "committed_token_ids[" + i + "]", request.getCommittedTokenIds(i), 0, contract.vocabSize() - 1);
        }
        return request.getCommittedTokenIdsList().stream().mapToInt(id -> id).toArray();
    }

    private static Prompt text(String prompt) {
        if (prompt.isEmpty()) {
            throw AdapterException.invalid("prompt", "prompt is empty (expected: at least one character)");
        }
        return new Prompt.Text(prompt);
    }

    private static Prompt chat(Chat chat) {
        if (chat.getMessagesCount() == 0) {
            throw AdapterException.invalid("chat.messages", "chat.messages is empty (expected: at least one)");
        }
        List<ChatTurn> turns = new ArrayList<>();
        for (int i = 0; i < chat.getMessagesCount(); i++) {
            String role = chat.getMessages(i).getRole();
            if (!ROLES.contains(role)) {
                throw AdapterException.invalid(
                        "chat.messages[" + i + "].role",
                        "role unknown: " + role + " (expected: system, user or assistant)");
            }
            turns.add(new ChatTurn(role, chat.getMessages(i).getContent()));
        }
        return new Prompt.Chat(List.copyOf(turns));
    }

    private static AdapterException noInput() {
        return AdapterException.invalid("input", "input is missing (expected: prompt or chat)");
    }

    private static List<String> stops(GenerateRequest request) {
        if (request.getStopCount() > MAX_STOPS) {
            throw AdapterException.invalid(
                    "stop", "too many stop texts: " + request.getStopCount() + " (limit: " + MAX_STOPS + ")");
        }
        for (int i = 0; i < request.getStopCount(); i++) {
            if (request.getStop(i).isEmpty()) {
                throw AdapterException.invalid(
                        "stop[" + i + "]", "stop text is empty (expected: at least one character)");
            }
        }
        return List.copyOf(request.getStopList());
    }

    private static Work work(DecodeOutput.Work work) {
        return Work.newBuilder()
                .setInputTokens(work.inputTokens())
                .setCachedInputTokens(work.cachedInputTokens())
                .setForwardPasses(work.forwardPasses())
                .setPositionsEvaluated(work.positionsEvaluated())
                .setCommittedTokens(work.committedTokens())
                .setEdits(work.edits())
                .build();
    }
}
