package dev.seedbed.controlplane.tenant;

/**
 * How a tenant shares the engine with others.
 *
 * @param weight 1..1000, relative to other tenants
 * @param priority 0..9, larger first where requests wait
 */
public record Share(int weight, int priority) {

    public static final Share DEFAULT = new Share(1, 0);
}
