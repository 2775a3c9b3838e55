package dev.seedbed.controlplane.quota.internal;

import io.swagger.v3.oas.models.OpenAPI;
import io.swagger.v3.oas.models.Operation;
import io.swagger.v3.oas.models.media.Schema;
import io.swagger.v3.oas.models.parameters.Parameter;
import io.swagger.v3.oas.models.parameters.PathParameter;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.springdoc.core.customizers.OpenApiCustomizer;
import org.springframework.stereotype.Component;

/**
 * Describes an operation of an {@link Owned} once for a tenant, once for a project and once for a key: with an id of its own, in which
 * {@code {Owner}} stands for whose it is, as {@code {owner}} in its summary, and with the variables of its path.
 */
@Component
final class OwnedOperations implements OpenApiCustomizer {

    private static final String OWNER = "{Owner}";

    private record Owner(String path, String name, String words, List<Parameter> variables) {}

    /** The more special path first. */
    private static final List<Owner> owners = List.of(
            new Owner(Owned.PROJECT, "Project", "project", List.of(uuid("tenant_id"), uuid("project_id"))),
            new Owner(Owned.KEY, "ApiKey", "key", List.of(uuid("tenant_id"), variable("public_id"))),
            new Owner(Owned.TENANT, "Tenant", "tenant", List.of(uuid("tenant_id"))));

    @Override
    public void customise(OpenAPI api) {
        api.getPaths()
                .forEach((path, item) -> item.readOperations().stream()
                        .filter(operation -> operation.getOperationId().contains(OWNER))
                        .forEach(operation -> describe(operation, owner(path))));
    }

    private static void describe(Operation operation, Owner owner) {
        // The generator has numbered them, since until now their ids are the same.
        var id = operation.getOperationId().replaceFirst("_\\d+$", "");
        operation.setOperationId(id.replace(OWNER, owner.name));
        operation.setSummary(operation.getSummary().replace("{owner}", owner.words));
        var parameters = new ArrayList<>(owner.variables);
        if (operation.getParameters() != null) {
            parameters.addAll(operation.getParameters());
        }
        operation.setParameters(parameters);
    }

    private static Owner owner(String path) {
        return owners.stream()
                .filter(owner -> path.startsWith(owner.path))
                .findFirst()
                .orElseThrow();
    }

    private static Parameter uuid(String name) {
        var variable = variable(name);
        variable.getSchema().setFormat("uuid");
        return variable;
    }

    private static Parameter variable(String name) {
        return new PathParameter().name(name).schema(new Schema<String>().types(Set.of("string")));
    }
}
