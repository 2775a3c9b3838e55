-- Keys that are rotated and deleted, news of changes for the replicas' caches, and rows that a control plane of the version
-- before writes without knowing projects.

ALTER TABLE api_key
    ADD COLUMN previous_hmac bytea CHECK (octet_length(previous_hmac) = 32),
    ADD COLUMN overlap_end_time timestamptz,
    ADD COLUMN delete_time timestamptz,
    ADD CONSTRAINT api_key_previous_secret_ends CHECK ((previous_hmac IS NULL) = (overlap_end_time IS NULL)),
    ADD CONSTRAINT api_key_deleted_is_revoked CHECK (delete_time IS NULL OR revoke_time IS NOT NULL);

COMMENT ON COLUMN api_key.previous_hmac IS 'Of the secret before the last rotation; good until overlap_end_time.';
COMMENT ON COLUMN api_key.overlap_end_time IS 'The secret before the last rotation is refused from this moment on.';
COMMENT ON COLUMN api_key.delete_time IS 'Hidden from lists since this moment; null: not deleted.';

-- A default project for whoever has none yet. In a deferred trigger: a control plane that knows projects makes it itself.
CREATE FUNCTION tenant_make_default_project(wanted uuid) RETURNS void LANGUAGE sql AS $$
    INSERT INTO project (project_id, tenant_id, name, state, is_default, create_time, update_time)
    SELECT gen_random_uuid(), wanted, 'default', 'ACTIVE', true, now(), now()
     WHERE NOT EXISTS (SELECT FROM project WHERE tenant_id = wanted AND is_default)
    ON CONFLICT DO NOTHING
$$;

CREATE FUNCTION tenant_has_default_project() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM tenant_make_default_project(NEW.tenant_id);
    RETURN NULL;
END
$$;

CREATE CONSTRAINT TRIGGER tenant_without_project AFTER INSERT ON tenant DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION tenant_has_default_project();

SELECT tenant_make_default_project(tenant_id) FROM tenant;

CREATE FUNCTION api_key_is_the_default_projects() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM tenant_make_default_project(NEW.tenant_id);
    NEW.project_id := (SELECT project_id FROM project WHERE tenant_id = NEW.tenant_id AND is_default);
    RETURN NEW;
END
$$;

CREATE TRIGGER api_key_without_project BEFORE INSERT ON api_key
    FOR EACH ROW WHEN (NEW.project_id IS NULL) EXECUTE FUNCTION api_key_is_the_default_projects();

-- Whatever a cached key depends on is told with the commit that changes it, whoever changes it: the argument is the kind of
-- subject, the second names its column. Inserts are not told, because nothing is cached of what was not there.
CREATE FUNCTION tenant_tell_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('tenant_change', TG_ARGV[0] || '/' || (to_jsonb(OLD) ->> TG_ARGV[1]));
    RETURN NULL;
END
$$;

-- The last use of a key is written beside these columns and is no change.
CREATE TRIGGER api_key_change AFTER DELETE OR UPDATE OF
        tenant_id, project_id, scopes, models, key_hmac, previous_hmac, overlap_end_time, expire_time, revoke_time, delete_time
    ON api_key FOR EACH ROW EXECUTE FUNCTION tenant_tell_change('key', 'public_id');
CREATE TRIGGER project_change AFTER DELETE OR UPDATE OF state
    ON project FOR EACH ROW EXECUTE FUNCTION tenant_tell_change('project', 'project_id');
CREATE TRIGGER tenant_change AFTER DELETE OR UPDATE OF state, weight, priority, answer_retention_hours
    ON tenant FOR EACH ROW EXECUTE FUNCTION tenant_tell_change('tenant', 'tenant_id');
