"""So many UDP datagrams to an echo server, one after the other; says how many came back.

    python -m tests.system.pour 198.51.100.10 7 100 1000 15

Runs in a visitor's namespace. Ends early when one does not come back within so many
seconds, here 15. Must not know: who counts them on the way.
"""

from __future__ import annotations

import socket
import sys


def main() -> None:
    address, port, count, size, patience_s = sys.argv[1], *map(int, sys.argv[2:5]), float(sys.argv[5])
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    echoed = 0
    with socket.socket(family, socket.SOCK_DGRAM) as here:
        here.settimeout(patience_s)
        here.connect((address, port))
        try:
            for _ in range(count):
                here.send(bytes(size))
                echoed += here.recv(65536) == bytes(size)
        except OSError:
            pass  # timed out, or refused: that is what the number says
    print(echoed, flush=True)


if __name__ == "__main__":
    main()
