-- Who changed what. Rows are written in the transaction of the change and never touched again.

CREATE TABLE audit_entry (
    audit_entry_id uuid PRIMARY KEY,
    create_time    timestamptz NOT NULL DEFAULT now(),
    actor          text NOT NULL,
    action         text NOT NULL CHECK (action ~ '^[a-z_]+\.[a-z_]+$'),
    resource       text NOT NULL,
    before         jsonb,
    after          jsonb,
    request_id     uuid NOT NULL,
    CHECK (before IS NOT NULL OR after IS NOT NULL)
);

COMMENT ON COLUMN audit_entry.audit_entry_id IS 'UUID version 7: ascending ids follow time, to the millisecond of the writing process.';
COMMENT ON COLUMN audit_entry.action IS 'Feature and verb, for example `tenant.suspend`.';
COMMENT ON COLUMN audit_entry.resource IS 'Path of the changed resource below /admin/v1, for example `tenants/<tenant_id>/api_keys/<public_id>`.';
COMMENT ON COLUMN audit_entry.before IS 'The resource as the admin API showed it before the change; null: did not exist. Never holds a secret.';

CREATE INDEX audit_entry_of_resource ON audit_entry (resource text_pattern_ops, audit_entry_id);

CREATE FUNCTION audit_entry_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'audit_entry is append-only: % refused', TG_OP;
END
$$;

CREATE TRIGGER audit_entry_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_entry
    FOR EACH STATEMENT EXECUTE FUNCTION audit_entry_refuse_change();
