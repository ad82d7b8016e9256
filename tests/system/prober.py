"""Asks HTTP servers as clients' probes do, and prints what came back to the byte, one JSON line each.

    echo '[["198.51.100.10", "captive.apple.com", "/hotspot-detect.html"]]' | python -m tests.system.prober

Besides, ``reset`` or ``silent`` for each address and port given as arguments. Runs in a visitor's namespace. Must not
know: which answers are right.
"""

from __future__ import annotations

import json
import socket
import sys

_PATIENCE_S = 30.0
_BRIEF_S = 2.0


def ask(address: str, host: str, path: str) -> str:
    """The whole answer, as Latin-1: a character a byte."""
    with socket.create_connection((address, 80), _PATIENCE_S) as connection:
        head = f"GET {path} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: probe\r\nAccept: */*\r\n\r\n"
        connection.sendall(head.encode())
        return b"".join(iter(lambda: connection.recv(65536), b"")).decode("latin-1")


def knock(kind: str, address: str, port: int) -> str:
    """``reset`` if the address refuses at once, by TCP's reset or ICMP; ``silent``; or ``open``."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM if kind == "tcp" else socket.SOCK_DGRAM) as knocking:
        knocking.settimeout(_BRIEF_S)
        try:
            knocking.connect((address, port))
            if kind == "udp":
                knocking.send(b"?")
                knocking.recv(1)
        except TimeoutError:
            return "silent"
        except OSError:
            return "reset"
    return "open"


def main() -> None:
    for kind, address, port in (each.split("/") for each in sys.argv[1:]):
        print(json.dumps(knock(kind, address, int(port))))
    for address, host, path in json.loads(sys.stdin.read() or "[]"):
        print(json.dumps(ask(address, host, path)))


if __name__ == "__main__":
    main()
