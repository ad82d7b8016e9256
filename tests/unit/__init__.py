"""Tests without a kernel, a socket or a file: the pure core."""
