"""A socket that systemd listens at, handed to the process that it begins because somebody connected (sd_listen_fds(3)).

    listener = handed(Path("/run/qaqpa/steward/steward.sock"))

It stays systemd's too: whoever connects while nobody is there waits until systemd has begun us, so nothing may be done
to it that outlasts the process (``shutdown``, another file at its path). Must not know: what is said on it.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from pathlib import Path

_FIRST = 3
"""SD_LISTEN_FDS_START."""


def handed(path: Path, told: Mapping[str, str] = os.environ) -> socket.socket | None:
    """The one at this path; None: systemd listens nowhere for us, or somewhere else."""
    if told.get("LISTEN_PID") != str(os.getpid()):
        return None  # whoever started us was handed it
    for number in range(_FIRST, _FIRST + int(told.get("LISTEN_FDS", "0"))):
        found = socket.socket(fileno=number)
        if found.family == socket.AF_UNIX and found.getsockname() == str(path):
            found.set_inheritable(False)
            return found
        found.detach()
    return None
