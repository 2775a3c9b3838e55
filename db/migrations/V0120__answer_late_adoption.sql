-- An attempt that ends undelivered after its retry began is adopted then: every few seconds a replica looks for such pairs.
--
-- A replica of the version before does not write has_adopted; adopted_by stays unique, so that its retries adopt once too.

ALTER TABLE answer_attempt ADD COLUMN has_adopted boolean NOT NULL DEFAULT false;

COMMENT ON COLUMN answer_attempt.has_adopted IS 'A retry, and the charge of an attempt before it was given back for it.';

-- None on usage_generation: it would make the closing of every record dearer.
CREATE INDEX answer_attempt_retry ON answer_attempt (api_key_id, fingerprint, retry_count, create_time) WHERE retry_count > 0 AND NOT has_adopted;
