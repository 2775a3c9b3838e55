package dev.seedbed.controlplane.generation.answer;

import dev.seedbed.controlplane.generation.GenerationSink;
import dev.seedbed.controlplane.model.ModelVersion;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.json.JsonMapper;

/** A whole answer as it is kept: which version gave it, its texts as they came, and its end. */
record Answer(
        ModelVersion version,
        List<AnswerEvent.Text> texts,
        AnswerEvent.@Nullable Finished finished,
        AnswerEvent.@Nullable Failed failed) {

    private static final JsonMapper json = JsonMapper.shared();

    static Answer of(ModelVersion version, List<AnswerEvent.Text> texts, AnswerEvent.End end) {
        return switch (end) {
            case AnswerEvent.Finished finished -> new Answer(version, texts, finished, null);
            case AnswerEvent.Failed failed -> new Answer(version, texts, null, failed);
        };
    }

    byte[] toBytes() {
        return json.writeValueAsString(this).getBytes(StandardCharsets.UTF_8);
    }

    static Answer of(byte[] bytes) {
        return json.readValue(bytes, Answer.class);
    }

    /** @throws dev.seedbed.controlplane.wire.SeedbedException the answer was this failure */
    void deliver(GenerationSink sink) {
        sink.admitted(version, List.of());
        texts.forEach(text -> text.deliver(sink));
        if (finished != null) {
            finished.deliver(sink);
        } else if (failed != null) {
            failed.deliver(sink);
        }
    }
}
