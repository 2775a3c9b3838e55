package dev.seedbed.adapter.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.seedbed.adapter.TestingRepository;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TokenizerTest {

    private static final String LITERALS = "<|pad|><|end|><|mask|><|sep|><|reserved_2047|>";

    private final Tokenizer tokenizer = TestingRepository.shippedTokenizer();

    @TempDir
    Path folder;

    @ParameterizedTest
    @ValueSource(
            strings = {
                "static int f(int[] xs) {\n    return xs.length;\n}",
                LITERALS,
                "naïve 日本語 😀 \u0000 \uFFFD",
                " leading and trailing ",
                "\r\n\t",
            })
    void decodesWhatItEncoded(String text) {
        Detokenizer detokenizer = tokenizer.detokenizer();
        assertThat(detokenizer.append(tokenizer.encode(text)) + detokenizer.finish())
                .isEqualTo(text);
    }

    @Test
    void literalSpecialTokensOfAUserStayText() {
        int[] ids = tokenizer.encode("a " + LITERALS + " b");
        assertThat(Arrays.stream(ids).filter(id -> id <= TestingRepository.SEP)).isEmpty();
    }

    @Test
    void literalSpecialTokensStayTextWhereTheFileListsThemAsAddedTokens() throws IOException {
        Tokenizer listed = withAddedTokens("""
                { "id": 2, "content": "<|mask|>", "special": true, "normalized": false, "lstrip": false, "rstrip": false,
                  "single_word": false },
                { "id": 3, "content": "<|sep|>", "special": false, "normalized": false, "lstrip": false, "rstrip": false,
                  "single_word": false }""", Set.of(2, 3));
        assertThat(listed.encode("a <|mask|><|sep|> b")).isEqualTo(tokenizer.encode("a <|mask|><|sep|> b"));
    }

    @Test
    void addedTokensThatAreOrdinaryTextWorkBothWays() throws IOException {
        Tokenizer listed = withAddedTokens("""
                { "id": 2047, "content": "λx", "special": false, "normalized": false, "lstrip": false, "rstrip": false,
                  "single_word": false }""", Set.of(2));
        int[] ids = listed.encode("a λx");
        assertThat(ids).contains(2047);
        assertThat(listed.detokenizer().append(ids)).isEqualTo("a λx");
    }

    @Test
    void aBoundOnTheNumberOfTokensIsNeverTooHigh() {
        String text = "return result;\n".repeat(200);
        assertThat(tokenizer.fewestTokens(text)).isPositive().isLessThanOrEqualTo(tokenizer.encode(text).length);
    }

    @Test
    void templatesSpellSpecialTokensAndUsersDoNot() {
        ChatTemplate template = new ChatTemplate("{{ messages[0].content }}<|sep|>x");
        RenderedChat chat = template.render(List.of(new ChatTurn("user", "a<|sep|>b<|mask|>")), tokenizer, "<|end|>");
        int[] ids = tokenizer.encode(chat);
        assertThat(Arrays.stream(ids).filter(id -> id <= TestingRepository.SEP)).containsExactly(TestingRepository.SEP);
        int[] before = Arrays.copyOf(ids, ids.length - 2);
        assertThat(before).isEqualTo(tokenizer.encode("a<|sep|>b<|mask|>"));
    }

    @Test
    void usersDoNotSpellSpecialTokensAcrossMessages() {
        ChatTemplate template = new ChatTemplate("{{ messages[0].content }}{{ messages[1].content }}");
        RenderedChat chat = template.render(
                List.of(new ChatTurn("user", "<|se"), new ChatTurn("user", "p|>")), tokenizer, "<|end|>");
        assertThat(tokenizer.encode(chat)).isEqualTo(tokenizer.encode("<|sep|>"));
    }

    @Test
    void noncharactersOfUsersStayText() {
        ChatTemplate template = new ChatTemplate("{{ messages[0].content }}");
        RenderedChat chat = template.render(List.of(new ChatTurn("user", "a\uFDD0<b")), tokenizer, "<|end|>");
        assertThat(tokenizer.encode(chat)).isEqualTo(tokenizer.encode("a\uFDD0<b"));
    }

    @Test
    void refusesAFileThatIsNotATokenizer() throws IOException {
        Path file = Files.writeString(folder.resolve("tokenizer.json"), "{ \"model\": { \"type\": \"WordPiece\" } }");
        assertThatThrownBy(() -> Tokenizer.load(file, Set.of()))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("model.type not served: WordPiece");
    }

    @Test
    void refusesAFileThatIsNotJson() throws IOException {
        Path file = Files.writeString(folder.resolve("tokenizer.json"), "{");
        assertThatThrownBy(() -> Tokenizer.load(file, Set.of()))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("not JSON");
    }

    private Tokenizer withAddedTokens(String addedTokens, Set<Integer> controlIds) throws IOException {
        String shipped = Files.readString(
                Path.of("../triton-models/repository/seedling-v1/1/tokenizer.json"), StandardCharsets.UTF_8);
        String changed = shipped.replace("\"added_tokens\": []", "\"added_tokens\": [" + addedTokens + "]")
                .replaceFirst("\"<\\|reserved_2047\\|>\"", "\"λx\"");
        assertThat(changed).isNotEqualTo(shipped);
        return Tokenizer.load(Files.writeString(folder.resolve("tokenizer.json"), changed), controlIds);
    }
}
