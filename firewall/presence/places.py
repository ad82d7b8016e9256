"""Who is behind which port, bounded: a visitor may invent a thousand MAC addresses a second.

    >>> places = Places(remembered=2)
    >>> places.put("02:00:00:00:00:01", 7)
    >>> places.port_of("02:00:00:00:00:01")
    7

Pure. Must not know: netlink, what a port is.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice

_LOOKED_AT = 64


class Places:
    """For one thread; ``port_of`` may be asked from any.

    Args:
        matters: whether a device must not be forgotten.
        remembered: of the others, about so many are kept in mind. The fullest port's are forgotten first, whoever was
            put there longest ago: who floods one port pushes nobody out behind another.
    """

    def __init__(self, remembered: int, matters: Callable[[str], bool] = lambda _: False) -> None:
        self._remembered, self._matters = remembered, matters
        self._port_of: dict[str, int] = {}
        self._behind: dict[int, dict[str, None]] = {}

    def port_of(self, mac: str) -> int | None:
        """The index of the port the device was last put behind; None: nobody knows."""
        return self._port_of.get(mac)

    def put(self, mac: str, port: int) -> str | None:
        """The device is behind this port. Who was forgotten for it, if anybody was."""
        before = self._port_of.get(mac)
        if before == port:
            return None
        if before is not None:
            del self._behind[before][mac]
        self._port_of[mac] = port
        self._behind.setdefault(port, {})[mac] = None
        return self._forget_one() if len(self._port_of) > self._remembered else None

    def clear(self, port: int) -> list[str]:
        """Nobody is behind this port any more; those who were."""
        gone = [*self._behind.pop(port, ())]
        for mac in gone:
            del self._port_of[mac]
        return gone

    def _forget_one(self) -> str | None:
        fullest = max(self._behind.values(), key=len)
        for mac in [*islice(fullest, _LOOKED_AT)]:
            del fullest[mac]
            if not self._matters(mac):
                del self._port_of[mac]
                return mac
            fullest[mac] = None  # looked at last, the next time
        return None
