-- A surface of its own for POST /v1/fim/completions.

ALTER TABLE usage_generation DROP CONSTRAINT usage_generation_surface_check;
ALTER TABLE usage_generation ADD CONSTRAINT usage_generation_surface_check
    CHECK (surface IN ('COMPLETIONS', 'CHAT_COMPLETIONS', 'FIM_COMPLETIONS', 'GRPC'));
