-- What replicas hold of budgets ahead of requests. Written by the control plane's feature `quota` only.
--
-- Lock order of every transaction: plans, then leases by lease_id, then reservations by reservation_id, then subjects, then budgets by budget_id.

CREATE TABLE quota_lease (
    lease_id    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    owner_epoch bigint NOT NULL,
    tenant_id   uuid NOT NULL REFERENCES tenant,
    api_key_id  text NOT NULL,
    recall      boolean NOT NULL DEFAULT false,
    create_time timestamptz NOT NULL DEFAULT now(),
    expire_time timestamptz NOT NULL
);

COMMENT ON TABLE quota_lease IS 'Amounts that one replica may spend for one API key without asking. There only while they are held: returned and expired ones are deleted.';
COMMENT ON COLUMN quota_lease.recall IS 'Somebody else was refused because of it: its owner gives back what is unspent with its next heartbeat.';
COMMENT ON COLUMN quota_lease.expire_time IS 'On this database''s clock, moved by the owner''s heartbeat; past it anybody may delete the lease.';

CREATE INDEX quota_lease_by_expiry ON quota_lease (expire_time);

CREATE TABLE quota_lease_line (
    lease_id  bigint NOT NULL REFERENCES quota_lease ON DELETE CASCADE,
    budget_id bigint NOT NULL REFERENCES quota_budget,
    unit      text NOT NULL,
    held      bigint NOT NULL CHECK (held >= 0),
    PRIMARY KEY (lease_id, budget_id)
);

COMMENT ON TABLE quota_lease_line IS 'One for each budget that a lease debits. Lines of one unit hold the same; budget.leased is the sum of its lines.';

CREATE INDEX quota_lease_line_of_budget ON quota_lease_line (budget_id);
