"""One TCP connection to an echo server that stays: says a line each time its bytes have come back.

    python -m tests.system.flow 198.51.100.10 7

Runs in a visitor's namespace until it is ended, or the connection is. Must not know: whether it should go on.
"""

from __future__ import annotations

import socket
import sys
import time

_BEAT_S = 0.03


def main() -> None:
    address, port = sys.argv[1], int(sys.argv[2])
    with socket.create_connection((address, port), 30.0) as connection:
        connection.settimeout(None)
        beat = 0
        while True:
            beat += 1
            sent = beat.to_bytes(8, "big")
            connection.sendall(sent)
            back = b""
            while len(back) < len(sent):
                piece = connection.recv(len(sent) - len(back))
                if not piece:
                    sys.exit("the server closed the connection")
                back += piece
            if back != sent:
                sys.exit(f"sent {sent!r}, got {back!r}")
            print(beat, flush=True)
            time.sleep(_BEAT_S)


if __name__ == "__main__":
    main()
