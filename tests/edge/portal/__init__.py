"""Tests of the portal as it is served: a real gunicorn, a real unix socket, curl."""
