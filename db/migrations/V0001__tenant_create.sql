-- Tenants and the API keys that speak for them. Written by the control plane's feature `tenant` only.

CREATE TABLE tenant (
    tenant_id   uuid PRIMARY KEY,
    name        text NOT NULL CHECK (char_length(name) BETWEEN 1 AND 100 AND name = btrim(name)),
    state       text NOT NULL CHECK (state IN ('ACTIVE', 'SUSPENDED', 'DELETED')),
    create_time timestamptz NOT NULL,
    update_time timestamptz NOT NULL,
    -- Guards an update against a concurrent one.
    revision    bigint NOT NULL DEFAULT 0
);

COMMENT ON TABLE tenant IS 'Who generates and pays. A deleted tenant stays as a row, because ledger and audit refer to it.';
COMMENT ON COLUMN tenant.tenant_id IS 'UUID version 7: ascending ids list tenants in the order of their creation.';

-- The name of a deleted tenant is free again.
CREATE UNIQUE INDEX tenant_name_taken ON tenant (lower(name)) WHERE state <> 'DELETED';

CREATE TABLE api_key (
    public_id      text PRIMARY KEY CHECK (public_id ~ '^[0-9A-Za-z]{16}$'),
    tenant_id      uuid NOT NULL REFERENCES tenant,
    environment    text NOT NULL CHECK (environment IN ('live', 'test', 'demo')),
    name           text NOT NULL CHECK (char_length(name) BETWEEN 1 AND 100 AND name = btrim(name)),
    key_hmac       bytea NOT NULL CHECK (octet_length(key_hmac) = 32),
    create_time    timestamptz NOT NULL,
    expire_time    timestamptz CHECK (expire_time > create_time),
    revoke_time    timestamptz CHECK (revoke_time >= create_time),
    last_used_time timestamptz,
    revision       bigint NOT NULL DEFAULT 0
);

COMMENT ON TABLE api_key IS 'Several keys of a tenant may live at once, so that a key is rotated without a gap.';
COMMENT ON COLUMN api_key.public_id IS 'Third part of the key''s text; safe to show and to log.';
COMMENT ON COLUMN api_key.key_hmac IS 'HMAC-SHA-256 of the whole key under the pepper, which is not in the database. The key itself is stored nowhere.';
COMMENT ON COLUMN api_key.expire_time IS 'The key is refused from this moment on; null: never expires.';
COMMENT ON COLUMN api_key.revoke_time IS 'The key is refused since this moment; null: not revoked.';
COMMENT ON COLUMN api_key.last_used_time IS 'Written in batches, some seconds late; null: never used.';

CREATE INDEX api_key_of_tenant ON api_key (tenant_id, public_id);
