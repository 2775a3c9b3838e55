package dev.seedbed.controlplane.generation.grpc;

import dev.seedbed.controlplane.wire.DatabaseFailure;
import dev.seedbed.controlplane.wire.ErrorCode;
import dev.seedbed.controlplane.wire.SeedbedException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Whatever fails behind a call, as an error of ours. */
final class GrpcFailures {

    private static final Logger log = LoggerFactory.getLogger(GrpcFailures.class);

    private GrpcFailures() {}

    /** Only our own defects are logged. */
    static SeedbedException known(RuntimeException failure) {
        if (failure instanceof SeedbedException ours) {
            return ours;
        }
        if (DatabaseFailure.mayPass(failure)) {
            log.warn("database failure: {}", failure.toString());
            return DatabaseFailure.of(failure);
        }
        log.error("internal error", failure);
        return new SeedbedException(ErrorCode.INTERNAL, "internal error");
    }
}
