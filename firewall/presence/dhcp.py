"""DHCP's messages as far as we read or say any: a client's release (RFC 2131 4.4.6), a question whether a server
is there and its answer (4.3.1, 4.4.1). Pure. Must not know: sockets, leases, what follows from it."""

from __future__ import annotations

import struct
from ipaddress import IPv4Address

_MESSAGE_TYPE, _PARAMETERS, _PAD, _END = 53, 55, 0, 255
_DISCOVER, _OFFER, _RELEASE = 1, 2, 7
_COOKIE = b"\x63\x82\x53\x63"
_REQUEST, _ETHERNET, _BROADCAST = 1, 1, 0x8000
_BOOTP = struct.Struct("!4BIHH16s16s64s128s")


def discover(mac: bytes, exchange: int) -> bytes:
    """ "Is a server there?": no option asks for anything that a server would have to keep, and nothing is taken.

    Args:
        exchange: 32 random bits, by which an answer is known.
    """
    # Broadcast, because nobody has an address to which the kernel would let a datagram in.
    head = _BOOTP.pack(_REQUEST, _ETHERNET, 6, 0, exchange, 0, _BROADCAST, bytes(16), mac, b"", b"")
    options = bytes((_MESSAGE_TYPE, 1, _DISCOVER, _PARAMETERS, 2, 1, 3, _END))
    return head + _COOKIE + options.ljust(60, bytes(1))  # at least 300 bytes: older servers drop shorter ones


def is_offer(bootp: bytes, exchange: int) -> bool:
    """Whether a server answers that very question.

    Args:
        bootp: what the UDP datagram carries.
    """
    if len(bootp) < _BOOTP.size + 4 or bootp[_BOOTP.size : _BOOTP.size + 4] != _COOKIE:
        return False
    (operation, _, _, _, told, *_) = _BOOTP.unpack_from(bootp)
    return operation == 2 and told == exchange and _message_type(bootp[_BOOTP.size + 4 :]) == _OFFER


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
