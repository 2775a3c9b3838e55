package dev.seedbed.adapter.tokenizer;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import dev.seedbed.adapter.wire.AdapterException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.ref.Cleaner;
import java.lang.ref.Reference;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;

/**
 * The tokenizer of one model version. Text never yields a special token: the library gets the file without them, and the
 * adapter places them itself where a chat template spells them. Thread-safe.
 */
public final class Tokenizer {

    private static final Cleaner CLEANER = Cleaner.create();
    private static final Map<String, String> OPTIONS =
            Map.of("addSpecialTokens", "false", "truncation", "false", "padding", "false");

    static {
        // The library would otherwise look for a cloud host to report its use from.
        System.setProperty("OPT_OUT_TRACKING", "true");
        System.setProperty("ai.djl.offline", "true");
    }

    private final Vocabulary vocabulary;
    private final HuggingFaceTokenizer encoder;
    private final @Nullable Pattern specialSpelling;
    private final boolean normalises;

    private Tokenizer(JsonNode file, Set<Integer> controlIds) throws IOException {
        vocabulary = new Vocabulary(file, controlIds);
        normalises = !file.path("normalizer").isNull();
        specialSpelling = alternatives(vocabulary.specials().keySet());
        encoder = HuggingFaceTokenizer.newInstance(
                new ByteArrayInputStream(
                        withoutSpecials(file, controlIds).toString().getBytes(StandardCharsets.UTF_8)),
                OPTIONS);
        HuggingFaceTokenizer owned = encoder;
        CLEANER.register(this, owned::close);
    }

    /**
     * @param file tokenizer.json
     * @param controlIds ids to which the model's contract gives a role; special even if the file does not say so
     * @throws IllegalArgumentException if the file cannot serve
     */
    public static Tokenizer load(Path file, Set<Integer> controlIds) {
        try {
            JsonNode contents = JsonMapper.shared().readTree(Files.readAllBytes(file));
            return new Tokenizer(contents, controlIds);
        } catch (JacksonException malformed) {
            throw new IllegalArgumentException(
                    "tokenizer.json is not JSON: " + malformed.getOriginalMessage(), malformed);
        } catch (IOException unreadable) {
            throw new UncheckedIOException("tokenizer.json unreadable: " + unreadable.getMessage(), unreadable);
        } catch (RuntimeException refused) {
            throw new IllegalArgumentException("tokenizer.json refused: " + refused.getMessage(), refused);
        }
    }

    /** Ids of a text in which nothing is special. */
    public int[] encode(String text) {
        return encodePlain(text).toArray();
    }

    /** Ids of a rendered chat: special where the template spells a special token, never where a user does. */
    public int[] encode(RenderedChat chat) {
        IntStream.Builder ids = IntStream.builder();
        String text = chat.text();
        int plainFrom = 0;
        if (specialSpelling != null) {
            Matcher special = specialSpelling.matcher(text);
            while (special.find()) {
                encodePlain(chat.unmark(text.substring(plainFrom, special.start())))
                        .forEach(ids);
                ids.add(specialId(special.group()));
                plainFrom = special.end();
            }
        }
        encodePlain(chat.unmark(text.substring(plainFrom))).forEach(ids);
        return ids.build().toArray();
    }

    /** A bound that costs nothing to know: the text has at least so many tokens. */
    public int fewestTokens(String text) {
        // A normaliser may shorten the text; composing characters makes at most a quarter of it.
        int bytesPerToken = vocabulary.longestTokenBytes() * (normalises ? 4 : 1);
        return text.length() / bytesPerToken;
    }

    public Detokenizer detokenizer() {
        return new Detokenizer(vocabulary);
    }

    /** Spellings of special tokens, for templates that write them. */
    public @Nullable String specialSpelling(int id) {
        return vocabulary.specials().entrySet().stream()
                .filter(entry -> entry.getValue() == id)
                .map(Map.Entry::getKey)
                .findAny()
                .orElse(null);
    }

    /** Characters with which the spelling of a special token begins or ends. */
    Set<Integer> specialEdges() {
        return vocabulary.specials().keySet().stream()
                .flatMap(spelling -> IntStream.of(spelling.codePointAt(0), spelling.codePointBefore(spelling.length()))
                        .boxed())
                .collect(Collectors.toUnmodifiableSet());
    }

    private IntStream encodePlain(String text) {
        if (text.isEmpty()) {
            return IntStream.empty();
        }
        long[] ids;
        try {
            ids = encoder.encode(text, false, false).getIds();
        } finally {
            // Closed by the cleaner as soon as this object is unreachable, which the call alone does not prevent.
            Reference.reachabilityFence(this);
        }
        return IntStream.range(0, ids.length).map(i -> notSpecial(Math.toIntExact(ids[i])));
    }

    private int notSpecial(int id) {
        if (vocabulary.isSpecial(id)) {
            throw AdapterException.invalid("input", "text yields a special token: id " + id);
        }
        return id;
    }

    private int specialId(String spelling) {
        Integer id = vocabulary.specials().get(spelling);
        if (id == null) {
            throw new IllegalStateException("no special token spelled " + spelling);
        }
        return id;
    }

    private static JsonNode withoutSpecials(JsonNode file, Set<Integer> controlIds) {
        JsonNode copy = file.deepCopy();
        if (copy.path("added_tokens") instanceof ArrayNode added) {
            added.removeIf(token -> Vocabulary.isSpecial(token, controlIds));
        }
        return copy;
    }

    private static @Nullable Pattern alternatives(Set<String> spellings) {
        if (spellings.isEmpty()) {
            return null;
        }
        return Pattern.compile(spellings.stream()
                .sorted(Comparator.comparingInt(String::length).reversed())
                .map(Pattern::quote)
                .collect(Collectors.joining("|")));
    }
}
