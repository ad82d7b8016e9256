"""Which packets the kernel hands us at all: programs of its packet filter (linux/filter.h), attached to a socket.

What does not pass costs a few nanoseconds in the kernel and nothing here. A program reads from the beginning of what
the socket would get; a read past the end refuses the packet. Must not know: what the packets are used for.
"""

from __future__ import annotations

import ctypes
import socket
import struct
from collections.abc import Sequence
from ipaddress import IPv4Network, IPv6Network

Instruction = tuple[int, int, int, int]
"""Code, steps to jump over if it is so, if it is not, constant."""

_WORD, _HALF, _BYTE, _WORD_AT_INDEX, _HALF_AT_INDEX, _BYTE_AT_INDEX = 0x20, 0x28, 0x30, 0x40, 0x48, 0x50
_INDEX_IS_IPV4_HEADER, _INDEX_IS_VALUE, _INDEX_IS_KEPT, _KEEP = 0xB1, 0x07, 0x61, 0x02
_EQUALS, _EQUALS_INDEX, _HAS_BITS, _AND, _RETURN = 0x15, 0x1D, 0x45, 0x54, 0x06
_LINK = 0xFFE00000  # SKF_LL_OFF: the frame's own header, also where the socket gets only what is behind it
_PROTOCOL = 0xFFFFF000  # SKF_AD_OFF + SKF_AD_PROTOCOL: the frame's EtherType
_SO_ATTACH_FILTER = 26  # asm-generic/socket.h; Python has no name for it


def _all_of(*steps: tuple[int, int]) -> list[Instruction]:
    """The program that accepts a packet for which every comparison holds; a step is a code and a constant."""
    comparisons = (_EQUALS, _EQUALS_INDEX, _HAS_BITS)
    last = len(steps)
    program = [
        (code, 0, last - place if code in comparisons else 0, constant) for place, (code, constant) in enumerate(steps)
    ]
    return [*program, (_RETURN, 0, 0, 0xFFFF), (_RETURN, 0, 0, 0)]


ARP_ANSWERS = _all_of(
    (_WORD, 14), (_EQUALS, 0x0001_0800), (_WORD, 18), (_EQUALS, 0x0604_0002),  # Ethernet and IPv4, a reply
    # Sent by whom it speaks of: the frame's source address is the sender's in the packet.
    (_WORD, 8), (_INDEX_IS_VALUE, 0), (_WORD, 24), (_EQUALS_INDEX, 0),
    (_HALF, 6), (_INDEX_IS_VALUE, 0), (_HALF, 22), (_EQUALS_INDEX, 0),
)  # fmt: skip
"""For a packet socket bound to ETH_P_ARP: replies that speak of their own sender."""

ADVERTISEMENTS = _all_of(
    (_BYTE, 20), (_EQUALS, 58), (_BYTE, 54), (_EQUALS, 136), (_BYTE, 58), (_HAS_BITS, 0x40),
)  # fmt: skip
"""For a packet socket bound to ETH_P_IPV6: neighbour advertisements that somebody solicited (RFC 4861 4.4)."""

OWN_DHCP = _all_of(
    (_INDEX_IS_IPV4_HEADER, 0),
    (_HALF_AT_INDEX, 2), (_EQUALS, 67),
    (_BYTE_AT_INDEX, 8), (_EQUALS, 1), (_HALF_AT_INDEX, 9), (_EQUALS, 0x0106),  # BOOTREQUEST, Ethernet
    # Sent by the client it speaks of: chaddr (RFC 2131 2) is the frame's source address.
    (_WORD_AT_INDEX, 38), (_KEEP, 0), (_HALF_AT_INDEX, 36), (_KEEP, 1),
    (_WORD, _LINK + 8), (_INDEX_IS_KEPT, 0), (_EQUALS_INDEX, 0),
    (_HALF, _LINK + 6), (_INDEX_IS_KEPT, 1), (_EQUALS_INDEX, 0),
)  # fmt: skip
"""For a raw UDP socket of IPv4: what a client says to a DHCP server of itself, not of another."""


DHCP_ANSWERS = _all_of(
    (_HALF, _PROTOCOL), (_EQUALS, 0x0800), (_BYTE, 9), (_EQUALS, 17),
    (_INDEX_IS_IPV4_HEADER, 0), (_HALF_AT_INDEX, 2), (_EQUALS, 68),
)  # fmt: skip
"""For a packet socket without link headers, bound to ETH_P_ALL: what servers say to DHCP's clients."""


def arp_claims(network: IPv4Network) -> list[Instruction]:
    """For a packet socket bound to ETH_P_ARP: whose sender is of the network (a probe's 0.0.0.0 is not)."""
    return _all_of(
        (_WORD, 14), (_EQUALS, 0x0001_0800), (_HALF, 18), (_EQUALS, 0x0604),  # Ethernet and IPv4
        *_within(28, network),
    )  # fmt: skip


def first_words(network: IPv6Network) -> list[Instruction]:
    """For a packet socket bound to ETH_P_IPV6: whoever asks whether an address of the network is free to be its own
    (RFC 4862 5.4.2): a neighbour solicitation from no address."""
    nobody = [step for place in range(22, 38, 4) for step in ((_WORD, place), (_EQUALS, 0))]
    return _all_of(
        (_HALF, 20), (_EQUALS, 58 << 8 | 255), *nobody, (_HALF, 54), (_EQUALS, 135 << 8), *_within(62, network)
    )


def _within(place: int, network: IPv4Network | IPv6Network) -> list[tuple[int, int]]:
    """The address at this place is of the network."""
    steps = []
    for begin in range(0, len(network.network_address.packed), 4):
        mask, wanted = (
            int.from_bytes(address.packed[begin : begin + 4]) for address in (network.netmask, network.network_address)
        )
        if mask:
            steps += [(_WORD, place + begin), (_AND, mask), (_EQUALS, wanted)]
    return steps


def attach(sock: socket.socket, program: Sequence[Instruction]) -> None:
    """From now on the socket gets only what the program accepts.

    Raises:
        OSError: the kernel takes no such program.
    """
    code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *instruction) for instruction in program))
    sock.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, struct.pack("HP", len(program), ctypes.addressof(code)))
