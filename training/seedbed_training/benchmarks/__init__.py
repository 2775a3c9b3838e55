"""Java benchmarks of others, from files that the user has: what to ask, and whether the answer is
right."""
