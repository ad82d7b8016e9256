"""Measurements: programs that a person runs, not tests."""
