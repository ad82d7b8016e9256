"""Somebody who tries all the time: a datagram and a connection to a port out there, some thirty times a second.

    python -m tests.image.stranger 198.51.100.10 853

Runs in a visitor's namespace until it is ended. Nothing is waited for; whether anything arrived, the other end knows.
Must not know: whether it should.
"""

from __future__ import annotations

import contextlib
import socket
import sys
import time

_EVERY_S = 0.033


def main() -> None:
    address, port = sys.argv[1], int(sys.argv[2])
    print("ready", flush=True)
    while True:
        # Out of range, on its way to an address: it goes on trying.
        with contextlib.suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagram:
            datagram.sendto(b"salem", (address, port))
        connection = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        connection.setblocking(False)
        with contextlib.suppress(OSError):
            connection.connect((address, port))
        time.sleep(_EVERY_S)
        connection.close()


if __name__ == "__main__":
    main()
