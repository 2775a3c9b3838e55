package dev.seedbed.adapter.triton;

import com.google.protobuf.ByteString;
import dev.seedbed.adapter.triton.DecodeOutput.Finish;
import dev.seedbed.adapter.triton.DecodeOutput.FinishReason;
import dev.seedbed.adapter.triton.DecodeOutput.Work;
import dev.seedbed.adapter.triton.protocol.InferParameter;
import dev.seedbed.adapter.triton.protocol.ModelInferRequest;
import dev.seedbed.adapter.triton.protocol.ModelInferRequest.InferInputTensor;
import dev.seedbed.adapter.triton.protocol.ModelInferResponse;
import dev.seedbed.adapter.wire.AdapterException;
import dev.seedbed.adapter.wire.ErrorCode;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;

/** The tensors and parameters of {@code docs/triton-protocol.md}. */
final class DecodeTensors {

    private static final String FINISH_REASON = "finish_reason";
    private static final String FINISH_DETAIL = "finish_detail";
    private static final String FINAL_RESPONSE = "triton_final_response";
    private static final byte STATE_DRAFT = 0;

    private DecodeTensors() {}

    static ModelInferRequest request(DecodeRequest request) {
        int[] tokens = request.promptTokens();
        ByteBuffer contents = ByteBuffer.allocate(Integer.BYTES * tokens.length).order(ByteOrder.LITTLE_ENDIAN);
        contents.asIntBuffer().put(tokens);
        ModelInferRequest.Builder message = ModelInferRequest.newBuilder()
                .setModelName(request.modelName())
                .setId(request.requestId())
                .addInputs(InferInputTensor.newBuilder()
                        .setName("token_ids")
                        .setDatatype("INT32")
                        .addShape(tokens.length))
                .addRawInputContents(ByteString.copyFrom(contents));
        put(message, "max_tokens", (long) request.maxTokens());
        put(message, "max_positions", request.maxPositions());
        put(message, "drafts", request.drafts());
        put(message, "tenant", request.tenant());
        put(message, "weight", (long) request.weight());
        put(message, "sched_priority", (long) request.priority());
        DecodeRequest.Knobs knobs = request.knobs();
        put(message, "mode", knobs.mode());
        put(message, "policy", knobs.policy());
        put(message, "threshold", knobs.threshold());
        put(message, "steps", widen(knobs.steps()));
        put(message, "edit_threshold", knobs.editThreshold());
        put(message, "edit_rounds", widen(knobs.editRounds()));
        put(message, "block_size", widen(knobs.blockSize()));
        put(message, "draft_length", widen(knobs.draftLength()));
        put(message, "temperature", knobs.temperature());
        put(message, "top_p", knobs.topP());
        put(message, "seed", knobs.seed());
        return message.build();
    }

    static DecodeOutput output(ModelInferResponse response) {
        ByteBuffer work = tensor(response, "work");
        return new DecodeOutput(
                tensor(response, "start").getInt(),
                ints(tensor(response, "token_ids")),
                tensor(response, "state").get() == STATE_DRAFT,
                new Work(
                        work.getLong(), work.getLong(), work.getLong(), work.getLong(), work.getLong(), work.getLong()),
                finish(response));
    }

    /** Whether Triton will send no more for this request, whatever the backend said. */
    static boolean isFinal(ModelInferResponse response) {
        return response.containsParameters(FINISH_REASON)
                || response.getParametersOrDefault(FINAL_RESPONSE, InferParameter.getDefaultInstance())
                        .getBoolParam();
    }

    private static @Nullable Finish finish(ModelInferResponse response) {
        if (!response.containsParameters(FINISH_REASON)) {
            return null;
        }
        String reason = response.getParametersOrThrow(FINISH_REASON).getStringParam();
        String detail = response.getParametersOrDefault(FINISH_DETAIL, InferParameter.getDefaultInstance())
                .getStringParam();
        return new Finish(
                switch (reason) {
                    case "stop" -> FinishReason.STOP;
                    case "length" -> FinishReason.LENGTH;
                    case "cancelled" -> FinishReason.CANCELLED;
                    case "error" -> FinishReason.ERROR;
                    default -> throw unreadable("unknown finish_reason of the engine: " + reason);
                },
                detail);
    }

    private static ByteBuffer tensor(ModelInferResponse response, String name) {
        for (int i = 0; i < response.getOutputsCount() && i < response.getRawOutputContentsCount(); i++) {
            if (response.getOutputs(i).getName().equals(name)) {
                return response.getRawOutputContents(i).asReadOnlyByteBuffer().order(ByteOrder.LITTLE_ENDIAN);
            }
        }
        throw unreadable("output missing in the engine's response: " + name);
    }

    private static int[] ints(ByteBuffer contents) {
        int[] values = new int[contents.remaining() / Integer.BYTES];
        contents.asIntBuffer().get(values);
        return values;
    }

    private static AdapterException unreadable(String message) {
        return new AdapterException(ErrorCode.INTERNAL, message);
    }

    private static @Nullable Long widen(@Nullable Integer value) {
        return value == null ? null : value.longValue();
    }

    private static void put(ModelInferRequest.Builder message, String name, @Nullable Object value) {
        switch (value) {
            case null -> {}
            case Boolean flag -> parameter(message, name).setBoolParam(flag);
            case Long number -> parameter(message, name).setInt64Param(number);
            case Double number -> parameter(message, name).setDoubleParam(number);
            case String text -> parameter(message, name).setStringParam(text);
            default -> throw new IllegalArgumentException("no parameter type for " + value.getClass());
        }
    }

    private static InferParameter.Builder parameter(ModelInferRequest.Builder message, String name) {
        return message.putParametersBuilderIfAbsent(name);
    }
}
