"""Whether the garden's names resolve: asked of the gate's own resolver, as the captive one asks it.

    >>> unresolved(["pay.example.kz"], "10.77.0.1")                         # doctest: +SKIP
    []

Of DNS (RFC 1035) no more than that: a question, and whether its answer holds anything. Must not know: the rules, sets.
"""

from __future__ import annotations

import secrets
import socket
import struct
import time
from collections.abc import Sequence

_HEADER = struct.Struct("!HHHHHH")  # number, flags, then how many questions, answers, authorities, more
_RECURSION_DESIRED = 0x0100
_RESPONSE, _RCODE = 0x8000, 0x000F
_ADDRESS, _ADDRESS6, _INTERNET = 1, 28, 1
_PATIENCE_S = 3.0


def unresolved(names: Sequence[str], server: str, port: int = 53, patience_s: float = _PATIENCE_S) -> list[str]:
    """The names for which the server has neither an IPv4 nor an IPv6 address, or no answer within the patience."""
    asked: dict[int, str] = {}
    found: set[str] = set()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        try:
            asking.connect((server, port))
            for name in names:
                for kind in (_ADDRESS, _ADDRESS6):
                    number = next(n for n in iter(lambda: secrets.randbelow(1 << 16), None) if n not in asked)
                    asked[number] = name
                    asking.send(question(number, name, kind))
            deadline_s = time.monotonic() + patience_s
            while asked and (remaining_s := deadline_s - time.monotonic()) > 0:
                asking.settimeout(remaining_s)
                said = asking.recv(4096)
                if len(said) < _HEADER.size:
                    continue
                number, flags, _, answers, _, _ = _HEADER.unpack_from(said)
                if flags & _RESPONSE and (answered := asked.pop(number, None)) and answers and not flags & _RCODE:
                    found.add(answered)
        except OSError:  # nobody there, or the patience is over
            pass
    return [name for name in names if name not in found]


def question(number: int, name: str, kind: int) -> bytes:
    """The question for a name's records of one kind, such as its addresses; "" is the root's name."""
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split(".") if label)
    return _HEADER.pack(number, _RECURSION_DESIRED, 1, 0, 0, 0) + labels + b"\0" + struct.pack("!HH", kind, _INTERNET)
