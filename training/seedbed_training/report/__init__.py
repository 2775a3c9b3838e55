"""docs/training.md from the recorded results: each number is read or computed from a file."""
