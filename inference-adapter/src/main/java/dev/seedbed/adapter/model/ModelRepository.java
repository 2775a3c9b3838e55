package dev.seedbed.adapter.model;

import dev.seedbed.adapter.tokenizer.ChatTemplate;
import dev.seedbed.adapter.tokenizer.Tokenizer;
import dev.seedbed.adapter.wire.AdapterException;
import dev.seedbed.adapter.wire.ErrorCode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.json.JsonMapper;

/** The model versions on disk, {@code docs/model-version.md}. Reads a version again when one of its files changed. Thread-safe. */
@Component
public class ModelRepository {

    // Also keeps names from leaving the repository.
    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,127}");
    private static final String CONTRACT = "contract.json";
    private static final String TOKENIZER = "tokenizer.json";
    private static final String CHAT_TEMPLATE = "chat_template.jinja";

    private record Stamp(long bytes, FileTime modified) {}

    private record Entry(List<@Nullable Stamp> stamps, ModelVersion version) {}

    private final Path folder;
    private final Map<String, Entry> entries = new ConcurrentHashMap<>();

    public ModelRepository(ModelRepositoryProperties properties) {
        folder = properties.modelRepository();
    }

    /**
     * @throws AdapterException MODEL_NOT_FOUND if the repository has no such version; FAILED_PRECONDITION if its files cannot
     *     serve
     */
    public ModelVersion find(String name) {
        if (!exists(name)) {
            entries.remove(name);
            throw new AdapterException(ErrorCode.MODEL_NOT_FOUND, "model version not found: " + name);
        }
        Path files = folder.resolve(name).resolve("1");
        try {
            List<@Nullable Stamp> stamps = stamps(files);
            Entry known = entries.get(name);
            if (known != null && known.stamps().equals(stamps)) {
                return known.version();
            }
            ModelVersion read = read(name, files);
            entries.put(name, new Entry(stamps, read));
            return read;
        } catch (IllegalArgumentException | IOException | UncheckedIOException unusable) {
            throw new AdapterException(
                    ErrorCode.FAILED_PRECONDITION,
                    "model version unusable: " + name + ": " + describe(unusable),
                    unusable);
        }
    }

    public boolean exists(String name) {
        return NAME.matcher(name).matches() && Files.isDirectory(folder.resolve(name));
    }

    private static ModelVersion read(String name, Path files) throws IOException {
        ModelContract contract;
        try {
            contract = ModelContract.parse(JsonMapper.shared().readTree(Files.readAllBytes(files.resolve(CONTRACT))));
        } catch (JacksonException malformed) {
            throw new IllegalArgumentException(CONTRACT + " is not JSON: " + malformed.getOriginalMessage(), malformed);
        }
        Path template = files.resolve(CHAT_TEMPLATE);
        return new ModelVersion(
                name,
                contract,
                Tokenizer.load(files.resolve(TOKENIZER), contract.controlIds()),
                Files.exists(template) ? new ChatTemplate(Files.readString(template)) : null);
    }

    private static List<@Nullable Stamp> stamps(Path files) throws IOException {
        List<@Nullable Stamp> stamps = new ArrayList<>();
        for (String file : List.of(CONTRACT, TOKENIZER, CHAT_TEMPLATE)) {
            try {
                BasicFileAttributes attributes = Files.readAttributes(files.resolve(file), BasicFileAttributes.class);
                stamps.add(new Stamp(attributes.size(), attributes.lastModifiedTime()));
            } catch (NoSuchFileException absent) {
                stamps.add(null);
            }
        }
        return stamps;
    }

    private static String describe(Exception unusable) {
        return unusable instanceof NoSuchFileException missing
                ? "file missing: " + Path.of(missing.getFile()).getFileName()
                : String.valueOf(unusable.getMessage());
    }
}
