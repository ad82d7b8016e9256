"""Every packet that comes out of the gateway on the operator's side, one a line: what no server's log can miss.

    python -m tests.system.wiretap isp0

A server notes a connection only when it stands; a single SYN that got through is seen here. Must not know: who may.
"""

from __future__ import annotations

import socket
import struct
import sys

_ETH_P_ALL, _OUTGOING = 3, 4  # linux/if_ether.h, linux/if_packet.h
_SO_RCVBUFFORCE = 33  # linux/socket.h; Python has no name for it
_ROOM_BYTES = 64 * 1024 * 1024
"""For what comes out while we are not run: the machine stands still for seconds, and what is lost here went unseen."""
_ROOT_NS = b"\0\1" + bytes(6) + b"\0" + b"\0\2" + b"\0\1"
"""The gate's own question, whether anybody answers out there: of a DNS message what follows number and flags."""


def told(packet: bytes) -> str | None:
    """``source destination protocol port``; None: neither IPv4 nor IPv6, or the gate's own question."""
    match struct.unpack(">H", packet[12:14])[0]:
        case 0x0800:
            source, destination, protocol = packet[26:30], packet[30:34], packet[23]
            rest, family = packet[14 + 4 * (packet[14] & 15) :], socket.AF_INET
        case 0x86DD:
            source, destination, protocol = packet[22:38], packet[38:54], packet[20]
            rest, family = packet[54:], socket.AF_INET6
        case _:
            return None
    port = struct.unpack(">H", rest[2:4])[0] if protocol in (socket.IPPROTO_TCP, socket.IPPROTO_UDP) else 0
    if protocol == socket.IPPROTO_UDP and port == 53 and rest[12:] == _ROOT_NS:
        return None
    return f"{socket.inet_ntop(family, source)} {socket.inet_ntop(family, destination)} {protocol} {port}"


def main() -> None:
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(_ETH_P_ALL)) as wire:
        wire.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, _ROOM_BYTES)
        wire.bind((sys.argv[1], _ETH_P_ALL))
        print("ready", flush=True)
        while True:
            packet, (_, _, direction, *_) = wire.recvfrom(65536)
            if direction != _OUTGOING and (line := told(packet)):
                print(line, flush=True)


if __name__ == "__main__":
    main()
