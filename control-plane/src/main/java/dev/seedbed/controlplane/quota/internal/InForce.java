package dev.seedbed.controlplane.quota.internal;

import dev.seedbed.controlplane.quota.Subject;
import java.util.List;
import java.util.Set;

/**
 * What limits some subjects now.
 *
 * @param open budgets of limits in force, in their present windows
 * @param unopened subjects with a limit whose present window has no budget before the next admission makes it
 */
public record InForce(List<BudgetRow> open, Set<Subject> unopened) {}
