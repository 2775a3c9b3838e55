package dev.seedbed.adapter;

import com.google.protobuf.ByteString;
import dev.seedbed.adapter.triton.protocol.InferParameter;
import dev.seedbed.adapter.triton.protocol.ModelInferRequest;
import dev.seedbed.adapter.triton.protocol.ModelInferResponse;
import dev.seedbed.adapter.triton.protocol.ModelInferResponse.InferOutputTensor;
import dev.seedbed.adapter.triton.protocol.ModelStreamInferResponse;
import io.grpc.Status;
import io.grpc.stub.ServerCallStreamObserver;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** One request at the fake Triton, and the backend's side of it. Work counts up by itself. Used by one test thread. */
public final class FakeTritonStream {

    private static final long PATIENCE_SECONDS = 120;
    private static final int DRAFT = 0;
    private static final int COMMITTED = 1;

    private final ServerCallStreamObserver<ModelStreamInferResponse> responses;
    private final CompletableFuture<ModelInferRequest> request = new CompletableFuture<>();
    private final CompletableFuture<Void> cancelled = new CompletableFuture<>();
    private final CompletableFuture<Void> halfClosed = new CompletableFuture<>();
    private volatile boolean lingering;
    private int committed;
    private int forwardPasses;

    FakeTritonStream(ServerCallStreamObserver<ModelStreamInferResponse> responses) {
        this.responses = responses;
        responses.setOnCancelHandler(() -> cancelled.complete(null));
    }

    void accept(ModelInferRequest message) {
        request.complete(message);
    }

    /** As Triton does, ends the stream when its client will send no more and has been answered. */
    void halfClosed() {
        if (!lingering) {
            close();
        }
        halfClosed.complete(null);
    }

    public void close() {
        responses.onCompleted();
    }

    /** From now on only {@link #close} ends the stream. */
    public void linger() {
        lingering = true;
    }

    public ModelInferRequest request() {
        return request.join();
    }

    public InferParameter parameter(String name) {
        return request().getParametersOrThrow(name);
    }

    public int[] promptTokens() {
        ByteBuffer contents =
                request().getRawInputContents(0).asReadOnlyByteBuffer().order(ByteOrder.LITTLE_ENDIAN);
        int[] tokens = new int[contents.remaining() / Integer.BYTES];
        contents.asIntBuffer().get(tokens);
        return tokens;
    }

    public void commit(int... tokenIds) {
        send(response(tokenIds, COMMITTED));
        committed += tokenIds.length;
    }

    public void draft(int... tokenIds) {
        send(response(tokenIds, DRAFT));
    }

    public void reportWork() {
        send(response(new int[0], COMMITTED));
    }

    public void finish(String reason, String detail, int... tokenIds) {
        send(response(tokenIds, COMMITTED)
                .putParameters(
                        "triton_final_response",
                        InferParameter.newBuilder().setBoolParam(true).build())
                .putParameters(
                        "finish_reason",
                        InferParameter.newBuilder().setStringParam(reason).build())
                .putParameters(
                        "finish_detail",
                        InferParameter.newBuilder().setStringParam(detail).build()));
        committed += tokenIds.length;
    }

    /** Tokens at another place of the output than the backend would put them. */
    public void commitAt(int start, int... tokenIds) {
        committed = start;
        commit(tokenIds);
    }

    public void fail(Status status) {
        responses.onError(status.asException());
    }

    public void failWithText(String message) {
        responses.onNext(
                ModelStreamInferResponse.newBuilder().setErrorMessage(message).build());
    }

    public void awaitCancellation() {
        await(cancelled);
    }

    public void awaitHalfClose() {
        await(halfClosed);
    }

    private static void await(CompletableFuture<Void> event) {
        try {
            event.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
        } catch (Exception failure) {
            throw new AssertionError("did not happen at the fake Triton", failure);
        }
    }

    private void send(ModelInferResponse.Builder response) {
        responses.onNext(
                ModelStreamInferResponse.newBuilder().setInferResponse(response).build());
    }

    private ModelInferResponse.Builder response(int[] tokenIds, int state) {
        forwardPasses++;
        ModelInferResponse.Builder response =
                ModelInferResponse.newBuilder().setModelName(request().getModelName());
        // Not in the documented order: clients go by name.
        add(response, "work", "INT64", 6, work(state == COMMITTED ? committed + tokenIds.length : committed));
        add(response, "state", "UINT8", 1, littleEndian(1).put((byte) state));
        add(response, "start", "INT32", 1, littleEndian(Integer.BYTES).putInt(committed));
        ByteBuffer tokens = littleEndian(Integer.BYTES * tokenIds.length);
        ByteBuffer confidence = littleEndian(Float.BYTES * tokenIds.length);
        for (int id : tokenIds) {
            tokens.putInt(id);
            confidence.putFloat(0.5f);
        }
        add(response, "token_ids", "INT32", tokenIds.length, tokens);
        add(response, "confidence", "FP32", tokenIds.length, confidence);
        return response;
    }

    private ByteBuffer work(int committedTokens) {
        return littleEndian(6 * Long.BYTES)
                .putLong(promptTokens().length)
                .putLong(0)
                .putLong(forwardPasses)
                .putLong(10L * forwardPasses)
                .putLong(committedTokens)
                .putLong(0);
    }

    private static ByteBuffer littleEndian(int bytes) {
        return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    private static void add(
            ModelInferResponse.Builder response, String name, String datatype, int elements, ByteBuffer contents) {
        response.addOutputs(InferOutputTensor.newBuilder()
                .setName(name)
                .setDatatype(datatype)
                .addShape(elements));
        response.addRawOutputContents(ByteString.copyFrom(contents.flip()));
    }
}
