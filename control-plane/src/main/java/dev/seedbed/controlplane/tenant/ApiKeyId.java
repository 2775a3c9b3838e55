package dev.seedbed.controlplane.tenant;

/** Public part of an API key: safe to log and to show. */
public record ApiKeyId(String value) {
    @Override
    public String toString() {
        return value;
    }
}
