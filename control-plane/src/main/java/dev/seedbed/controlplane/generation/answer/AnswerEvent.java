package dev.seedbed.controlplane.generation.answer;

import dev.seedbed.controlplane.generation.FinishReason;
import dev.seedbed.controlplane.generation.GenerationSink;
import dev.seedbed.controlplane.usage.Work;
import dev.seedbed.controlplane.wire.ErrorCode;
import dev.seedbed.controlplane.wire.SeedbedException;
import java.time.Duration;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A part of an answer. Drafts are none: each is replaced by the next. */
sealed interface AnswerEvent {

    /** @throws SeedbedException the answer is a failure */
    void deliver(GenerationSink sink);

    record Text(String text, Work work) implements AnswerEvent {
        @Override
        public void deliver(GenerationSink sink) {
            sink.committed(text, work);
        }
    }

    /** The last one of an answer. */
    sealed interface End extends AnswerEvent {}

    record Finished(FinishReason reason, String detail, Work work) implements End {
        @Override
        public void deliver(GenerationSink sink) {
            sink.finished(reason, detail, work);
        }
    }

    /** After execution began. */
    record Failed(
            ErrorCode code,
            String message,
            @Nullable String param,
            Map<String, String> metadata,
            @Nullable Duration retryAfter)
            implements End {

        static Failed of(SeedbedException failure) {
            return new Failed(
                    failure.code(), failure.text(), failure.param(), failure.metadata(), failure.retryAfter());
        }

        @Override
        public void deliver(GenerationSink sink) {
            var failure = new SeedbedException(code, message, param, null).with(metadata);
            throw retryAfter == null ? failure : failure.retryAfter(retryAfter);
        }
    }
}
