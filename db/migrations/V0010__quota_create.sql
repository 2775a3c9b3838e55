-- Budgets of tenants and reservations on them. Written by the control plane's feature `quota` only.
--
-- Lock order of every transaction: reservations by reservation_id, then budgets by budget_id.

CREATE TABLE quota_budget (
    budget_id    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant_id    uuid NOT NULL REFERENCES tenant,
    unit         text NOT NULL CHECK (unit ~ '^(REQUEST|INPUT_TOKEN|CACHED_INPUT_TOKEN|OUTPUT_TOKEN|POSITION|MICRO_[A-Z]{3})$'),
    window_kind  text NOT NULL CHECK (window_kind IN ('EVER', 'MINUTE', 'HOUR', 'DAY', 'MONTH')),
    window_start timestamptz NOT NULL,
    limit_amount bigint CHECK (limit_amount >= 0),
    ceiling      bigint,
    posted       bigint NOT NULL DEFAULT 0 CHECK (posted >= 0),
    reserved     bigint NOT NULL DEFAULT 0 CHECK (reserved >= 0),
    UNIQUE (tenant_id, unit, window_kind, window_start),
    CHECK ((window_kind = 'EVER') = (window_start = '-infinity')),
    CHECK ((limit_amount IS NULL) = (ceiling IS NULL)),
    CHECK (limit_amount <= ceiling),
    CHECK (posted + reserved <= ceiling)
);

COMMENT ON TABLE quota_budget IS 'One limit of a tenant and what was used of it. posted is a cache of the ledger, which a job can rebuild.';
COMMENT ON COLUMN quota_budget.limit_amount IS 'Admission keeps posted + reserved at or below it; null: counted, not limited.';
COMMENT ON COLUMN quota_budget.ceiling IS 'The largest limit under which the present usage was admitted. Differs from limit_amount only after a limit was lowered below the usage, which cuts nothing.';
COMMENT ON COLUMN quota_budget.reserved IS 'Sum over pending reservations of what they hold and have not posted.';

CREATE SEQUENCE quota_owner_epoch;
COMMENT ON SEQUENCE quota_owner_epoch IS 'One number for each start of a replica: who may renew and post a reservation.';

CREATE TABLE quota_reservation (
    reservation_id uuid PRIMARY KEY,
    tenant_id      uuid NOT NULL REFERENCES tenant,
    owner_epoch    bigint NOT NULL,
    state          text NOT NULL CHECK (state IN ('PENDING', 'POSTED', 'VOIDED', 'EXPIRED')),
    postings       integer NOT NULL DEFAULT 0 CHECK (postings >= 0),
    create_time    timestamptz NOT NULL DEFAULT now(),
    expire_time    timestamptz NOT NULL,
    resolve_time   timestamptz,
    late_time      timestamptz,
    CHECK ((state = 'PENDING') = (resolve_time IS NULL)),
    CHECK (late_time IS NULL OR state = 'EXPIRED')
);

COMMENT ON COLUMN quota_reservation.reservation_id IS 'The id of the request that holds it.';
COMMENT ON COLUMN quota_reservation.postings IS 'How often something was posted from it; the seq of the next posting in the ledger.';
COMMENT ON COLUMN quota_reservation.expire_time IS 'On this database''s clock, moved by the owner''s heartbeat; a pending reservation past it is resolved as EXPIRED.';

COMMENT ON COLUMN quota_reservation.late_time IS 'When the owner settled after the expiry; null: it did not.';

CREATE INDEX quota_reservation_pending ON quota_reservation (expire_time) WHERE state = 'PENDING';

CREATE TABLE quota_reservation_line (
    reservation_id uuid NOT NULL REFERENCES quota_reservation,
    budget_id      bigint NOT NULL REFERENCES quota_budget,
    unit           text NOT NULL,
    reserved       bigint NOT NULL CHECK (reserved >= 0),
    posted         bigint NOT NULL DEFAULT 0 CHECK (posted >= 0),
    PRIMARY KEY (reservation_id, budget_id),
    CHECK (posted <= reserved)
);

CREATE FUNCTION quota_reservation_refuse_second_resolution() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'reservation is resolved already: % (state: %, refused: %)', OLD.reservation_id, OLD.state, NEW.state;
END
$$;

CREATE TRIGGER quota_reservation_resolved_once BEFORE UPDATE ON quota_reservation
    FOR EACH ROW WHEN (OLD.state <> 'PENDING' AND NEW.state <> OLD.state)
    EXECUTE FUNCTION quota_reservation_refuse_second_resolution();
