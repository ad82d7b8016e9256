"""What this kernel can do, asked without changing anything of the running rules and sets.

    >>> asked()                                                             # doctest: +SKIP
    Abilities(mac_sets=True, nat6=True)

Must not know: settings, what follows from the answer.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import os
import socket
import struct

from firewall import tables
from firewall.datapath import Abilities
from firewall.errors import KernelRefused
from firewall.members import Members
from firewall.rules import OURS, Family, Ruleset, TableName

_SKBINFO = 4
"""The revision since which sets of type hash:ip give packets marks (net/netfilter/ipset/ip_set_hash_ip.c)."""
_libc = ctypes.CDLL(None, use_errno=True)


def asked() -> Abilities:
    """This kernel's abilities; asking loads the modules that it has.

    Raises:
        KernelRefused: the kernel answers no question about sets.
    """
    mac_sets = _has_set_type("hash:mac")
    # Asked only where it would be used: a table that was asked for is there, and costs every packet a walk.
    return Abilities(
        mac_sets,
        nat6=tables.available(Family.IPV6, TableName.NAT),
        owner_marks=not mac_sets and _marks_owners(),
    )


def sentence(known: Abilities) -> str:
    """The abilities in words, for a log or a doctor."""
    if known.mac_sets:
        way = "IPv6 devices are known by their MAC addresses (sets of type hash:mac)"
    elif known.owned:
        way = (
            "IPv6 devices are known by their addresses, learnt as neighbours, each bound to its MAC address by marks "
            "(no sets of type hash:mac here)"
        )
    else:
        way = (
            "IPv6 devices are known by their addresses, learnt as neighbours, and a device that is not admitted can "
            "send under another's (no sets of type hash:mac here, nor what replaces them: the mangle table, the "
            "matches bpf and mark, the targets SET and MARK, sets with skbinfo)"
        )
    nat = "" if known.nat6 else "; no IPv6 translation here: the unadmitted are refused in IPv6, not redirected"
    return way + nat


def _marks_owners() -> bool:
    """Whether everything that ``firewall.owners`` is made of is here."""
    return (
        _has_set_type("hash:ip", _SKBINFO)
        and all(_has_extension(Family.IPV6, "match", name, revision) for name, revision in (("bpf", 1), ("mark", 1)))
        and all(_has_extension(Family.IPV6, "target", name, revision) for name, revision in (("SET", 3), ("MARK", 2)))
        and tables.available(Family.IPV6, TableName.MANGLE)
    )


def lacking(wanted: Ruleset) -> list[str]:
    """The matches and targets in these rules that this kernel does not have, by name.

    Raises:
        KernelRefused: the kernel answers no question about them.
    """
    asked_for: dict[tuple[Family, str, str], None] = {}
    for table in wanted.tables:
        for rule in (rule for chain in table.chains for rule in chain.rules):
            asked_for |= {(table.family, "match", match.name): None for match in rule.matches}
            if rule.target not in tables.PLAIN and not rule.target.startswith(OURS):
                asked_for[table.family, "target", rule.target] = None
    return [f"{family} {kind} {name}" for family, kind, name in asked_for if not _has_extension(family, kind, name)]


def _has_extension(family: Family, kind: str, name: str, revision: int | None = None) -> bool:
    """Whether there is this match or target (in this revision), as libxtables asks it: by name, loading its module."""
    domain, level, first = {
        Family.IPV4: (socket.AF_INET, socket.IPPROTO_IP, 66),  # IPT_SO_GET_REVISION_MATCH, ip_tables.h; _TARGET follows
        Family.IPV6: (socket.AF_INET6, socket.IPPROTO_IPV6, 68),  # IP6T_SO_GET_REVISION_MATCH, ip6_tables.h
    }[family]
    answer = ctypes.create_string_buffer(struct.pack("29sB", name.encode(), revision or 0))  # struct xt_get_revision
    size = ctypes.c_uint32(30)
    try:
        with socket.socket(domain, socket.SOCK_RAW, socket.IPPROTO_RAW) as asking:
            # Python's own getsockopt() gives the kernel no question to read.
            question = first + (kind == "target")
            failed = _libc.getsockopt(asking.fileno(), level, question, answer, ctypes.byref(size))
    except OSError as error:
        raise KernelRefused(f"ask for the {kind} {name}", str(error)) from error
    code = ctypes.get_errno() if failed else 0
    if code == errno.EPROTONOSUPPORT:  # there is one, but not in this revision
        return revision is None
    if code not in (0, errno.ENOENT):
        raise KernelRefused(f"ask for the {kind} {name}", os.strerror(code))
    return not code


def _has_set_type(name: str, revision: int = 0) -> bool:
    """Whether there are sets of this type, and of this revision of it."""
    try:
        with contextlib.closing(Members()) as kernel:
            newest = kernel.newest_revision(name)
    except OSError as error:
        raise KernelRefused(f"ask for the set type {name}", str(error)) from error
    return newest is not None and newest >= revision
