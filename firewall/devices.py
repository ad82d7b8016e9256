"""What can be a device's MAC address. Pure.

>>> [is_device(mac) for mac in ("02:00:00:00:00:01", "03:00:00:00:00:01", "00:00:00:00:00:00")]
[True, False, False]
"""

from __future__ import annotations

import re

# The low bit of the first byte marks a group, not a device.
_DEVICE = re.compile(r"(?!00:00:00:00:00:00)[0-9a-f][02468ace](:[0-9a-f]{2}){5}")


def is_device(mac: str) -> bool:
    """Whether it is one, in lower case with colons; a group's and the empty one are none."""
    return bool(_DEVICE.fullmatch(mac))
