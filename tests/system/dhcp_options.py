"""Asks DHCP what a phone asks it besides an address: where the captive portal API is (RFC 8910), in both families.

    python -m tests.system.dhcp_options 10.77.0.20 02:00:00:00:00:01 10.77.0.1

Prints option 114, then option 103 of DHCPv6, one JSON string a line; ``null`` for what is not told. Runs in a visitor's
namespace. Must not know: what should be told.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import struct
import sys

_ASKED, _AGAIN_S = 30, 1.0
"""Datagrams are lost: a client asks again until it is answered (RFC 2131 §4.1, RFC 8415 §15)."""
_INTERFACE = "eth0"
_MAGIC = b"\x63\x82\x53\x63"
_INFORM, _INFORMATION_REQUEST = 8, 11


def of_dhcp4(address: str, mac: str, server: str) -> str | None:
    """Option 114, asked for by a DHCPINFORM (RFC 2131 §4.4.3)."""
    number = os.urandom(4)
    head = struct.pack("!BBBB4sHH", 1, 1, 6, 0, number, 0, 0) + socket.inet_aton(address) + bytes(12)
    options = bytes((53, 1, _INFORM, 55, 2, 3, 114, 255))
    packet = head + bytes.fromhex(mac.replace(":", "")) + bytes(10 + 64 + 128) + _MAGIC + options
    said = _exchange(socket.AF_INET, 68, (server, 67), packet, number, at=4)
    return _option(said, said.index(_MAGIC) + 4, "!BB", 114)


def of_dhcp6(mac: str) -> str | None:
    """Option 103, asked for by an information request (RFC 8415 §18.2.6)."""
    number = os.urandom(3)
    hardware = struct.pack("!HH", 3, 1) + bytes.fromhex(mac.replace(":", ""))
    options = struct.pack("!HH", 1, len(hardware)) + hardware + struct.pack("!HHH", 6, 2, 103)
    packet = bytes((_INFORMATION_REQUEST,)) + number + options + struct.pack("!HHH", 8, 2, 0)
    everybody = ("ff02::1:2", 547, 0, socket.if_nametoindex(_INTERFACE))
    said = _exchange(socket.AF_INET6, 546, everybody, packet, number, at=1)
    return _option(said, 4, "!HH", 103)


def _exchange(family: int, port: int, server: tuple[object, ...], packet: bytes, number: bytes, *, at: int) -> bytes:
    with socket.socket(family, socket.SOCK_DGRAM) as asking:
        asking.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        asking.settimeout(_AGAIN_S)
        asking.bind(("", port))
        for _ in range(_ASKED):
            asking.sendto(packet, server)
            with contextlib.suppress(TimeoutError):
                while (said := asking.recv(2048))[at : at + len(number)] != number:
                    pass
                return said
    raise TimeoutError(f"no DHCP server answered {_ASKED} times")


def _option(said: bytes, start: int, head: str, wanted: int) -> str | None:
    size = struct.calcsize(head)
    while start + size <= len(said):
        code, length = struct.unpack_from(head, said, start)
        if (head, code) == ("!BB", 255):
            break
        if code == wanted:
            return said[start + size : start + size + length].decode("latin-1")
        start += size + length
    return None


def main() -> None:
    address, mac, server = sys.argv[1:]
    print(json.dumps(of_dhcp4(address, mac, server)))
    print(json.dumps(of_dhcp6(mac)))


if __name__ == "__main__":
    main()
