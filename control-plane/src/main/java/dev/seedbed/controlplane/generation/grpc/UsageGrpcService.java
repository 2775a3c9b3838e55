package dev.seedbed.controlplane.generation.grpc;

import dev.seedbed.controlplane.generation.CallerLimits;
import dev.seedbed.controlplane.quota.CallerBounds;
import dev.seedbed.controlplane.tenant.ApiKeys;
import dev.seedbed.controlplane.tenant.Caller;
import dev.seedbed.controlplane.tenant.Scope;
import dev.seedbed.controlplane.usage.Rejection;
import dev.seedbed.controlplane.usage.Rejections;
import dev.seedbed.controlplane.usage.UsageReport;
import dev.seedbed.controlplane.wire.ErrorType;
import dev.seedbed.controlplane.wire.GrpcError;
import dev.seedbed.generation.v1.GetUsageRequest;
import dev.seedbed.generation.v1.GetUsageResponse;
import dev.seedbed.generation.v1.ListLimitsRequest;
import dev.seedbed.generation.v1.ListLimitsResponse;
import dev.seedbed.generation.v1.UsageServiceGrpc;
import io.grpc.Context;
import io.grpc.stub.StreamObserver;
import java.time.Clock;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Service;

/** What the caller's tenant used and what is left, over gRPC; each call runs in a virtual thread. */
@Service
class UsageGrpcService extends UsageServiceGrpc.UsageServiceImplBase {

    private final ApiKeys apiKeys;
    private final UsageReport report;
    private final CallerLimits limits;
    private final CallerBounds bounds;
    private final Rejections rejections;
    private final Clock clock;

    UsageGrpcService(
            ApiKeys apiKeys,
            UsageReport report,
            CallerLimits limits,
            CallerBounds bounds,
            Rejections rejections,
            Clock clock) {
        this.apiKeys = apiKeys;
        this.report = report;
        this.limits = limits;
        this.bounds = bounds;
        this.rejections = rejections;
        this.clock = clock;
    }

    @Override
    public void getUsage(GetUsageRequest request, StreamObserver<GetUsageResponse> response) {
        answer("GetUsage", response, caller -> {
            var query = UsageWire.query(caller.tenantId(), request, clock.instant());
            return UsageWire.usage(report.of(query, UsageWire.buckets(request)));
        });
    }

    @Override
    public void listLimits(ListLimitsRequest request, StreamObserver<ListLimitsResponse> response) {
        answer("ListLimits", response, caller -> UsageWire.limits(limits.of(caller), bounds.of(caller)));
    }

    private <T> void answer(String rpc, StreamObserver<T> response, Function<Caller, T> step) {
        var task = Context.current().wrap(() -> {
            @Nullable Caller caller = null;
            try {
                caller = authenticated();
                response.onNext(step.apply(caller));
                response.onCompleted();
            } catch (RuntimeException e) {
                var failure = GrpcFailures.known(e);
                if (failure.code().type() != ErrorType.INTERNAL) {
                    rejections.note(Rejection.of(CallContext.requestId(), caller, rpc, failure));
                }
                response.onError(GrpcError.of(failure));
            }
        });
        Thread.ofVirtual().name("usage-" + CallContext.requestId()).start(task);
    }

    private Caller authenticated() {
        var caller = apiKeys.authenticate(CallContext.authorization());
        CallContext.call().authenticated(() -> limits.of(caller));
        caller.permissions().require(Scope.USAGE_READ);
        return caller;
    }
}
