"""Measurements: programs that a person runs (``scripts/bench``), and one quick test that keeps them from rotting."""
