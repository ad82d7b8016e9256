"""Frames of ten thousand devices from one place, each of which looks for the gate and knocks at the Internet.

Must not know: what the gate makes of them.
"""

from __future__ import annotations

import socket
import struct

from tests.chaos.book import FIRST_PORT
from tests.lab.entering import inside
from tests.lab.venue import PORTAL, WEB

DEVICES = 10_000
_BROADCAST = b"\xff" * 6


def send(namespace: str, interface: str, gate_mac: str, number: int) -> None:
    """All of them, as fast as it goes.

    Args:
        number: of the visitor in whose name they knock.
    """
    with inside(namespace):
        wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    with wire:
        wire.bind((interface, 0))
        for device in range(DEVICES):
            mac = b"\x06\x00\x00\x01" + device.to_bytes(2, "big")
            address = bytes((10, 77, 128 + device // 250, 1 + device % 250))
            wire.send(looks_for(socket.inet_aton(PORTAL), mac, address))
            wire.send(knocks(bytes.fromhex(gate_mac.replace(":", "")), mac, address, FIRST_PORT + number))


def looks_for(target: bytes, mac: bytes, address: bytes) -> bytes:
    """An ARP request (RFC 826)."""
    return _BROADCAST + mac + struct.pack(">HHHBBH", 0x0806, 1, 0x0800, 6, 4, 1) + mac + address + bytes(6) + target


def knocks(gate_mac: bytes, mac: bytes, address: bytes, port: int) -> bytes:
    """A UDP datagram to the Internet, from this device's address by its own word."""
    payload = b"knock"
    datagram = struct.pack(">HHHH", 40_000, port, 8 + len(payload), 0) + payload
    head = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(datagram), 0, 0, 64, socket.IPPROTO_UDP, 0)
    head += address + socket.inet_aton(WEB)
    head = head[:10] + _checksum(head) + head[12:]
    return gate_mac + mac + b"\x08\x00" + head + datagram


def _checksum(head: bytes) -> bytes:
    """Of an IPv4 header whose checksum is zero (RFC 1071)."""
    total = sum(struct.unpack(f">{len(head) // 2}H", head))
    total = (total & 0xFFFF) + (total >> 16)
    return struct.pack(">H", ~(total + (total >> 16)) & 0xFFFF)
