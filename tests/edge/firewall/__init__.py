"""The sources of presence with real processes and sockets, outside of any network namespace."""
