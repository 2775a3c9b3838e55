package dev.seedbed.adapter;

import dev.seedbed.adapter.tokenizer.Tokenizer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;

/** A model repository in a folder of its own: the shipped tokenizer with a contract of the test's. */
public final class TestingRepository {

    public static final int END = 1;
    public static final int MASK = 2;
    public static final int SEP = 3;
    public static final Set<Integer> CONTROL_IDS = Set.of(0, END, MASK);
    /** A version that offers every mode; its context is long enough for whatever a test streams. */
    public static final String VERSION = "tiny-v1";

    public static final int CONTEXT_LENGTH = 100_000;

    private static final Path SHIPPED = Path.of("../triton-models/repository/seedling-v1/1/tokenizer.json");

    private static final String CONTRACT = """
            { "format": 1, "architecture": "llama", "attention": "causal_context",
              "modes": ["autoregressive", "exact", "diffusion"],
              "vocab_size": 2048, "context_length": 100000, "block_size": 16, "max_block_size": 32,
              "mask_token_id": 2, "pad_token_id": 0, "end_token_ids": [1], "forbidden_output": [0, 2],
              "shift_logits": false, "can_edit": false, "compute": "f32", "tolerance": 0.001,
              "default_policy": { "mode": "exact", "policy": "threshold", "threshold": 0.8, "steps": 8,
                                  "edit_threshold": 1.0, "edit_rounds": 0, "draft_length": 12, "temperature": 0.0, "top_p": 1.0 },
              "sha256": {} }
            """;

    private static final String CHAT_TEMPLATE = """
            {% for message in messages %}
            {{ message['role'] }}: {{ message.content }}<|sep|>
            {% endfor %}
            {% if add_generation_prompt %}assistant:{% endif %}
            """;

    private final Path folder;

    public TestingRepository(Path folder) {
        this.folder = folder;
        add(VERSION);
    }

    public static Tokenizer shippedTokenizer() {
        return Tokenizer.load(SHIPPED, CONTROL_IDS);
    }

    public Path folder() {
        return folder;
    }

    public void add(String version) {
        write(version, "contract.json", CONTRACT);
        write(version, "tokenizer.json", read(SHIPPED));
        write(version, "chat_template.jinja", CHAT_TEMPLATE);
    }

    public void changeContract(String version, String from, String to) {
        String changed = CONTRACT.replace(from, to);
        if (changed.equals(CONTRACT)) {
            throw new IllegalArgumentException("contract does not contain " + from);
        }
        write(version, "contract.json", changed);
    }

    public void write(String version, String file, String contents) {
        try {
            Path files = folder.resolve(version).resolve("1");
            Files.createDirectories(files);
            Files.writeString(files.resolve(file), contents);
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }

    public void remove(String version, String file) {
        try {
            Files.delete(folder.resolve(version).resolve("1").resolve(file));
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }
}
