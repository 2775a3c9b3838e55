package dev.seedbed.controlplane.pricing.internal;

/** ISO 4217; each has its unit {@code MICRO_<currency>}. */
enum Currency {
    USD,
    EUR
}
