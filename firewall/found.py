"""What the kernel edge finds to be wrong around it: a code with its values, and what to do.

A terminal shows the English sentences of ``SENTENCES``; whoever speaks another language says the same by code and
values. Must not know: how anything is found out, how it is shown.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

_MODULES = "load the modules ip_tables, ip6_tables, ip_set and xt_set (modules-load.d), or use a kernel that has them"
_BEFORE = "mend what the line before says, then try again"
_EVERY = "every set type, match and target of the gate's rules"

SENTENCES: Mapping[str, tuple[str, str]] = {
    "kernel.garden": ("the garden's sets: %(said)s", "systemctl status qaqpa-gate: it makes them"),
    "kernel.capability": ("capability %(name)s", "run as root, or as the gate's unit does"),
    "kernel.ipset": ("ipset's command: %(said)s", "apt-get install ipset"),
    "kernel.iptc": ("python-iptables: %(said)s", "apt-get install iptables, and install Qaqpa again"),
    "kernel.legacy": ("iptables' legacy tables in the kernel (%(path)s)", _MODULES),
    "kernel.untried": (
        f"{_EVERY}: not tried",
        "run as root: they are tried in a network namespace of its own",
    ),
    "kernel.trial": (f"{_EVERY}: %(said)s", _BEFORE),
    "kernel.lacks": ("%(name)s: %(said)s", _MODULES),
    "kernel.queueing": (
        "rates: none of %(ways)s shares the line out%(lacking)s",
        "load the modules sch_htb, sch_tbf, xt_set and xt_CLASSIFY, or set no rates",
    ),
    "kernel.no_queue": (
        "rates %(way)s: no queue of ours on %(port)s%(said)s",
        "start the gate; if it runs, its log says why it cannot hold the rates",
    ),
    "port.missing": ("interface %(port)s (%(setting)s)", "create it or set %(setting)s to one of: %(others)s"),
    "port.no_address": (
        "address %(address)s on %(port)s",
        "ip address add %(address)s dev %(port)s, in the machine's own network configuration",
    ),
    "port.address_unknown": (
        "address %(address)s on %(port)s: %(said)s",
        "ip address add %(address)s dev %(port)s, in the machine's own network configuration",
    ),
    "sides.unknown": ("%(lan)s and %(wan)s have networks of their own: %(said)s", _BEFORE),
    "staff.unknown": ("staff come from %(port)s, apart from the visitors: %(said)s", _BEFORE),
    # What stands before them is the setting that they are about.
    "interface.missing": ("there is no interface %(port)s", "create it or name one of: %(others)s"),
    "interface.alone": ("there is no interface %(port)s", "create it or name one of: none is there yet"),
    "overlap": (
        "%(lan)s overlaps %(address)s, which %(port)s has",
        "take another network for the LAN, for example %(free)s",
    ),
    "overlap.no_free": (
        "%(lan)s overlaps %(address)s, which %(port)s has",
        "take another network for the LAN, for example a smaller one",
    ),
    "overlap.ipv6": (
        "%(lan)s overlaps %(address)s, which %(port)s has",
        "take another prefix for the LAN, for example a ULA of your own (fd…)",
    ),
    "staff.mixed": ("%(port)s is on the visitors' side (%(lan)s)", "name a port or VLAN of its own"),
    "staff.stacked": (
        "%(port)s stands on %(carrier)s, which is on the visitors' side (%(lan)s)",
        "name a port or VLAN of its own",
    ),
    "staff.overlap": (
        "%(port)s has %(address)s, which overlaps the visitors' %(lan)s",
        "give it another address",
    ),
}
"""Code → what is wrong, and what to do."""


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at."""

    ok: bool
    what: str
    """What was found, a sentence."""
    remedy: str = ""
    """What to do about it; "" if ``ok``."""
    code: str = ""
    """"": it is right."""
    values: Mapping[str, str] = field(default_factory=dict)
    """What the sentences of ``code`` are filled with."""
    cause: str = ""
    """The code of another of these that the first tells of; here none does."""

    @property
    def sentence(self) -> str:
        """Both in one."""
        return f"{self.what}; {self.remedy}"


def right(what: str) -> Finding:
    """Nothing is to be done."""
    return Finding(True, what)


def wrong(code: str, **values: object) -> Finding:
    """The fault of this code."""
    what, remedy = SENTENCES[code]
    filled = {name: str(value) for name, value in values.items()}
    return Finding(False, what % filled, remedy % filled, code, filled)
