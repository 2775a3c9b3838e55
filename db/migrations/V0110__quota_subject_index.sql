-- A change of limits counts those of all projects and keys of a tenant.
--
-- Lock order of every transaction from here on: plans, leases by lease_id, reservations by reservation_id, subjects, budgets by budget_id.
-- An admission that opens windows locks subjects before it holds a budget.

CREATE INDEX quota_subject_of_tenant ON quota_subject (tenant_id);
