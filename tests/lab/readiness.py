"""Whether a process of the gateway can be asked yet; looked at from inside this process, since it is looked at often.

Must not know: who started it.
"""

from __future__ import annotations

import contextlib
import socket
from pathlib import Path

from tests.lab.device import Places
from tests.lab.entering import inside

_PORTS = {"dnsmasq-captive": 5300, "dnsmasq-lan": 67}
_ANSWERS_S = 5.0


def ready(unit: str, places: Places, gate: str) -> bool:
    """Whether this unit of the gateway in the namespace ``gate`` serves."""
    match unit:
        case "gate" | "sms" | "portal" | "steward" | "console":
            return _listens(places.runtime / unit / f"{unit}.sock")
        case "nginx":
            return _answers(gate)
        case "dnsmasq-captive" | "dnsmasq-lan":
            return _serves_udp(gate, _PORTS[unit])
        case _:
            raise AssertionError(unit)


def _listens(path: Path) -> bool:
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as probe:
        probe.connect(str(path))
        return True
    return False


def _serves_udp(gate: str, port: int) -> bool:
    with inside(gate):
        sockets = Path("/proc/thread-self/net/udp").read_text().splitlines()[1:]
    return any(line.split()[1].endswith(f":{port:04X}") for line in sockets)


def _answers(gate: str) -> bool:
    """nginx, on the machine itself: where it has no port 80 of its own yet, the connection is refused."""
    with inside(gate), contextlib.suppress(OSError), socket.create_connection(("10.77.0.1", 80), _ANSWERS_S) as asking:
        asking.sendall(b"HEAD /health HTTP/1.0\r\nHost: 10.77.0.1\r\n\r\n")
        return asking.recv(5) == b"HTTP/"
    return False
