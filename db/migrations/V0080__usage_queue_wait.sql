-- How long a generation waited for a place at the engine before its first dispatch.

ALTER TABLE usage_generation ADD COLUMN queue_wait_ms bigint CHECK (queue_wait_ms >= 0);

COMMENT ON COLUMN usage_generation.queue_wait_ms IS 'Null while it runs, and for generations that never waited for a place: refused before, expired, or settled by a replica that has no queue.';
