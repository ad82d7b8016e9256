"""What a resolver says a name is, asked as a client asks it: no library, no cache, no file of this machine's.

    >>> addresses_of("login.example.kz", "10.77.0.1", 5300)                 # doctest: +SKIP
    {'10.77.0.1'}

Of DNS (RFC 1035) no more than that. Must not know: what the name should be.
"""

from __future__ import annotations

import contextlib
import secrets
import socket
import struct
from collections.abc import Iterator

from appliance.garden import question

_RECORD = struct.Struct("!HHHIH")  # pointer to the name, type, class, seconds to live, length of the data
_FAMILIES = {1: socket.AF_INET, 28: socket.AF_INET6}  # by the type of the record: A, AAAA
_PATIENCE_S = 3.0


def addresses_of(name: str, server: str, port: int, patience_s: float = _PATIENCE_S) -> set[str]:
    """The IPv4 and IPv6 addresses that this server has for the name; empty if it does not answer."""
    found: set[str] = set()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking, contextlib.suppress(OSError):
        asking.settimeout(patience_s)
        asking.connect((server, port))
        for kind in _FAMILIES:
            asked = question(secrets.randbelow(1 << 16), name, kind)
            asking.send(asked)
            said = asking.recv(4096)
            if said[:2] == asked[:2]:
                found.update(_addresses(said, len(asked), kind))
    return found


def _addresses(said: bytes, start: int, kind: int) -> Iterator[str]:
    # Every record's name is a pointer to the question's (RFC 1035 §4.1.4): so dnsmasq writes what it knows by itself.
    family = _FAMILIES[kind]
    while start + _RECORD.size <= len(said):
        _, found, _, _, length = _RECORD.unpack_from(said, start)
        start += _RECORD.size + length
        with contextlib.suppress(ValueError):  # not the length of an address
            if found == kind and start <= len(said):
                yield socket.inet_ntop(family, said[start - length : start])
