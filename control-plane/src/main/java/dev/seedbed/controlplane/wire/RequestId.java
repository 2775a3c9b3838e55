package dev.seedbed.controlplane.wire;

import java.security.SecureRandom;
import java.time.InstantSource;
import java.util.UUID;

/** Identity of one request, the same in headers, logs, ledger and audit; its text form is the UUID's. */
public record RequestId(UUID value) {

    private static final SecureRandom random = new SecureRandom();

    /** A new UUID of version 7: ids of neighbouring requests lie side by side in an index. */
    public static RequestId next(InstantSource clock) {
        var high = (clock.millis() << 16) | 0x7000 | (random.nextLong() & 0x0fff);
        var low = 0x8000_0000_0000_0000L | (random.nextLong() >>> 2);
        return new RequestId(new UUID(high, low));
    }

    @Override
    public String toString() {
        return value.toString();
    }
}
