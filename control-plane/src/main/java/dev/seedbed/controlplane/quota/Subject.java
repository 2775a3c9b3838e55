package dev.seedbed.controlplane.quota;

import dev.seedbed.controlplane.tenant.ApiKeyId;
import dev.seedbed.controlplane.tenant.Caller;
import dev.seedbed.controlplane.tenant.ProjectId;
import dev.seedbed.controlplane.tenant.TenantId;
import java.util.List;
import java.util.Locale;

/** Who a limit is of. The text, for example {@code project/<uuid>}, is that of the database. */
public record Subject(Kind kind, String id) {

    public enum Kind {
        TENANT,
        PROJECT,
        KEY
    }

    public static Subject of(TenantId tenant) {
        return new Subject(Kind.TENANT, tenant.toString());
    }

    public static Subject of(ProjectId project) {
        return new Subject(Kind.PROJECT, project.toString());
    }

    public static Subject of(ApiKeyId key) {
        return new Subject(Kind.KEY, key.value());
    }

    /** All whose limits hold for a caller. */
    public static List<Subject> of(Caller caller) {
        return List.of(of(caller.apiKeyId()), of(caller.projectId()), of(caller.tenantId()));
    }

    /** @throws IllegalArgumentException not the text of a subject */
    public static Subject parse(String text) {
        var slash = text.indexOf('/');
        return new Subject(
                Kind.valueOf(text.substring(0, Math.max(0, slash)).toUpperCase(Locale.ROOT)),
                text.substring(slash + 1));
    }

    /** Kind in the words of errors and headers. */
    public String kindText() {
        return text(kind);
    }

    static String text(Kind kind) {
        return kind.name().toLowerCase(Locale.ROOT);
    }

    @Override
    public String toString() {
        return kindText() + "/" + id;
    }
}
