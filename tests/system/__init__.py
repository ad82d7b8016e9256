"""The whole venue and a real browser: every process ours and real, met as a visitor meets it."""
