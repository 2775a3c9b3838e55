-- One row for each request that was admitted: what was asked of which version, and what came of it.

CREATE TABLE usage_generation (
    request_id          uuid PRIMARY KEY,
    tenant_id           uuid NOT NULL REFERENCES tenant,
    api_key_id          text NOT NULL,
    model_version       text NOT NULL,
    surface             text NOT NULL CHECK (surface IN ('COMPLETIONS', 'CHAT_COMPLETIONS', 'GRPC')),
    knobs               jsonb NOT NULL,
    state               text NOT NULL CHECK (state IN ('RUNNING', 'FINISHED', 'CANCELLED', 'FAILED', 'EXPIRED')),
    finish_reason       text,
    finish_detail       text,
    input_tokens        bigint NOT NULL DEFAULT 0,
    cached_input_tokens bigint NOT NULL DEFAULT 0,
    forward_passes      bigint NOT NULL DEFAULT 0,
    positions_evaluated bigint NOT NULL DEFAULT 0,
    committed_tokens    bigint NOT NULL DEFAULT 0,
    edits               bigint NOT NULL DEFAULT 0,
    dispatches          integer NOT NULL DEFAULT 0,
    create_time         timestamptz NOT NULL DEFAULT now(),
    finish_time         timestamptz,
    CHECK ((state = 'RUNNING') = (finish_time IS NULL))
);

COMMENT ON COLUMN usage_generation.knobs IS 'The options as asked for, max_tokens and what was reserved; never the prompt.';
COMMENT ON COLUMN usage_generation.dispatches IS 'How many calls to the engine it took: more than one after a work limit was extended.';

CREATE INDEX usage_generation_of_tenant ON usage_generation (tenant_id, create_time DESC);
