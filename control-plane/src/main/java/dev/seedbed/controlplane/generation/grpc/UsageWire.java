package dev.seedbed.controlplane.generation.grpc;

import static dev.seedbed.controlplane.wire.SeedbedException.invalid;

import dev.seedbed.controlplane.generation.RateLimit;
import dev.seedbed.controlplane.quota.BoundInForce;
import dev.seedbed.controlplane.tenant.TenantId;
import dev.seedbed.controlplane.usage.UsageQuery;
import dev.seedbed.controlplane.usage.UsageQuery.Group;
import dev.seedbed.controlplane.usage.UsageQuery.Width;
import dev.seedbed.controlplane.usage.UsageReport;
import dev.seedbed.generation.v1.Amount;
import dev.seedbed.generation.v1.Bound;
import dev.seedbed.generation.v1.GetUsageRequest;
import dev.seedbed.generation.v1.GetUsageResponse;
import dev.seedbed.generation.v1.Limit;
import dev.seedbed.generation.v1.ListLimitsResponse;
import dev.seedbed.generation.v1.UsageBucket;
import dev.seedbed.generation.v1.UsageResult;
import java.time.Instant;
import java.util.EnumSet;
import java.util.List;

/** Messages of the usage service to our words and back. */
final class UsageWire {

    /** The last second of the year 9999. */
    private static final long LAST_SECOND = 253_402_300_799L;

    private UsageWire() {}

    /** @param now first moment that cannot have any usage yet */
    static UsageQuery query(TenantId tenant, GetUsageRequest request, Instant now) {
        if (!request.hasStartTime()) {
            throw invalid("start_time", "start_time is missing (expected: seconds since the epoch)");
        }
        var start = second("start_time", request.getStartTime());
        var end = request.hasEndTime() ? second("end_time", request.getEndTime()) : now.getEpochSecond() + 1;
        var from = request.getPageToken().isEmpty() ? start : Math.max(start, page(request.getPageToken()));
        if (from >= end) {
            throw invalid(
                    "start_time", "start_time out of range: %d (expected: before end_time, %d)".formatted(from, end));
        }
        var groups = EnumSet.noneOf(Group.class);
        request.getGroupByList()
                .forEach(group -> groups.add(
                        switch (group) {
                            case GROUP_BY_PROJECT -> Group.PROJECT;
                            case GROUP_BY_API_KEY -> Group.API_KEY;
                            case GROUP_BY_MODEL -> Group.MODEL;
                            case GROUP_BY_UNSPECIFIED, UNRECOGNIZED ->
                                throw invalid("group_by", "group_by unknown (expected: one of GroupBy)");
                        }));
        return new UsageQuery(tenant, Instant.ofEpochSecond(from), Instant.ofEpochSecond(end), width(request), groups);
    }

    static int buckets(GetUsageRequest request) {
        var width = width(request);
        if (!request.hasPageSize()) {
            return width.defaultBuckets();
        }
        if (request.getPageSize() < 1 || request.getPageSize() > width.mostBuckets()) {
            throw invalid(
                    "page_size",
                    "page_size out of range: %d (expected: 1..%d)"
                            .formatted(request.getPageSize(), width.mostBuckets()));
        }
        return request.getPageSize();
    }

    private static Width width(GetUsageRequest request) {
        return switch (request.getBucketWidth()) {
            case BUCKET_WIDTH_UNSPECIFIED, BUCKET_WIDTH_DAY -> Width.DAY;
            case BUCKET_WIDTH_HOUR -> Width.HOUR;
            case UNRECOGNIZED -> throw invalid("bucket_width", "bucket_width unknown (expected: one of BucketWidth)");
        };
    }

    private static long second(String field, long value) {
        if (value < 0 || value > LAST_SECOND) {
            throw invalid(field, "%s out of range: %d (expected: 0..%d)".formatted(field, value, LAST_SECOND));
        }
        return value;
    }

    private static long page(String token) {
        try {
            return second("page_token", Long.parseLong(token));
        } catch (NumberFormatException e) {
            throw invalid("page_token", "page_token is malformed (expected: next_page_token of the page before)");
        }
    }

    static GetUsageResponse usage(UsageReport.Page page) {
        var response = GetUsageResponse.newBuilder();
        page.buckets().forEach(bucket -> {
            var shown = UsageBucket.newBuilder()
                    .setStartTime(bucket.span().start().getEpochSecond())
                    .setEndTime(bucket.span().end().getEpochSecond());
            bucket.lines().forEach(line -> {
                var result = UsageResult.newBuilder()
                        .setProjectId(
                                line.projectId() == null ? "" : line.projectId().toString())
                        .setApiKeyId(line.apiKeyId() == null ? "" : line.apiKeyId())
                        .setModel(line.model() == null ? "" : line.model());
                line.amounts()
                        .forEach((unit, amount) -> result.addAmounts(
                                Amount.newBuilder().setUnit(unit.name()).setAmount(amount)));
                shown.addResults(result);
            });
            response.addBuckets(shown);
        });
        var next = page.nextStart();
        return response.setNextPageToken(next == null ? "" : Long.toString(next.getEpochSecond()))
                .build();
    }

    static ListLimitsResponse limits(List<RateLimit> limits, List<BoundInForce> bounds) {
        var response = ListLimitsResponse.newBuilder();
        for (var limit : limits) {
            var shown = Limit.newBuilder()
                    .setSubject(limit.subject())
                    .setUnit(limit.unit().name())
                    .setWindow(limit.window())
                    .setLimit(limit.limit())
                    .setPosted(limit.posted())
                    .setReserved(limit.reserved())
                    .setRemaining(limit.remaining());
            var reset = limit.reset();
            if (reset != null) {
                shown.setResetMs(reset.toMillis());
            }
            response.addLimits(shown);
        }
        bounds.forEach(bound -> response.addBounds(bound(bound)));
        return response.build();
    }

    private static Bound bound(BoundInForce bound) {
        var shown = Bound.newBuilder()
                .setSubject(bound.subjectText())
                .setOfPlan(bound.ofPlan())
                .setName(bound.of().field());
        var min = bound.to().min();
        if (min != null) {
            shown.setMin(min.doubleValue());
        }
        var max = bound.to().max();
        if (max != null) {
            shown.setMax(max.doubleValue());
        }
        if (bound.to().allowed() != null) {
            shown.addAllAllowed(bound.to().allowed());
        }
        return shown.build();
    }
}
