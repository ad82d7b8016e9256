"""Whose an IPv6 address is, asked of every packet on a kernel that has neither sets of MAC addresses nor of pairs.

Without it, a device that is not admitted could send under an address that is another's. Two sets of IPv6 addresses
give each packet from the LAN a mark, half the MAC address of the device that the address belongs to; a filter of a few
instructions (classic BPF) compares each with what the packet has. Only a packet that agrees in both halves is marked
``OURS``, without which nothing passes. The cost is the same with one visitor or 60,000: two look-ups.

Considered: hash:mac and hash:ip,mac are what is missing here; a rule a visitor costs more with each; nflog or nfqueue
would put a program into the data path; the bridge's own filter (ebtables) exists here no more than the sets do. Pure.
Must not know: netlink, who is admitted.
"""

from __future__ import annotations

from dataclasses import dataclass

from firewall.rules import Chain, Family, Match, Rule, Table, TableName, Verdict
from firewall.settings import Settings

OURS = 0x51
"""The mark of a packet whose source address is its sender's own."""


@dataclass(frozen=True)
class Half:
    """One half of a MAC address: which set tells it, and how."""

    set_name: str
    first_byte: int
    """The first of the MAC address's bytes in it, 0 or 3."""
    flag: int
    """A bit beyond the 24, so that no half is like the other, like no mark, or like ``OURS``."""

    def mark(self, mac: bytes) -> int:
        """The mark that tells this half of a MAC address's six bytes."""
        return self.flag | int.from_bytes(mac[self.first_byte :][:3])


LAST = Half("qq-owner6-last", 3, 0x01000000)
FIRST = Half("qq-owner6-first", 0, 0x02000000)
HALVES = {half.set_name: half for half in (LAST, FIRST)}

OWN = Match("mark", (("mark", f"{OURS:#x}"),))


def table(settings: Settings) -> Table:
    """The marking of what comes from the LAN."""
    policies = tuple((name, Verdict.ACCEPT) for name in ("PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"))
    chains = (
        Chain("QQ-PREROUTING", (Rule("QQ-OWNER", in_interface=settings.lan_interface),), hook="PREROUTING"),
        Chain("QQ-OWNER", (_tell(LAST), Rule("QQ-OWNER-FIRST", matches=(_agrees(LAST),)))),
        Chain(
            "QQ-OWNER-FIRST",
            (
                _tell(FIRST),
                Rule("MARK", matches=(_agrees(FIRST),), target_options=(("set-xmark", f"{OURS:#x}/0xffffffff"),)),
            ),
        ),
    )
    return Table(Family.IPV6, TableName.MANGLE, policies, chains)


def _tell(half: Half) -> Rule:
    return Rule("SET", target_options=(("map-set", f"{half.set_name} src"), ("map-mark", "")))


def _agrees(half: Half) -> Match:
    """The packet's mark is this half of the MAC address that sent it. What cannot be read does not agree."""
    load_word, and_, or_, shift_right, to_x, jump_equal_x, return_ = 0x20, 0x54, 0x44, 0x74, 0x07, 0x1D, 0x06
    # linux/filter.h: negative places are the packet's mark (SKF_AD_OFF + SKF_AD_MARK) and the frame's header, where the
    # sender follows six bytes of the receiver (SKF_LL_OFF). A word has four bytes, of which three are wanted.
    mark, header = 2**32 - 0x1000 + 20, 2**32 - 0x200000
    three = (
        (load_word, 0, 0, header + 6 + 2),
        (and_, 0, 0, 0xFFFFFF),
    )
    if half.first_byte == 0:
        three = ((load_word, 0, 0, header + 6), (shift_right, 0, 0, 8))
    lines = (
        (load_word, 0, 0, mark),
        (to_x, 0, 0, 0),
        *three,
        (or_, 0, 0, half.flag),
        (jump_equal_x, 0, 1, 0),
        (return_, 0, 0, 1),
        (return_, 0, 0, 0),
    )
    program = ",".join(" ".join(map(str, line)) for line in lines)
    return Match("bpf", (("bytecode", f'"{len(lines)},{program}"'),))
