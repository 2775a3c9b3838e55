package dev.seedbed.controlplane.pricing;

import dev.seedbed.controlplane.quota.Unit;
import java.util.UUID;

/**
 * One version of a price list; never changes.
 *
 * @param unit of money in the ledger
 */
public record PriceList(UUID id, int version, Unit unit, Rates rates) {}
