-- What admission decided, kept as it was: later changes of keys, projects and limits do not touch it. Null in rows of replicas that
-- do not write it yet.

ALTER TABLE usage_generation
    ADD COLUMN project_id uuid,
    ADD COLUMN limits jsonb,
    ADD COLUMN arm text;

COMMENT ON COLUMN usage_generation.limits IS 'Every limit that held for the request, as its reservation left it.';
COMMENT ON COLUMN usage_generation.arm IS 'The arm of a rollout that the request fell into; null: no rollout.';

-- Until now a key was in the project that it is in.
UPDATE usage_generation SET project_id = api_key.project_id FROM api_key WHERE api_key.public_id = usage_generation.api_key_id;

-- What a tenant used in a span of time.
CREATE INDEX usage_ledger_entry_debited ON usage_ledger_entry (debit_account, create_time);
CREATE INDEX usage_ledger_entry_credited ON usage_ledger_entry (credit_account, create_time) WHERE credit_account <> 'platform/work';
