"""The frames of probing: what asks a device whether it is there, and what of it is an answer.

    >>> request = arp_request(gate, IPv4Address("10.77.0.1"), phone, IPv4Address("10.77.0.10"))   # doctest: +SKIP
    >>> arp_answer(reply)                                                                          # doctest: +SKIP
    b'\\x02\\x00\\x00\\x00\\x00\\x01\\nM\\x00\\n'

All go to one device's own MAC address: an access point keeps such a frame for a sleeping phone, and nobody else hears
it. Plain structs: scapy, which the tests compare these with, costs a fifth of a second and 33 MB when it is loaded.
Pure. Must not know: sockets, who is asked when.
"""

from __future__ import annotations

import struct
from ipaddress import IPv4Address, IPv6Address

_ARP_REQUEST, _ARP_REPLY = 1, 2
_ARP = struct.Struct("!6s6sH HHBBH 6s4s6s4s")
_ETHERNET = struct.Struct("!6s6sH")
_IPV4 = struct.Struct("!BBHHHBBH4s4s")
_IPV6 = struct.Struct("!IHBB16s16s")
_MDNS_PORT = 5353
# One question: PTR _services._dns-sd._udp.local, class IN with the bit that asks for a unicast answer (RFC 6762 5.4).
_QUESTION = (
    struct.pack("!6H", 0, 0, 1, 0, 0, 0)
    + b"".join(bytes([len(label)]) + label for label in (b"_services", b"_dns-sd", b"_udp", b"local", b""))
    + struct.pack("!2H", 12, 0x8001)
)


def mac_bytes(mac: str) -> bytes:
    """``02:00:00:00:00:01`` as six bytes."""
    return bytes.fromhex(mac.replace(":", ""))


def arp_request(source: bytes, gate: IPv4Address, device: bytes, address: IPv4Address) -> bytes:
    """Do you have this address? (RFC 826, to one device as RFC 1122 2.3.2.1 has it)"""
    return _ARP.pack(
        device, source, 0x0806, 1, 0x0800, 6, 4, _ARP_REQUEST, source, gate.packed, bytes(6), address.packed
    )


def arp_answer(frame: bytes) -> bytes | None:
    """MAC and IPv4 address of the device that says it has the address; None: no such frame.

    None too when the frame comes from another MAC address than it speaks of: somebody answers for another.
    """
    if len(frame) < _ARP.size:
        return None
    _, source, kind, hardware, protocol, hlen, plen, operation, sender, address, _, _ = _ARP.unpack_from(frame)
    if (kind, hardware, protocol, hlen, plen, operation) != (0x0806, 1, 0x0800, 6, 4, _ARP_REPLY) or source != sender:
        return None
    return bytes(source + address)


def solicitation(source: bytes, gate: IPv6Address, device: bytes, address: IPv6Address) -> bytes:
    """The same question in IPv6: a neighbour solicitation to the address itself (RFC 4861 4.3)."""
    body = struct.pack("!BBHI16sBB6s", 135, 0, 0, 0, address.packed, 1, 1, source)
    pseudo = gate.packed + address.packed + struct.pack("!II", len(body), 58)
    checked = body[:2] + struct.pack("!H", _checksum(pseudo + body)) + body[4:]
    header = _IPV6.pack(6 << 28, len(body), 58, 255, gate.packed, address.packed)
    return _ETHERNET.pack(device, source, 0x86DD) + header + checked


def advertisement(frame: bytes) -> bytes | None:
    """MAC and IPv6 address of the device that says it has the address, as ``arp_answer``; None: no answer to us.

    An unsolicited advertisement is none, nor one whose option names another MAC address than sent it.
    """
    if len(frame) < 78 or frame[12:14] != b"\x86\xdd" or (frame[20], frame[21]) != (58, 255):
        return None
    if (frame[54], frame[55]) != (136, 0) or not frame[58] & 0x40:
        return None
    source, option = frame[6:12], frame[78:86]
    if option[:2] == b"\x02\x01" and option[2:] != source:
        return None
    return source + frame[62:78]


def wake_up(source: bytes, gate: IPv4Address, device: bytes, address: IPv4Address) -> bytes:
    """A question that makes some phones wake up and answer the next one: mDNS, to the device alone (RFC 6762 5.5)."""
    length = 20 + 8 + len(_QUESTION)
    udp = struct.pack("!4H", _MDNS_PORT, _MDNS_PORT, 8 + len(_QUESTION), 0)  # no checksum: allowed in IPv4 (RFC 768)
    unchecked = _IPV4.pack(0x45, 0, length, 0, 0, 255, 17, 0, gate.packed, address.packed)
    header = unchecked[:10] + struct.pack("!H", _checksum(unchecked)) + unchecked[12:]
    return _ETHERNET.pack(device, source, 0x0800) + header + udp + _QUESTION


def _checksum(data: bytes) -> int:
    """The Internet checksum (RFC 1071) of an even number of bytes."""
    total = sum(int.from_bytes(data[place : place + 2], "big") for place in range(0, len(data), 2))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF
