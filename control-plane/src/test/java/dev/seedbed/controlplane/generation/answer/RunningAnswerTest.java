package dev.seedbed.controlplane.generation.answer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.seedbed.controlplane.generation.FinishReason;
import dev.seedbed.controlplane.generation.GenerationSink;
import dev.seedbed.controlplane.generation.GenerationSink.ClientGoneException;
import dev.seedbed.controlplane.model.DefaultKnobs;
import dev.seedbed.controlplane.model.ModelVersion;
import dev.seedbed.controlplane.quota.Budget;
import dev.seedbed.controlplane.usage.Work;
import dev.seedbed.controlplane.wire.ErrorCode;
import dev.seedbed.controlplane.wire.RequestId;
import dev.seedbed.controlplane.wire.SeedbedException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class RunningAnswerTest {

    private static final ModelVersion VERSION = new ModelVersion(
            "seedling", "seedling-v1", 512, Set.of("exact"), 16, 4, DefaultKnobs.UNTOLD, Instant.EPOCH);
    private static final AnswerEvent.Finished END = new AnswerEvent.Finished(FinishReason.STOP, "end_token", Work.NONE);
    private static final Duration PATIENCE = Duration.ofHours(1);

    static IntStream seeds() {
        return IntStream.range(0, 200);
    }

    /** Whoever goes away anywhere and comes back gets every text once, in order. */
    @ParameterizedTest
    @MethodSource("seeds")
    void continuesExactlyWhereverAReaderIsCutOff(int seed) throws Exception {
        var random = new Random(seed);
        var texts = IntStream.range(0, 1 + random.nextInt(40))
                .mapToObj(i -> "<" + i + ">")
                .toList();
        var answer = running(new AnswerProperties(PATIENCE, PATIENCE, 1 << 20));
        var cuts =
                random.ints(1 + random.nextInt(6), 0, texts.size() + 1).boxed().toList();
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            var readers = new ArrayList<Future<Read>>();
            for (int i = 0; i < 3; i++) {
                readers.add(threads.submit(readWithCuts(answer, cuts, texts)));
            }
            answer.admitted(VERSION, List.of());
            for (var text : texts) {
                answer.committed(text, Work.NONE);
                if (random.nextInt(4) == 0) {
                    Thread.yield();
                }
            }
            answer.end(END);
            for (var reader : readers) {
                var read = reader.get();
                assertThat(read.texts).isEqualTo(texts);
                assertThat(read.ended).isTrue();
            }
        }
    }

    private static Callable<Read> readWithCuts(RunningAnswer answer, List<Integer> cuts, List<String> texts) {
        return () -> {
            for (int cut : cuts) {
                var gone = new Read(cut);
                answer.attach();
                try {
                    answer.read(gone, false, PATIENCE);
                } catch (ClientGoneException e) {
                    assertThat(gone.texts).isEqualTo(texts.subList(0, cut));
                } finally {
                    answer.detach();
                }
            }
            var last = new Read(Integer.MAX_VALUE);
            answer.attach();
            assertThat(answer.read(last, true, PATIENCE)).isTrue();
            answer.detach();
            return last;
        };
    }

    @Test
    void cutsOffWhoReadsTooSlowlyAndGoesOn() throws Exception {
        var answer = running(new AnswerProperties(PATIENCE, PATIENCE, 10));
        answer.attach();
        answer.admitted(VERSION, List.of());
        for (int i = 0; i < 100; i++) {
            answer.committed("four", Work.NONE);
        }
        answer.end(END);
        assertThatThrownBy(() -> answer.read(new Read(Integer.MAX_VALUE), false, PATIENCE))
                .isInstanceOfSatisfying(
                        SeedbedException.class, cut -> assertThat(cut.code()).isEqualTo(ErrorCode.REPLAY_UNAVAILABLE));
        assertThat(answer.whole(END)).isEmpty();
    }

    @Test
    void stopsTheWriterWhenNobodyReadsForTooLong() {
        var answer = running(new AnswerProperties(Duration.ZERO, PATIENCE, 10));
        answer.attach();
        answer.admitted(VERSION, List.of());
        answer.idle();
        answer.detach();
        assertThatThrownBy(answer::idle).isInstanceOf(ClientGoneException.class);
        assertThat(answer.attach()).isFalse();
    }

    @Test
    void goesOnWhenAReaderComesBackInTime() {
        var answer = running(new AnswerProperties(PATIENCE, PATIENCE, 10));
        answer.attach();
        answer.detach();
        assertThat(answer.isDetached()).isTrue();
        answer.idle();
        assertThat(answer.attach()).isTrue();
        assertThat(answer.isDetached()).isFalse();
    }

    @Test
    void endsAReadersWaitAtItsOwnDeadline() {
        var answer = running(new AnswerProperties(PATIENCE, PATIENCE, 10));
        answer.attach();
        assertThatThrownBy(() -> answer.read(new Read(Integer.MAX_VALUE), false, Duration.ZERO))
                .isInstanceOfSatisfying(
                        SeedbedException.class, late -> assertThat(late.code()).isEqualTo(ErrorCode.DEADLINE_EXCEEDED));
    }

    private static RunningAnswer running(AnswerProperties properties) {
        return new RunningAnswer(new RequestId(UUID.randomUUID()), new Digest("00"), Instant.EPOCH, properties);
    }

    /** Goes away when it has read so many texts. */
    private static final class Read implements GenerationSink {

        private final int goesAfter;
        private final List<String> texts = new ArrayList<>();
        private boolean ended;

        private Read(int goesAfter) {
            this.goesAfter = goesAfter;
        }

        @Override
        public void admitted(ModelVersion version, List<Budget> budgets) {}

        @Override
        public void committed(String text, Work work) {
            if (texts.size() == goesAfter) {
                throw new ClientGoneException("cut");
            }
            texts.add(text);
        }

        @Override
        public void draft(String text, int positions, int decidedPositions, Work work) {}

        @Override
        public void idle() {}

        @Override
        public void finished(FinishReason reason, String detail, Work work) {
            ended = true;
        }
    }
}
