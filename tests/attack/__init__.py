"""The attack rung: real tools against the whole venue, each first against a gate that was opened by hand."""
