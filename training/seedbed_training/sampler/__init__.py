"""The reference sampler: docs/sampling.md in Python, small and exact.

Speed is the engine's business.
"""
