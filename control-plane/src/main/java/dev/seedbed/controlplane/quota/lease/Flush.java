package dev.seedbed.controlplane.quota.lease;

/** Why what was spent of allowances is written. */
public enum Flush {
    /** Once each heartbeat; an allowance that nobody wanted since several of them is given back. */
    HEARTBEAT,
    /** Between heartbeats, because somebody needs more than his allowance has, or a reservation that is not written yet. */
    DEMAND,
    /** At the end of a replica: all that is unspent is given back. */
    LAST
}
