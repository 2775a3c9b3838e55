package dev.seedbed.adapter.model;

import java.nio.file.Files;
import java.nio.file.Path;
import org.springframework.boot.context.properties.ConfigurationProperties;

/**
 * Where the model versions are; ports, addresses and Triton's target are Spring's own settings.
 *
 * @param modelRepository Triton's model repository as this process sees it; a folder
 */
@ConfigurationProperties("seedbed")
public record ModelRepositoryProperties(Path modelRepository) {

    public ModelRepositoryProperties {
        if (!Files.isDirectory(modelRepository)) {
            throw new IllegalArgumentException(
                    "seedbed.model-repository is not a folder: " + modelRepository.toAbsolutePath());
        }
    }
}
