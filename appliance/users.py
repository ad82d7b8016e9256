"""The users of the processes, as ``systemd/sysusers.d`` makes them. Must not know: which may do what."""

from __future__ import annotations

PORTAL_USER = "qaqpa-portal"
GATE_USER = "qaqpa-gate"
SMS_USER = "qaqpa-sms"
CONSOLE_USER = "qaqpa-console"
