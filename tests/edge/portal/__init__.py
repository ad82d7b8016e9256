"""Tests of the portal as it is served: its real process, a real unix socket, curl."""
