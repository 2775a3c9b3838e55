/**
 * What was used: the append-only double-entry ledger, a record of each admitted generation, and the proof that the budgets'
 * posted amounts are the ledger's. The proof and the rebuild read and repair the budgets of feature {@code quota}.
 */
@NullMarked
@ApplicationModule(allowedDependencies = {"admin", "database", "model", "pricing", "quota", "tenant", "wire"})
package dev.seedbed.controlplane.usage;

import org.jspecify.annotations.NullMarked;
import org.springframework.modulith.ApplicationModule;
