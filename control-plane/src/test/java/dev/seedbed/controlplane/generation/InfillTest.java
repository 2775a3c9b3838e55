package dev.seedbed.controlplane.generation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.seedbed.controlplane.model.ModelVersion;
import dev.seedbed.controlplane.quota.Budget;
import dev.seedbed.controlplane.usage.GenerationRecord.Surface;
import dev.seedbed.controlplane.usage.Work;
import dev.seedbed.controlplane.wire.RequestId;
import java.time.InstantSource;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class InfillTest {

    @ParameterizedTest
    @CsvSource(textBlock = """
            # suffix                        | stop text
            '\\n    return sum;\\n}'        | 'return sum;'
            'return sum;   \\n}'            | 'return sum;'
            '\\n\\n\\t return sum;\\r\\n}'  | 'return sum;'
            '\\n}\\n'                       | '\\n}'
            '\\n    }\\n}'                  | '\\n    }'
            '\\n\\n  i++;'                  | '\\n  i++;'
            ' + b;\\n}'                     | '+ b;'
            '}'                             | '}'
            """, delimiter = '|')
    void endsBeforeTheFirstLineThatIsNotBlank(String suffix, String stop) {
        assertThat(new Infill(unescaped(suffix)).stop()).isEqualTo(unescaped(stop));
    }

    @Test
    void looksForTheBeginningOfALongLineWithoutCuttingACharacter() {
        assertThat(new Infill("x".repeat(500)).stop()).hasSize(64);
        assertThat(new Infill("x".repeat(63) + "\uD83C\uDF31 tree").stop()).isEqualTo("x".repeat(63));
    }

    @Test
    void leavesACommandWithABlankSuffixAlone() {
        var command = command(" \n", List.of("a"));
        var sink = new Said();
        assertThat(Infill.stops(command)).containsExactly("a");
        assertThat(Infill.around(command, sink)).isSameAs(sink);
    }

    @Test
    void addsItsStopTextToTheCallers() {
        assertThat(Infill.stops(command("\nreturn sum;", List.of("a")))).containsExactly("a", "return sum;");
    }

    @Test
    void dropsTheWhiteSpaceThatTheSuffixRepeats() {
        assertThat(said("\n    return sum;", "stop_text", "sum += x;", "\n  ", "  "))
                .isEqualTo("sum += x;");
    }

    @Test
    void keepsTheWhiteSpaceBeforeASuffixThatHasNone() {
        assertThat(said("return sum;", "stop_text", "sum += x;", "\n    ")).isEqualTo("sum += x;\n    ");
    }

    @Test
    void keepsEverythingOfAnOutputThatNeverReachedTheSuffix() {
        assertThat(said("\nreturn sum;", "max_tokens", "sum += ", "x; \n")).isEqualTo("sum += x; \n");
    }

    @Test
    void keepsWhiteSpaceBetweenTexts() {
        assertThat(said("\nreturn sum;", "end_token", "a", " ", "\n", "b")).isEqualTo("a \nb");
    }

    private static String said(String suffix, String detail, String... texts) {
        var said = new Said();
        var sink = Infill.around(command(suffix, List.of()), said);
        for (var text : texts) {
            sink.committed(text, Work.NONE);
        }
        sink.finished(FinishReason.STOP, detail, Work.NONE);
        return said.text.toString();
    }

    private static GenerationCommand command(String suffix, List<String> stop) {
        return new GenerationCommand(
                RequestId.next(InstantSource.system()),
                Surface.FIM_COMPLETIONS,
                null,
                new Prompt.Text("p"),
                null,
                stop,
                Knobs.DEFAULTS,
                false,
                false,
                suffix);
    }

    private static String unescaped(String text) {
        return text.translateEscapes();
    }

    private static final class Said implements GenerationSink {

        private final StringBuilder text = new StringBuilder();

        @Override
        public void admitted(ModelVersion version, List<Budget> budgets) {}

        @Override
        public void committed(String more, Work work) {
            text.append(more);
        }

        @Override
        public void draft(String draft, int positions, int decidedPositions, Work work) {}

        @Override
        public void idle() {}

        @Override
        public void finished(FinishReason reason, String detail, Work work) {}
    }
}
