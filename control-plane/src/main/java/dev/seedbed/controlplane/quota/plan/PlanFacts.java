package dev.seedbed.controlplane.quota.plan;

import com.fasterxml.jackson.annotation.JsonIgnore;
import com.fasterxml.jackson.annotation.JsonProperty;
import dev.seedbed.controlplane.quota.Bound;
import dev.seedbed.controlplane.quota.Limit;
import io.swagger.v3.oas.annotations.media.Schema;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;

/** A plan, as the admin API and the audit log show it. */
@Schema(name = "Plan")
record PlanFacts(
        @JsonIgnore UUID id,
        String name,

        @Schema(description = "By unit and then by window") List<PlanLimit> limits,

        @Schema(description = "By what they bound, as those of a tenant")
        Map<String, Bound> bounds,

        @JsonProperty("create_time") Instant createTime,
        @JsonProperty("update_time") Instant updateTime) {

    String path() {
        return "plans/" + name;
    }

    /** Whether these are its limits, in whatever order. */
    boolean has(Collection<Limit> others) {
        return limits.stream()
                .map(PlanLimit::toLimit)
                .collect(Collectors.toSet())
                .equals(Set.copyOf(others));
    }
}
