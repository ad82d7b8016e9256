"""Who gets how much of the line, as data: a class of HTB for each device, and the rules that choose it.

    packet ─ FORWARD ─▶ QQS-SHARES: of the common class, unless the set qq-share4 or qq-share6 names the device's own
           ─ egress  ─▶ HTB:  line ─┬─ 00b  device under …0.11, both families
                                    ├─ 00c  device under …0.12
                                    └─ fff  common: whose class is not there yet, and the garden's
                        whatever the gate itself says (portal, DNS, DHCP) has no class and passes first, unshaped

The set carries the class (skbinfo), so that a packet costs two look-ups however many visitors there are, upload is
told apart before translation hides who sent it, and a device's IPv4 and IPv6 traffic share one class. Download waits
at the LAN bridge, upload at the WAN. Where the kernel has CAKE and nobody has a cap, CAKE shares by address instead.
Rejected: hashlimit (drops instead of delaying, knows addresses and not devices, shares nothing), HTB with buckets by
hash (two visitors in one bucket halve each other's cap), IFB (needless where a set can tell the class before NAT).
Must not know: processes, netlink, who is admitted.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Address, IPv6Address, ip_address

from firewall.rules import SHARE4, SHARE6, SHARES, Chain, Family, Rule, Ruleset, Table, TableName, Verdict
from firewall.settings import Settings

Address = IPv4Address | IPv6Address


class Queueing(StrEnum):
    """Who shares the line out."""

    CAKE = "cake"
    HTB = "htb"


MAJOR = "7171"
"""Our queues' handle (hexadecimal): what has another is a stranger's, or the kernel's own default."""
COMMON = 0xFFFF
"""The common class. No device has it: whatever network an address x.y.255.255 is in, it is its broadcast address."""

_LEAST_KBIT = 1
"""What a class has for itself; the rest it borrows from the line, in turns. So small that all of ten thousand devices
together have no more than a line."""
_NO_LINE_KBIT = 100_000_000
"""The rate of a line that nobody told us: no limit."""
_TURN_MS = 1
"""How long the line is a class's when its turn comes: so long a modest visitor waits for each other, and no longer."""
_FRAME, _PIECE = 1_514, 70_000
"""Bytes of an Ethernet frame, and more than any packet has: the kernel puts a flow's frames together to pieces of up to
64 KB (GRO). Turns shorter than a piece mean nothing to it, so larger ones are split into frames again. Of the queues
in every kernel of interest TBF alone splits: here it is a plain queue, with a rate that is never reached."""
_SPLIT_LEAST = 4_000
"""What TBF takes for its own must hold a frame or two; less than a microsecond's worth is rounded to nothing."""
_QUEUE_MS = 100
"""How long the queue of one device may be, at the rate that it can have."""
_QUEUE_LEAST = 16_000
"""Bytes: ten frames, with which a connection finds its speed."""
_BURST_MS = 5
"""What may be sent at once after a silence: the kernel's clock need not tick for each packet."""
_BURST_LEAST = 4_000

_STEPS = 500_000
_NEW_LEAST = 64


