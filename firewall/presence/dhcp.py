"""DHCP's release, as a client sends it: RFC 2131 4.4.6. Pure. Must not know: sockets, leases, what follows from it."""

from __future__ import annotations

from ipaddress import IPv4Address

_MESSAGE_TYPE, _RELEASE, _PAD, _END = 53, 7, 0, 255
_COOKIE = b"\x63\x82\x53\x63"


def released(packet: bytes) -> tuple[str, IPv4Address] | None:
    """The client's MAC address and the address it gives back; None: no release.

    Args:
        packet: IPv4, UDP and DHCP, of which the kernel's filter has looked at ports and hardware type.
    """
    if not packet:
        return None
    bootp = packet[4 * (packet[0] & 15) + 8 :]
    if bootp[236:240] != _COOKIE or _message_type(bootp[240:]) != _RELEASE:
        return None
    return bootp[28:34].hex(":"), IPv4Address(bootp[12:16])


def _message_type(options: bytes) -> int | None:
    place = 0
    while place + 2 < len(options) and options[place] != _END:
        if options[place] == _PAD:
            place += 1
        elif options[place] == _MESSAGE_TYPE and options[place + 1] == 1:
            return options[place + 2]
        else:
            place += 2 + options[place + 1]
    return None
