package dev.seedbed.adapter.generation;

import dev.seedbed.adapter.model.ModelVersion;
import dev.seedbed.adapter.triton.DecodeRequest;
import java.util.List;

/**
 * One generation, checked and tokenised.
 *
 * @param stops texts before which the output ends; none empty
 */
record Generation(ModelVersion version, DecodeRequest request, List<String> stops) {}
