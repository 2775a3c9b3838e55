package dev.seedbed.controlplane.generation.http;

import com.fasterxml.jackson.annotation.JsonProperty;
import dev.seedbed.controlplane.generation.CallerLimits;
import dev.seedbed.controlplane.generation.RateLimit;
import dev.seedbed.controlplane.quota.BoundInForce;
import dev.seedbed.controlplane.quota.CallerBounds;
import dev.seedbed.controlplane.quota.Unit;
import dev.seedbed.controlplane.tenant.Scope;
import dev.seedbed.controlplane.usage.UsageBucket;
import dev.seedbed.controlplane.usage.UsageReport;
import jakarta.servlet.http.HttpServletRequest;
import java.math.BigDecimal;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.util.MultiValueMap;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;

/** What the caller's own tenant used, and what is left of the caller's limits. */
@RestController("publicUsageController")
class UsageController {

    private final Callers callers;
    private final UsageReport report;
    private final CallerLimits limits;
    private final CallerBounds bounds;
    private final Clock clock;

    UsageController(Callers callers, UsageReport report, CallerLimits limits, CallerBounds bounds, Clock clock) {
        this.callers = callers;
        this.report = report;
        this.limits = limits;
        this.bounds = bounds;
        this.clock = clock;
    }

    @GetMapping("/v1/usage")
    Page usage(HttpServletRequest request, @RequestParam MultiValueMap<String, String> given) {
        var caller = callers.require(request, Scope.USAGE_READ);
        var asked = UsageParameters.parse(caller.tenantId(), given, clock.instant());
        var page = report.of(asked.query(), asked.buckets());
        var next = page.nextStart();
        return new Page(
                "page",
                page.buckets().stream().map(Bucket::of).toList(),
                next != null,
                next == null ? null : Long.toString(next.getEpochSecond()));
    }

    @GetMapping("/v1/usage/limits")
    Limits limits(HttpServletRequest request) {
        var caller = callers.require(request, Scope.USAGE_READ);
        return new Limits(
                "list",
                limits.of(caller).stream().map(Limit::of).toList(),
                bounds.of(caller).stream().map(Bound::of).toList());
    }

    /** @param nextPage for parameter {@code page}; null: there is no more */
    record Page(
            String object,
            List<Bucket> data,
            @JsonProperty("has_more") boolean hasMore,
            @JsonProperty("next_page") @Nullable String nextPage) {}

    /** Times are seconds since the epoch. */
    record Bucket(
            String object,
            @JsonProperty("start_time") long startTime,
            @JsonProperty("end_time") long endTime,
            List<Result> results) {

        static Bucket of(UsageBucket bucket) {
            return new Bucket(
                    "bucket",
                    bucket.span().start().getEpochSecond(),
                    bucket.span().end().getEpochSecond(),
                    bucket.lines().stream().map(Result::of).toList());
        }
    }

    /** What was not grouped by is null; amounts are by unit, in the unit. */
    record Result(
            String object,
            @JsonProperty("project_id") @Nullable UUID projectId,
            @JsonProperty("api_key_id") @Nullable String apiKeyId,
            @Nullable String model,
            Map<Unit, Long> amounts) {

        static Result of(UsageBucket.Line line) {
            return new Result("usage.result", line.projectId(), line.apiKeyId(), line.model(), line.amounts());
        }
    }

    /** @param bounds which all hold at once */
    record Limits(String object, List<Limit> data, List<Bound> bounds) {}

    /** @param resetSeconds from now until all of it is available again if nobody uses any; null: never */
    record Limit(
            String object,
            String subject,
            Unit unit,
            String window,
            long limit,
            long posted,
            long reserved,
            long remaining,
            @JsonProperty("reset_seconds") @Nullable Double resetSeconds) {

        static Limit of(RateLimit limit) {
            var reset = limit.reset();
            return new Limit(
                    "limit",
                    limit.subject(),
                    limit.unit(),
                    limit.window(),
                    limit.limit(),
                    limit.posted(),
                    limit.reserved(),
                    limit.remaining(),
                    reset == null ? null : reset.toMillis() / 1000.0);
        }
    }

    /** @param allowed of mode and policy; of others null, as an end that is open */
    record Bound(
            String object,
            String subject,
            @JsonProperty("of_plan") boolean ofPlan,
            String name,
            @Nullable BigDecimal min,
            @Nullable BigDecimal max,
            @Nullable List<String> allowed) {

        static Bound of(BoundInForce bound) {
            return new Bound(
                    "bound",
                    bound.subjectText(),
                    bound.ofPlan(),
                    bound.of().field(),
                    bound.to().min(),
                    bound.to().max(),
                    bound.to().allowed());
        }
    }
}
