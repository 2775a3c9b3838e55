package dev.seedbed.controlplane.generation;

/** Places in a generation's life at which a test can end the process, as a crash would. In the order they are passed. */
enum FaultPoint {
    /** The reservation is durable, the engine has heard of nothing. */
    ADMITTED,
    /** The engine has the request; no event was read. */
    DISPATCHED,
    /** The client has its first text. */
    FIRST_TEXT,
    /** The client has its second text. */
    MID_STREAM,
    /** The engine has finished; nothing of the settlement is written. */
    SETTLING,
    /** The settlement is durable; the client was not told of the end. */
    SETTLED
}
