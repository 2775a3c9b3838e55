-- Price lists and who pays by which. Written by the control plane's feature `pricing` only.

CREATE TABLE price_list (
    price_list_id uuid PRIMARY KEY,
    name          text NOT NULL UNIQUE CHECK (name ~ '^[a-z0-9][a-z0-9._-]{0,62}$'),
    currency      text NOT NULL CHECK (currency IN ('USD', 'EUR')),
    is_default    boolean NOT NULL DEFAULT false,
    create_time   timestamptz NOT NULL DEFAULT now()
);

COMMENT ON COLUMN price_list.is_default IS 'Holds for tenants without a list of their own. Without a default they pay nothing.';

CREATE UNIQUE INDEX price_list_one_default ON price_list (is_default) WHERE is_default;

CREATE TABLE price_list_version (
    price_list_id                   uuid NOT NULL REFERENCES price_list,
    version                         integer NOT NULL CHECK (version >= 1),
    per_million_input_tokens        bigint NOT NULL CHECK (per_million_input_tokens BETWEEN 0 AND 1000000000000),
    per_million_cached_input_tokens bigint NOT NULL CHECK (per_million_cached_input_tokens BETWEEN 0 AND per_million_input_tokens),
    per_million_output_tokens       bigint NOT NULL CHECK (per_million_output_tokens BETWEEN 0 AND 1000000000000),
    per_million_positions           bigint NOT NULL CHECK (per_million_positions BETWEEN 0 AND 1000000000000),
    per_request                     bigint NOT NULL CHECK (per_request BETWEEN 0 AND 1000000000000),
    create_time                     timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (price_list_id, version)
);

COMMENT ON TABLE price_list_version IS 'Prices in millionths of the currency; the newest version holds for requests admitted from now on. Never changed: requests refer to it.';
COMMENT ON COLUMN price_list_version.per_million_cached_input_tokens IS 'Of input tokens whose KV was reused, instead of their price as input.';

CREATE FUNCTION price_list_version_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'price_list_version is append-only: % refused', TG_OP;
END
$$;

CREATE TRIGGER price_list_version_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON price_list_version
    FOR EACH STATEMENT EXECUTE FUNCTION price_list_version_refuse_change();

CREATE TABLE price_list_of_tenant (
    tenant_id     uuid PRIMARY KEY REFERENCES tenant,
    price_list_id uuid NOT NULL REFERENCES price_list
);
