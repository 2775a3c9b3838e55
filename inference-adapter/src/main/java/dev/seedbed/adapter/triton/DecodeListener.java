package dev.seedbed.adapter.triton;

import dev.seedbed.adapter.wire.AdapterException;

/**
 * Receives one stream's outputs, one call at a time: any number of {@link #onOutput}, the last of them with a finish; or
 * {@link #onFailure} in place of what would have come.
 */
public interface DecodeListener {

    void onOutput(DecodeOutput output);

    void onFailure(AdapterException failure);
}
