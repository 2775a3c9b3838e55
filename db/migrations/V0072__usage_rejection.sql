-- A sample of the requests that were refused before anything was reserved: bounded in rate, number and age, so that a flood of
-- refusals is no flood of writes. Nothing is billed by it.

CREATE TABLE usage_rejection (
    rejection_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    request_id   uuid NOT NULL,
    tenant_id    uuid,
    project_id   uuid,
    api_key_id   text,
    endpoint     text NOT NULL,
    code         text NOT NULL,
    param        text,
    message      text NOT NULL CHECK (char_length(message) <= 300),
    create_time  timestamptz NOT NULL DEFAULT now()
);

COMMENT ON COLUMN usage_rejection.tenant_id IS 'Null: the caller is not known.';

CREATE INDEX usage_rejection_of_tenant ON usage_rejection (tenant_id, rejection_id);
CREATE INDEX usage_rejection_of_request ON usage_rejection (request_id);
CREATE INDEX usage_rejection_by_age ON usage_rejection (create_time);
