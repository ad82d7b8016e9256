"""Whether the kernel says that a time server disciplines its clock: adjtimex(2), which Python does not have.

chrony (``rtcsync``), systemd-timesyncd and ntpd all clear the flag when they are synchronised; the kernel sets it again
when nobody has corrected the clock for long. Must not know: what follows from it.
"""

from __future__ import annotations

import ctypes

_TIME_ERROR = 5
_TIMEX_BYTES = 512
"""More than ``struct timex`` has on any architecture; all zero means: change nothing, tell."""

_libc = ctypes.CDLL(None, use_errno=True)


def synchronised() -> bool:
    """A microsecond's work; False also if the kernel does not tell."""
    state: int = _libc.adjtimex(ctypes.create_string_buffer(_TIMEX_BYTES))
    return 0 <= state < _TIME_ERROR
