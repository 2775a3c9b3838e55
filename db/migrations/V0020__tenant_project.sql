-- Projects divide a tenant: limits and keys may belong to one. Keys say what they are for, tenants how they share the engine.

CREATE TABLE project (
    project_id  uuid PRIMARY KEY,
    tenant_id   uuid NOT NULL REFERENCES tenant,
    name        text NOT NULL CHECK (char_length(name) BETWEEN 1 AND 100 AND name = btrim(name)),
    state       text NOT NULL CHECK (state IN ('ACTIVE', 'DELETED')),
    is_default  boolean NOT NULL,
    create_time timestamptz NOT NULL,
    update_time timestamptz NOT NULL,
    revision    bigint NOT NULL DEFAULT 0,
    UNIQUE (tenant_id, project_id),
    CHECK (NOT is_default OR state = 'ACTIVE')
);

COMMENT ON COLUMN project.is_default IS 'Holds the keys that were made without a project; made with its tenant and never deleted.';

CREATE UNIQUE INDEX project_name_taken ON project (tenant_id, lower(name)) WHERE state <> 'DELETED';
CREATE UNIQUE INDEX project_one_default ON project (tenant_id) WHERE is_default;

INSERT INTO project (project_id, tenant_id, name, state, is_default, create_time, update_time)
SELECT gen_random_uuid(), tenant_id, 'default', 'ACTIVE', true, create_time, create_time FROM tenant;

ALTER TABLE tenant
    ADD COLUMN weight integer NOT NULL DEFAULT 1 CHECK (weight BETWEEN 1 AND 1000),
    ADD COLUMN priority integer NOT NULL DEFAULT 0 CHECK (priority BETWEEN 0 AND 9),
    ADD COLUMN answer_retention_hours integer NOT NULL DEFAULT 24 CHECK (answer_retention_hours BETWEEN 0 AND 24);

COMMENT ON COLUMN tenant.weight IS 'Share of the engine under saturation, relative to other tenants.';
COMMENT ON COLUMN tenant.priority IS 'Larger first where requests wait; lowest is shed first.';
COMMENT ON COLUMN tenant.answer_retention_hours IS 'How long answers to requests with an idempotency key are kept for replay; 0: nothing of an answer is ever stored.';

ALTER TABLE api_key
    ADD COLUMN project_id uuid,
    ADD COLUMN scopes text[] NOT NULL DEFAULT '{generate,models.read,usage.read}'
        CHECK (cardinality(scopes) > 0 AND scopes <@ '{generate,models.read,usage.read}'),
    ADD COLUMN models text[] CHECK (cardinality(models) BETWEEN 1 AND 100);

COMMENT ON COLUMN api_key.models IS 'Names of the models and versions that the key may ask for; null: all.';

UPDATE api_key SET project_id = project.project_id FROM project WHERE project.tenant_id = api_key.tenant_id AND project.is_default;

ALTER TABLE api_key
    ALTER COLUMN project_id SET NOT NULL,
    ADD CONSTRAINT api_key_project_is_the_tenants FOREIGN KEY (tenant_id, project_id) REFERENCES project (tenant_id, project_id);