@dataclass(frozen=True)
class Direction:
    """One way through the gate, and the interface where its packets wait."""

    name: str
    interface: str
    line_kbit: int
    cap_kbit: int
    line_class: int
    """The minor number of the line's own class: that of the gate's own address, which no device has."""

    @property
    def turn(self) -> int:
        """Bytes that a class may send in its turn."""
        return min(max(_FRAME, (self.line_kbit or self.cap_kbit) * _TURN_MS // 8), _PIECE)

    @property
    def ceiling_kbit(self) -> int:
        """What one device can have at the most."""
        return self.cap_kbit or self.line_kbit or _NO_LINE_KBIT


@dataclass(frozen=True)
class Class:
    """A class as the kernel shows it."""

    parent: int
    """Minor number; 0: none."""
    ceiling_kbit: int


def directions(settings: Settings) -> tuple[Direction, ...]:
    """The ways in which anything is shaped."""
    rates, gate = settings.rates, number(settings.lan.ip)
    both = (
        Direction("down", settings.lan_interface, rates.line_down_kbit, rates.visitor_down_kbit, gate),
        Direction("up", settings.wan_interface, rates.line_up_kbit, rates.visitor_up_kbit, gate),
    )
    return tuple(way for way in both if way.line_kbit or way.cap_kbit)


def preferred(settings: Settings) -> tuple[Queueing, ...]:
    """What to try, best first. CAKE knows fair shares but no cap for a host."""
    return (Queueing.HTB,) if settings.rates.capped else (Queueing.CAKE, Queueing.HTB)


def number(address: IPv4Address) -> int:
    """The class of the device under this address: unique on a LAN of at most a /16, and the same after a restart."""
    return int(address) & 0xFFFF


def members(devices: Iterable[Collection[Address]], settings: Settings) -> dict[Address, int]:
    """The class of each address: all of a device's have that of its (lowest) IPv4 address.

    A device that has no IPv4 address yet has no class of its own either.
    """
    lan = settings.lan.network
    found: dict[Address, int] = {}
    for addresses in devices:
        own = min((a for a in addresses if isinstance(a, IPv4Address) and a in lan), default=None)
        if own is not None and number(own) not in (COMMON, number(settings.lan.ip)):
            found.update((a, number(own)) for a in addresses if isinstance(a, IPv6Address) or a in lan)
    return found


def cake_line(way: Direction) -> str:
    """For ``tc -batch``. Upload is told apart as it was before translation (nat)."""
    host = "dual-dsthost" if way.name == "down" else "dual-srchost nat"
    return f"qdisc replace dev {way.interface} root handle {MAJOR}: cake bandwidth {way.line_kbit}kbit {host}"


def htb_lines(way: Direction) -> list[str]:
    """HTB with nobody's class in it yet. What has no class passes at once (default 0)."""
    root = f"qdisc replace dev {way.interface} root handle {MAJOR}: htb default 0 direct_qlen 1000"
    return [root, *class_lines(way, way.line_class), *class_lines(way, COMMON)]


def removal(interface: str) -> str:
    """What removes our queue with everything in it."""
    return f"qdisc del dev {interface} root"


def class_lines(way: Direction, minor: int) -> list[str]:
    """A class and its queue; changes one that is there already."""
    if minor == way.line_class:
        rate_kbit = ceiling_kbit = way.line_kbit or _NO_LINE_KBIT
        parent = f"{MAJOR}:"
    else:
        rate_kbit, ceiling_kbit, parent = _LEAST_KBIT, way.ceiling_kbit, f"{MAJOR}:{way.line_class:x}"
    queue = max(_QUEUE_LEAST, ceiling_kbit * _QUEUE_MS // 8)
    burst = max(_BURST_LEAST, ceiling_kbit * _BURST_MS // 8)
    own_burst = burst if minor == way.line_class else _BURST_LEAST
    lines = [
        f"class replace dev {way.interface} parent {parent} classid {MAJOR}:{minor:x} htb "
        f"rate {rate_kbit}kbit ceil {ceiling_kbit}kbit burst {own_burst} cburst {burst} quantum {way.turn}"
    ]
    if minor != way.line_class:
        queue_line = f"tbf rate 10gbit burst {max(_SPLIT_LEAST, way.turn)} limit {queue}"
        lines.append(f"qdisc replace dev {way.interface} parent {MAJOR}:{minor:x} {queue_line}")
    return lines


def class_removal(way: Direction, minor: int) -> str:
    """What removes a class with its queue."""
    return f"class del dev {way.interface} classid {MAJOR}:{minor:x}"


def wanted_class(way: Direction, minor: int) -> Class:
    """What the kernel must show of it."""
    if minor == way.line_class:
        return Class(0, way.line_kbit or _NO_LINE_KBIT)
    return Class(way.line_class, way.ceiling_kbit)


_ROOT = re.compile(rf"^qdisc (\w+) {MAJOR}: root ", re.MULTILINE)
_CLASS = re.compile(
    rf"^class htb {MAJOR}:([0-9a-f]+) (?:root|parent {MAJOR}:([0-9a-f]+)) .*?\bceil (\d+)([KMG]?)bit", re.MULTILINE
)
_UNITS = {"": 0.001, "K": 1, "M": 1_000, "G": 1_000_000}


def root_kind(listing: str) -> str:
    """The kind of our queue at an interface, out of ``tc qdisc show``; empty: there is none of ours."""
    found = _ROOT.search(listing)
    return found[1] if found else ""


def classes(listing: str) -> dict[int, Class]:
    """Our classes by minor number, out of ``tc class show``."""
    return {
        int(minor, 16): Class(int(parent or "0", 16), int(int(ceiling) * _UNITS[unit]))
        for minor, parent, ceiling, unit in _CLASS.findall(listing)
    }


def right(way: Direction, there: Mapping[int, Class], minor: int) -> bool:
    """Whether the class is there as it should be."""
    found, wanted = there.get(minor), wanted_class(way, minor)
    # tc shows rates above a gigabit in whole megabits.
    return (
        found is not None
        and found.parent == wanted.parent
        and abs(found.ceiling_kbit - wanted.ceiling_kbit) * 1000 <= wanted.ceiling_kbit
    )


def sound(way: Direction, there: Mapping[int, Class]) -> bool:
    """Whether the line's class holds all others. A class cannot be moved: what is not sound is made anew as a whole."""
    return way.line_class in there and all(there[minor].parent == wanted_class(way, minor).parent for minor in there)


def turn(way: Direction, there: Mapping[int, Class], minors: Collection[int]) -> tuple[list[int], list[int], set[int]]:
    """Which classes to make or change now, which to remove now, and which must wait for a later turn."""
    room = at_once(len(there))
    wrong = sorted(minor for minor in minors if not right(way, there, minor))
    stale = sorted(set(there) - set(minors) - {COMMON, way.line_class})
    return wrong[:room], stale[: room - len(wrong[:room])], set(wrong[room:])


def member_lines(found: Mapping[Address, int], wanted: Mapping[Address, int]) -> list[str]:
    """For ``ipset -exist restore``: from what the sets hold to what they should."""
    gone = [f"del {set_name(address)} {address}" for address in found if address not in wanted]
    fresh = [address for address, minor in wanted.items() if found.get(address) != minor]
    return gone + [f"add {set_name(a)} {a} skbprio {MAJOR}:{wanted[a]:x}" for a in fresh]


def set_name(address: Address) -> str:
    """The set that tells this address's class."""
    return SHARE4 if isinstance(address, IPv4Address) else SHARE6


_MEMBER = re.compile(r"^add \S+ (\S+) .*?\bskbprio (\w+):(\w+)", re.MULTILINE)


def is_ours(listing: str) -> bool:
    """Whether the set of this ``ipset save`` can tell classes; a stranger may have made one of our name."""
    return listing.startswith("create ") and " hash:ip " in listing and " skbinfo " in listing.partition("\n")[0]


def classed(listing: str) -> dict[Address, int]:
    """The members of a set out of ``ipset save``; of another's classes: as of class 0, which no address has."""
    found = _MEMBER.findall(listing)
    return {ip_address(text): int(minor, 16) if major == MAJOR else 0 for text, major, minor in found}


def at_once(existing: int) -> int:
    """How many classes may be made or removed in one turn, when so many exist.

    For each of them the kernel walks through all the others (tc_bind_tclass), up to half a microsecond each: a turn
    takes a tenth of a second or two. Who has to wait is in the common class meanwhile.
    """
    return max(_NEW_LEAST, _STEPS // max(existing, 1000))


def marking(settings: Settings) -> Ruleset:
    """The rules that give a packet its class."""
    families = [(Family.IPV4, SHARE4)] + ([(Family.IPV6, SHARE6)] if settings.lan6 is not None else [])
    return Ruleset(tuple(_marking_table(settings, family, name) for family, name in families))


def no_marking(set_names: Collection[str]) -> Ruleset:
    """The tables of these sets without anything of ours."""
    families = {SHARE4: Family.IPV4, SHARE6: Family.IPV6}
    return Ruleset(tuple(Table(families[name], TableName.MANGLE, (), (), SHARES) for name in set_names))


def _marking_table(settings: Settings, family: Family, name: str) -> Table:
    rules = tuple(rule for way in directions(settings) for rule in _marking_rules(settings, way, name))
    chain = Chain(f"{SHARES}SHARES", rules, hook="FORWARD")
    return Table(family, TableName.MANGLE, (("FORWARD", Verdict.ACCEPT),), (chain,), SHARES)


def _marking_rules(settings: Settings, way: Direction, name: str) -> Iterator[Rule]:
    lan, wan = settings.lan_interface, settings.wan_interface
    from_, to, address = (lan, wan, "src") if way.name == "up" else (wan, lan, "dst")
    common = (("set-class", f"{MAJOR}:{COMMON:x}"),)
    yield Rule("CLASSIFY", in_interface=from_, out_interface=to, target_options=common)
    own = (("map-set", f"{name} {address}"), ("map-prio", ""))
    yield Rule("SET", in_interface=from_, out_interface=to, target_options=own)
