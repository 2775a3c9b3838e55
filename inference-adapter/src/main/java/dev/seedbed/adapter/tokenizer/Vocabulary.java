package dev.seedbed.adapter.tokenizer;

import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import tools.jackson.databind.JsonNode;

/**
 * What the ids of a byte-level BPE {@code tokenizer.json} mean. A token is special, so that no text spells it, if the file marks
 * an added token so, if the model's contract gives its id a role, or if no merge yields it.
 */
public final class Vocabulary {

    private final Map<Integer, byte[]> bytes = new HashMap<>();
    private final Map<String, Integer> specials = new HashMap<>();
    private final int longestTokenBytes;

    /**
     * @param file the contents of tokenizer.json
     * @param controlIds ids to which the contract gives a role: mask, pad, end, forbidden
     * @throws IllegalArgumentException if the file is of a kind that is not served
     */
    Vocabulary(JsonNode file, Set<Integer> controlIds) {
        JsonNode model = file.path("model");
        require("model.type", model.path("type").asString(""), "BPE");
        if (!hasByteLevel(file.path("decoder"))) {
            throw new IllegalArgumentException("tokenizer decoder not served: "
                    + file.path("decoder").path("type").asString("none") + " (expected: ByteLevel)");
        }
        for (JsonNode added : file.path("added_tokens")) {
            int id = added.path("id").asInt();
            String spelling = added.path("content").asString();
            if (isSpecial(added, controlIds)) {
                specials.put(spelling, id);
            } else {
                bytes.put(id, spelling.getBytes(StandardCharsets.UTF_8));
            }
        }
        Set<String> merged = mergedTokens(model);
        boolean mergesIgnored = model.path("ignore_merges").asBoolean(false);
        model.path("vocab").properties().forEach(entry -> {
            int id = entry.getValue().asInt();
            String token = entry.getKey();
            boolean spelledByNoText = !mergesIgnored && token.length() > 1 && !merged.contains(token);
            if (specials.containsValue(id) || bytes.containsKey(id)) {
                return;
            }
            if (spelledByNoText || controlIds.contains(id)) {
                specials.put(token, id);
            } else {
                bytes.put(id, ByteLevelAlphabet.bytes(token));
            }
        });
        longestTokenBytes = bytes.values().stream()
                .mapToInt(spelling -> spelling.length)
                .max()
                .orElse(1);
    }

    static boolean isSpecial(JsonNode addedToken, Set<Integer> controlIds) {
        return addedToken.path("special").asBoolean(false)
                || controlIds.contains(addedToken.path("id").asInt());
    }

    /** UTF-8 that the token stands for, perhaps part of a character; empty for special and unknown ids. */
    byte[] bytes(int id) {
        return bytes.getOrDefault(id, new byte[0]);
    }

    /** Special tokens by spelling. */
    Map<String, Integer> specials() {
        return Map.copyOf(specials);
    }

    boolean isSpecial(int id) {
        return !bytes.containsKey(id);
    }

    int longestTokenBytes() {
        return longestTokenBytes;
    }

    private static Set<String> mergedTokens(JsonNode model) {
        Set<String> merged = new HashSet<>();
        for (JsonNode merge : model.path("merges")) {
            merged.add(
                    merge.isArray()
                            ? merge.path(0).asString() + merge.path(1).asString()
                            : merge.asString().replaceFirst(" ", ""));
        }
        return merged;
    }

    private static boolean hasByteLevel(JsonNode decoder) {
        if (decoder.path("type").asString("").equals("ByteLevel")) {
            return true;
        }
        for (JsonNode part : decoder.path("decoders")) {
            if (hasByteLevel(part)) {
                return true;
            }
        }
        return false;
    }

    private static void require(String field, String value, String expected) {
        if (!value.equals(expected)) {
            throw new IllegalArgumentException(
                    "tokenizer " + field + " not served: " + value + " (expected: " + expected + ")");
        }
    }
}
