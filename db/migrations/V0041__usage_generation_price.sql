-- Which prices a request was admitted at.

ALTER TABLE usage_generation
    ADD COLUMN price_list_id      uuid,
    ADD COLUMN price_list_version integer,
    ADD CONSTRAINT usage_generation_price FOREIGN KEY (price_list_id, price_list_version) REFERENCES price_list_version,
    ADD CONSTRAINT usage_generation_price_whole CHECK ((price_list_id IS NULL) = (price_list_version IS NULL));

COMMENT ON COLUMN usage_generation.price_list_version IS 'Pinned at admission, whatever is published afterwards; null: the request costs nothing.';
COMMENT ON COLUMN usage_ledger_entry.unit IS 'Money is MICRO_<currency>: what a tenant owes, debited to `tenant/<id>` and credited to `platform/work` as the work itself is.';
