package dev.seedbed.adapter.generation;

import dev.seedbed.adapter.model.ModelVersion;
import dev.seedbed.adapter.triton.DecodeRequest;
import java.time.Duration;
import java.util.List;

/**
 * One generation, checked and tokenised.
 *
 * @param request its prompt ends with {@code committed}
 * @param committed output tokens of earlier dispatches, whose text the caller has
 * @param stops texts before which the output ends; none empty
 * @param coalescing how long after a message the next ones may wait for one another
 */
@SuppressWarnings("ArrayRecordComponent") // Read once; never compared.
record Generation(
        ModelVersion version, DecodeRequest request, int[] committed, List<String> stops, Duration coalescing) {}
