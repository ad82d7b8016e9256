"""Every packet that comes out of the gateway on the operator's side, as lines of ``book.Packet``.

    python -m tests.chaos.ear isp0 packets.jsonl

Times are the kernel's: whatever becomes of this process, they are when the packet came by. It hears the interface by
its name, so that one that goes down and comes back is no end. Must not know: who may.
"""

from __future__ import annotations

import socket
import struct
import sys
from pathlib import Path

from tests.chaos.book import Packet, line
from tests.system.wiretap import told

_ETH_P_ALL, _OUTGOING = 3, 4  # linux/if_ether.h, linux/if_packet.h
_SO_RCVBUFFORCE, _SO_TIMESTAMPNS = 33, 35  # asm-generic/socket.h; Python has no names for them
_ROOM_BYTES = 64 * 1024 * 1024
_STAMP = struct.Struct("@qq")


def main() -> None:
    interface, path = sys.argv[1], Path(sys.argv[2])
    wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(_ETH_P_ALL))
    with wire, path.open("ab", buffering=0) as book:
        wire.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, _ROOM_BYTES)
        wire.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
        print("ready", flush=True)
        while True:
            packet, extra, _, (name, _, direction, *_) = wire.recvmsg(65536, socket.CMSG_SPACE(_STAMP.size))
            if name != interface or direction == _OUTGOING or not (found := told(packet)):
                continue
            seconds, nanoseconds = _STAMP.unpack(extra[0][2])
            source, destination, protocol, port = found.split()
            at_ms = seconds * 1000 + nanoseconds / 1e6
            book.write(line(Packet(at_ms, source, destination, int(protocol), int(port))) + b"\n")


if __name__ == "__main__":
    main()
