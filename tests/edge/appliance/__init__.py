"""The core with real sockets, real files and real processes."""
