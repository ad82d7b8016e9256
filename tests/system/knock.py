"""All ways out that a phone has, tried at once: prints those that the Internet answered, one a line.

    python -m tests.system.knock 198.51.100.10 2001:db8:1::10 --timeout 0.4

Runs in a visitor's namespace. Must not know: which of them should be answered.
"""

from __future__ import annotations

import argparse
import concurrent.futures
import contextlib
import socket
from collections.abc import Callable

from tests.lab import packets

PORTS = (443, 853, 4242)


def http(address: str, timeout_s: float) -> bool:
    """Whether the Internet's own web server answers at port 80; the gate's redirect is no answer of it."""
    with socket.create_connection((address, 80), timeout_s) as connection:
        connection.settimeout(timeout_s)
        connection.sendall(b"GET / HTTP/1.1\r\nHost: www.example.org\r\n\r\n")
        return b"The Internet" in b"".join(iter(lambda: connection.recv(4096), b""))


def attempts(address: str, address6: str, timeout_s: float) -> dict[str, Callable[[], bool]]:
    """What is tried, by its name."""
    found: dict[str, Callable[[], bool]] = {
        "ping": lambda: packets.ping(address, timeout_s),
        "ping6": lambda: packets.ping(address6, timeout_s),
        "http": lambda: http(address, timeout_s),
    }
    for port in PORTS:
        found[f"tcp {port}"] = lambda port=port: packets.tcp(address, port, timeout_s)  # type: ignore[misc]
        found[f"udp {port}"] = lambda port=port: packets.udp(address, port, timeout_s)  # type: ignore[misc]
    found["tcp6 4242"] = lambda: packets.tcp(address6, 4242, timeout_s)
    found["udp6 4242"] = lambda: packets.udp(address6, 4242, timeout_s)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.system.knock")
    parser.add_argument("address")
    parser.add_argument("address6")
    parser.add_argument("--timeout", type=float, default=0.4, help="seconds")
    given = parser.parse_args()
    tried = attempts(given.address, given.address6, given.timeout)
    with concurrent.futures.ThreadPoolExecutor(len(tried)) as pool:
        running = {name: pool.submit(attempt) for name, attempt in tried.items()}
        for name, attempt in running.items():
            with contextlib.suppress(OSError):  # refused, unreachable, silent: not answered
                if attempt.result():
                    print(name, flush=True)


if __name__ == "__main__":
    main()
