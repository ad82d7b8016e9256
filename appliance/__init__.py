"""The core: what a visit is, who may have one, and the one thread that owns that truth."""
