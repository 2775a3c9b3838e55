-- Requests with an idempotency key, what they were answered with, and the attempts of clients that retry without a key. Written by
-- package `generation.answer` of the control plane only.
--
-- Lock order: rows of these tables, then reservations, then budgets.

CREATE TABLE answer_record (
    scope              bytea PRIMARY KEY CHECK (octet_length(scope) = 32),
    request_id         uuid NOT NULL UNIQUE,
    tenant_id          uuid NOT NULL REFERENCES tenant,
    fingerprint        bytea NOT NULL CHECK (octet_length(fingerprint) = 32),
    create_time        timestamptz NOT NULL,
    end_time           timestamptz,
    chunks             integer CHECK (chunks >= 0),
    answer_expire_time timestamptz,
    expire_time        timestamptz NOT NULL,
    CHECK ((end_time IS NULL) = (chunks IS NULL)),
    CHECK ((end_time IS NULL) = (answer_expire_time IS NULL))
);

COMMENT ON TABLE answer_record IS 'One row for each idempotency key that began a generation; written in the transaction of its admission.';
COMMENT ON COLUMN answer_record.scope IS 'HMAC-SHA-256 of API key id, surface and idempotency key; the key itself is stored nowhere.';
COMMENT ON COLUMN answer_record.fingerprint IS 'HMAC-SHA-256 of the parsed request without the way it is delivered.';
COMMENT ON COLUMN answer_record.create_time IS 'The `created` of the answer, on the clock of the replica.';
COMMENT ON COLUMN answer_record.end_time IS 'When the end became durable; null: it runs, or its replica was gone, or nobody read it to its end.';
COMMENT ON COLUMN answer_record.chunks IS 'How many rows of answer_chunk make the answer; 0: it is not kept.';
COMMENT ON COLUMN answer_record.expire_time IS 'From this moment on the key may be used for something new.';

CREATE INDEX answer_record_expiry ON answer_record (expire_time);
CREATE INDEX answer_record_answer_expiry ON answer_record (answer_expire_time) WHERE chunks > 0;

CREATE TABLE answer_chunk (
    request_id uuid NOT NULL REFERENCES answer_record (request_id) ON DELETE CASCADE,
    seq        integer NOT NULL CHECK (seq >= 0),
    sealed     bytea NOT NULL,
    PRIMARY KEY (request_id, seq)
);

COMMENT ON COLUMN answer_chunk.sealed IS 'AES-256-GCM under a key of this answer alone; the nonce is seq.';

CREATE TABLE answer_attempt (
    request_id  uuid PRIMARY KEY,
    api_key_id  text NOT NULL,
    fingerprint bytea NOT NULL CHECK (octet_length(fingerprint) = 32),
    retry_count integer NOT NULL CHECK (retry_count >= 0),
    undelivered boolean NOT NULL DEFAULT false,
    adopted_by  uuid UNIQUE,
    create_time timestamptz NOT NULL DEFAULT now()
);

COMMENT ON TABLE answer_attempt IS 'Requests of clients that count their retries, for ten minutes.';
COMMENT ON COLUMN answer_attempt.undelivered IS 'The generation finished, and its client was gone before the last byte.';
COMMENT ON COLUMN answer_attempt.adopted_by IS 'The retry to which the charge of this attempt was given back.';

CREATE INDEX answer_attempt_of_key ON answer_attempt (api_key_id, fingerprint, create_time);
CREATE INDEX answer_attempt_age ON answer_attempt (create_time);

ALTER TABLE quota_reservation
    ADD COLUMN reverse_time timestamptz,
    ADD CHECK (reverse_time IS NULL OR state <> 'PENDING');

COMMENT ON COLUMN quota_reservation.reverse_time IS 'When all it had posted was taken back; null: it stands.';
