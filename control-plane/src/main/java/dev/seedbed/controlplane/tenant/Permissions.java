package dev.seedbed.controlplane.tenant;

import dev.seedbed.controlplane.wire.ErrorCode;
import dev.seedbed.controlplane.wire.SeedbedException;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What a key may do.
 *
 * @param models names of models and versions; null: all
 */
public record Permissions(Set<Scope> scopes, @Nullable Set<String> models) {

    public static final Permissions ALL = new Permissions(Set.of(Scope.values()), null);

    public Permissions {
        scopes = Set.copyOf(scopes);
        models = models == null ? null : Set.copyOf(models);
    }

    /** @throws SeedbedException PERMISSION_DENIED */
    public void require(Scope scope) {
        if (!scopes.contains(scope)) {
            throw new SeedbedException(
                    ErrorCode.PERMISSION_DENIED,
                    "scope missing: %s (the key has another purpose)".formatted(scope.text()));
        }
    }

    /** Whether the key may ask for a version, by its own name or by its model's. */
    public boolean allowsModel(String model, String version) {
        return models == null || models.contains(model) || models.contains(version);
    }
}
