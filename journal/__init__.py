"""The append-only, chained record: one writer, many readers. Knows entries, nothing else."""
