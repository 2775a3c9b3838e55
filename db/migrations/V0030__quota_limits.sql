-- Limits of tenants, projects and keys in several windows, and plans, which are named sets of limits. Written by the control
-- plane's feature `quota` only.
--
-- Lock order of every transaction: reservations by reservation_id, then budgets by budget_id, then subjects.

CREATE TABLE quota_plan (
    plan_id     uuid PRIMARY KEY,
    name        text NOT NULL UNIQUE CHECK (name ~ '^[a-z0-9][a-z0-9._-]{0,62}$'),
    bounds      jsonb NOT NULL DEFAULT '{}',
    create_time timestamptz NOT NULL DEFAULT now(),
    update_time timestamptz NOT NULL DEFAULT now()
);

COMMENT ON COLUMN quota_plan.bounds IS 'Largest context and output and ranges of knobs that a request may ask for; absent: as the model version allows.';

CREATE TABLE quota_plan_limit (
    plan_id      uuid NOT NULL REFERENCES quota_plan ON DELETE CASCADE,
    unit         text NOT NULL,
    window_kind  text NOT NULL CHECK (window_kind IN ('EVER', 'MINUTE', 'HOUR', 'DAY', 'MONTH')),
    limit_amount bigint CHECK (limit_amount >= 0),
    durability   text NOT NULL CHECK (durability IN ('STRICT', 'LEASED')),
    PRIMARY KEY (plan_id, unit, window_kind)
);

CREATE TABLE quota_subject (
    subject   text PRIMARY KEY CHECK (subject ~ '^(tenant/[0-9a-f-]{36}|project/[0-9a-f-]{36}|key/[0-9A-Za-z]{16})$'),
    tenant_id uuid NOT NULL REFERENCES tenant,
    plan_id   uuid REFERENCES quota_plan,
    bounds    jsonb NOT NULL DEFAULT '{}',
    time_zone text NOT NULL DEFAULT 'UTC'
);

COMMENT ON TABLE quota_subject IS 'Who limits are of: a tenant, a project or a key. Absent: without plan, limits and bounds.';
COMMENT ON COLUMN quota_subject.time_zone IS 'IANA name; days and months of a tenant and of all that is its own begin there at midnight. Of tenants only.';

CREATE INDEX quota_subject_of_plan ON quota_subject (plan_id) WHERE plan_id IS NOT NULL;

CREATE TABLE quota_limit_override (
    subject      text NOT NULL REFERENCES quota_subject,
    unit         text NOT NULL,
    window_kind  text NOT NULL CHECK (window_kind IN ('EVER', 'MINUTE', 'HOUR', 'DAY', 'MONTH')),
    limit_amount bigint CHECK (limit_amount >= 0),
    durability   text NOT NULL CHECK (durability IN ('STRICT', 'LEASED')),
    PRIMARY KEY (subject, unit, window_kind)
);

COMMENT ON TABLE quota_limit_override IS 'Limits set for one subject; they win over its plan''s. A null amount lifts the plan''s.';

CREATE TABLE quota_limit (
    subject      text NOT NULL REFERENCES quota_subject,
    unit         text NOT NULL,
    window_kind  text NOT NULL,
    limit_amount bigint,
    durability   text NOT NULL,
    PRIMARY KEY (subject, unit, window_kind)
);

COMMENT ON TABLE quota_limit IS 'The limits in force: what plan and overrides come to. Derived, rewritten with every change of either.';

ALTER TABLE quota_budget
    ADD COLUMN subject    text,
    ADD COLUMN window_end timestamptz NOT NULL DEFAULT 'infinity',
    ADD COLUMN leased     bigint NOT NULL DEFAULT 0 CHECK (leased >= 0),
    ADD COLUMN decay_time timestamptz NOT NULL DEFAULT now();

COMMENT ON COLUMN quota_budget.leased IS 'What replicas hold of it ahead of requests.';
COMMENT ON COLUMN quota_budget.decay_time IS 'Of MINUTE and HOUR: posted is as of this moment, and sinks by the limit in each window.';

UPDATE quota_budget SET subject = 'tenant/' || tenant_id;

-- A control plane of the version before knows budgets of tenants only.
CREATE FUNCTION quota_budget_is_the_tenants() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.subject := 'tenant/' || NEW.tenant_id;
    RETURN NEW;
END
$$;

CREATE TRIGGER quota_budget_without_subject BEFORE INSERT ON quota_budget
    FOR EACH ROW WHEN (NEW.subject IS NULL) EXECUTE FUNCTION quota_budget_is_the_tenants();

ALTER TABLE quota_budget
    ALTER COLUMN subject SET NOT NULL,
    DROP CONSTRAINT quota_budget_unit_check,
    DROP CONSTRAINT quota_budget_tenant_id_unit_window_kind_window_start_key,
    DROP CONSTRAINT quota_budget_check,
    DROP CONSTRAINT quota_budget_check3,
    ADD CONSTRAINT quota_budget_unit_check CHECK (
        unit ~ '^(REQUEST|INPUT_TOKEN|CACHED_INPUT_TOKEN|OUTPUT_TOKEN|POSITION|MICRO_[A-Z]{3}|CONCURRENT_REQUEST)$'),
    ADD CONSTRAINT quota_budget_one_each UNIQUE (subject, unit, window_kind, window_start),
    ADD CONSTRAINT quota_budget_window CHECK (
        (window_kind IN ('DAY', 'MONTH')) = (window_start <> '-infinity') AND (window_start = '-infinity') = (window_end = 'infinity')
        AND window_start < window_end),
    ADD CONSTRAINT quota_budget_never_exceeded CHECK (posted + reserved + leased <= ceiling);

INSERT INTO quota_subject (subject, tenant_id)
SELECT DISTINCT subject, tenant_id FROM quota_budget;

-- A limit of 0 that nobody set is the rule for tenants without limits, and written by it.
INSERT INTO quota_limit_override (subject, unit, window_kind, limit_amount, durability)
SELECT subject, unit, 'EVER', limit_amount, 'STRICT' FROM quota_budget WHERE limit_amount > 0;

INSERT INTO quota_limit (subject, unit, window_kind, limit_amount, durability)
SELECT subject, unit, 'EVER', limit_amount, 'STRICT' FROM quota_budget;
