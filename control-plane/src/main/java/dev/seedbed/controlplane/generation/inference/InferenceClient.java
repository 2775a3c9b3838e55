package dev.seedbed.controlplane.generation.inference;

import dev.seedbed.controlplane.generation.Prompt;

/** The inference adapter, as the request path needs it. Failures are SeedbedExceptions. */
public interface InferenceClient {

    /** Tokens that a dispatch of this prompt would prefill. */
    int countTokens(String modelVersion, Prompt prompt);

    /** Starts a dispatch. Closing the stream before its end cancels it in the engine. */
    InferenceStream generate(Dispatch dispatch);
}
