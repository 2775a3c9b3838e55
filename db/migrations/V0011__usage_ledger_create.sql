-- What was used, for ever. Written by the control plane's feature `usage` only.

CREATE TABLE usage_ledger_entry (
    request_id     uuid NOT NULL,
    kind           text NOT NULL CHECK (kind IN ('CHECKPOINT', 'SETTLEMENT', 'LATE_SETTLEMENT', 'LOSS', 'ADJUSTMENT')),
    seq            integer NOT NULL CHECK (seq >= 0),
    unit           text NOT NULL CHECK (unit ~ '^(REQUEST|INPUT_TOKEN|CACHED_INPUT_TOKEN|OUTPUT_TOKEN|POSITION|MICRO_[A-Z]{3})$'),
    debit_account  text NOT NULL CHECK (debit_account ~ '^(tenant/[0-9a-f-]{36}|platform/[a-z_]+)$'),
    credit_account text NOT NULL CHECK (credit_account ~ '^(tenant/[0-9a-f-]{36}|platform/[a-z_]+)$'),
    amount         bigint NOT NULL CHECK (amount > 0),
    create_time    timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (request_id, kind, seq, unit),
    CHECK (debit_account <> credit_account)
);

COMMENT ON TABLE usage_ledger_entry IS 'Transfers between accounts: amount moves from credit_account to debit_account. Work done for a tenant debits `tenant/<id>` and credits `platform/work`; work that no tenant pays for debits `platform/loss`.';
COMMENT ON COLUMN usage_ledger_entry.seq IS 'Number of the posting within its request. Each posts the difference of cumulative counters, so a repetition finds its row and adds nothing.';

CREATE INDEX usage_ledger_entry_by_debit_account ON usage_ledger_entry (debit_account, unit) INCLUDE (amount);

CREATE FUNCTION usage_ledger_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'usage_ledger_entry is append-only: % refused', TG_OP;
END
$$;

CREATE TRIGGER usage_ledger_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON usage_ledger_entry
    FOR EACH STATEMENT EXECUTE FUNCTION usage_ledger_refuse_change();
