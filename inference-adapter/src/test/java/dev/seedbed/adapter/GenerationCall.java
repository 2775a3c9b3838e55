package dev.seedbed.adapter;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.google.rpc.BadRequest;
import com.google.rpc.ErrorInfo;
import dev.seedbed.generation.v1.Finished;
import dev.seedbed.inference.v1.GenerateRequest;
import dev.seedbed.inference.v1.GenerateResponse;
import dev.seedbed.inference.v1.InferenceServiceGrpc;
import io.grpc.Channel;
import io.grpc.Status;
import io.grpc.protobuf.StatusProto;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** A caller of {@code Generate} that reads when the test wants it to. */
public final class GenerationCall implements ClientResponseObserver<GenerateRequest, GenerateResponse> {

    private static final long PATIENCE_SECONDS = 120;

    private final boolean reading;
    private final BlockingQueue<GenerateResponse> unread = new LinkedBlockingQueue<>();
    private final CompletableFuture<@Nullable Throwable> end = new CompletableFuture<>();
    private final CompletableFuture<ClientCallStreamObserver<GenerateRequest>> call = new CompletableFuture<>();

    private GenerationCall(boolean reading) {
        this.reading = reading;
    }

    public static GenerationCall start(Channel channel, GenerateRequest request) {
        return start(InferenceServiceGrpc.newStub(channel), request, true);
    }

    /** The caller takes nothing off the wire before {@link #readAll}. */
    public static GenerationCall startWithoutReading(Channel channel, GenerateRequest request) {
        return start(InferenceServiceGrpc.newStub(channel), request, false);
    }

    public static GenerationCall start(
            InferenceServiceGrpc.InferenceServiceStub stub, GenerateRequest request, boolean reading) {
        GenerationCall call = new GenerationCall(reading);
        stub.generate(request, call);
        return call;
    }

    @Override
    public void beforeStart(ClientCallStreamObserver<GenerateRequest> started) {
        if (!reading) {
            started.disableAutoRequestWithInitial(0);
        }
        call.complete(started);
    }

    @Override
    public void onNext(GenerateResponse message) {
        unread.add(message);
    }

    @Override
    public void onError(Throwable failure) {
        end.complete(failure);
    }

    @Override
    public void onCompleted() {
        end.complete(null);
    }

    public GenerateResponse next() {
        try {
            GenerateResponse message = unread.poll(PATIENCE_SECONDS, TimeUnit.SECONDS);
            if (message == null) {
                throw new AssertionError("no message from the adapter");
            }
            return message;
        } catch (InterruptedException interrupted) {
            throw new AssertionError(interrupted);
        }
    }

    public void cancel() {
        call.join().cancel("the test cancels", null);
    }

    /** All messages not read yet, once the call ended well. */
    public List<GenerateResponse> readAll() {
        if (!reading) {
            call.join().request(Integer.MAX_VALUE);
        }
        Throwable failure = awaitEnd();
        if (failure != null) {
            throw new AssertionError("the call failed", failure);
        }
        return drain();
    }

    /** Messages that came before the end, whatever the end was. */
    public List<GenerateResponse> drain() {
        List<GenerateResponse> messages = new ArrayList<>();
        unread.drainTo(messages);
        return messages;
    }

    public Failure failure() {
        Throwable failure = awaitEnd();
        if (failure == null) {
            throw new AssertionError("the call ended well: " + unread);
        }
        return new Failure(failure);
    }

    private @Nullable Throwable awaitEnd() {
        try {
            return end.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
        } catch (InterruptedException | ExecutionException | TimeoutException never) {
            throw new AssertionError("the call did not end", never);
        }
    }

    public static String text(List<GenerateResponse> messages) {
        return messages.stream()
                .filter(GenerateResponse::hasCommitted)
                .map(message -> message.getCommitted().getText())
                .collect(Collectors.joining());
    }

    public static List<Integer> tokens(List<GenerateResponse> messages) {
        return messages.stream()
                .flatMap(message -> message.getCommittedTokenIdsList().stream())
                .toList();
    }

    public static Finished finished(List<GenerateResponse> messages) {
        return messages.getLast().getFinished();
    }

    /** How a call failed, in the words that programs read. */
    public record Failure(Throwable cause) {

        public Status.Code code() {
            return Status.fromThrowable(cause).getCode();
        }

        public String message() {
            return String.valueOf(Status.fromThrowable(cause).getDescription());
        }

        public ErrorInfo info() {
            return detail(ErrorInfo.class, ErrorInfo.getDefaultInstance());
        }

        /** Empty when the error is no field's fault. */
        public String field() {
            BadRequest request = detail(BadRequest.class, BadRequest.getDefaultInstance());
            return request.getFieldViolationsCount() == 0
                    ? ""
                    : request.getFieldViolations(0).getField();
        }

        private <T extends Message> T detail(Class<T> type, T absent) {
            com.google.rpc.Status status = StatusProto.fromThrowable(cause);
            if (status == null) {
                return absent;
            }
            for (Any any : status.getDetailsList()) {
                if (any.is(type)) {
                    try {
                        return any.unpack(type);
                    } catch (InvalidProtocolBufferException malformed) {
                        throw new AssertionError(malformed);
                    }
                }
            }
            return absent;
        }
    }
}
