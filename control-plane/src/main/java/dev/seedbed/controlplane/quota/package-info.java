/**
 * Budgets and the reservations on them: admission debits an estimate from every budget at once or changes nothing, settlement
 * posts what was done. Decisions are pure; the database's clock is the only one that expires anything.
 */
@NullMarked
@ApplicationModule(allowedDependencies = {"admin", "audit", "database", "tenant", "wire"})
package dev.seedbed.controlplane.quota;

import org.jspecify.annotations.NullMarked;
import org.springframework.modulith.ApplicationModule;
