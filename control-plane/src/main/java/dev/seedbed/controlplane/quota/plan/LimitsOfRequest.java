package dev.seedbed.controlplane.quota.plan;

import dev.seedbed.controlplane.quota.Subject;
import dev.seedbed.controlplane.tenant.ApiKeyId;
import dev.seedbed.controlplane.tenant.ProjectId;
import dev.seedbed.controlplane.wire.SeedbedException;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * How many limits one request meets. Pure.
 *
 * @param of limits in force of its tenant, its project and its key, those that have some
 */
record LimitsOfRequest(Map<Subject, Integer> of) {

    /** What one request meets at most; each is a row that its admission locks. */
    static final int MOST = 16;

    /** Projects that have limits and are not deleted; keys that have limits and are not revoked, with their projects. */
    record Live(Set<ProjectId> projects, Map<ApiKeyId, ProjectId> keys) {}

    /**
     * The request of a tenant that meets most.
     *
     * @param limited how many limits subjects of the tenant have in force
     */
    static LimitsOfRequest most(Subject tenant, Map<Subject, Integer> limited, Live live) {
        var byProject = live.projects().stream().map(project -> of(limited, tenant, Subject.of(project)));
        var byKey = live.keys().entrySet().stream()
                .map(key -> of(limited, tenant, Subject.of(key.getValue()), Subject.of(key.getKey())));
        return Stream.concat(byProject, byKey)
                .max(Comparator.comparingInt(LimitsOfRequest::count))
                .orElseGet(() -> of(limited, tenant));
    }

    private static LimitsOfRequest of(Map<Subject, Integer> limited, Subject... subjects) {
        var counts = new LinkedHashMap<Subject, Integer>();
        for (var subject : subjects) {
            var count = limited.getOrDefault(subject, 0);
            if (count > 0) {
                counts.put(subject, count);
            }
        }
        return new LimitsOfRequest(counts);
    }

    int count() {
        return of.values().stream().mapToInt(Integer::intValue).sum();
    }

    /** @throws SeedbedException INVALID_REQUEST */
    void check() {
        if (count() > MOST) {
            throw SeedbedException.invalid(
                    "limit",
                    "too many limits of one request: %d (expected: at most %d; %s)"
                            .formatted(
                                    count(),
                                    MOST,
                                    of.entrySet().stream()
                                            .map(entry -> entry.getValue() + " of " + entry.getKey())
                                            .collect(Collectors.joining(", "))));
        }
    }
}
