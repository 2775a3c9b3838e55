-- Models, their versions, and which of them are wanted in the engine. Written by the control plane's feature `model` only.

CREATE TABLE model (
    model_id           uuid PRIMARY KEY,
    name               text NOT NULL UNIQUE CHECK (name ~ '^[a-z0-9][a-z0-9._-]{0,62}$'),
    default_version_id uuid,
    is_default         boolean NOT NULL,
    create_time        timestamptz NOT NULL,
    update_time        timestamptz NOT NULL,
    revision           bigint NOT NULL DEFAULT 0
);

COMMENT ON TABLE model IS 'A name that callers ask for. The state of its versions in the engine is the engine''s and stored nowhere.';
COMMENT ON COLUMN model.default_version_id IS 'The version that answers requests for the model''s name; null until the first version is registered.';
COMMENT ON COLUMN model.is_default IS 'Answers requests that name no model.';

CREATE UNIQUE INDEX model_one_default ON model (is_default) WHERE is_default;

CREATE TABLE model_version (
    model_version_id    uuid PRIMARY KEY,
    model_id            uuid NOT NULL REFERENCES model,
    name                text NOT NULL UNIQUE CHECK (name ~ '^[a-z0-9][a-z0-9._-]{0,62}$'),
    positions_per_token integer NOT NULL CHECK (positions_per_token BETWEEN 1 AND 1000),
    wanted_state        text NOT NULL CHECK (wanted_state IN ('LOADED', 'UNLOADED')),
    create_time         timestamptz NOT NULL,
    update_time         timestamptz NOT NULL,
    revision            bigint NOT NULL DEFAULT 0,
    UNIQUE (model_id, model_version_id)
);

COMMENT ON COLUMN model_version.name IS 'The version''s name in the engine''s model repository.';
COMMENT ON COLUMN model_version.positions_per_token IS 'Measured positions evaluated per output token, rounded up: what admission reserves.';
COMMENT ON COLUMN model_version.wanted_state IS 'What the operator asked for; a reconciler makes the engine follow.';

-- A model's default version is one of its own.
ALTER TABLE model ADD CONSTRAINT model_default_version_is_own
    FOREIGN KEY (model_id, default_version_id) REFERENCES model_version (model_id, model_version_id);
