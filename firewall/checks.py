"""What ``qaqpa doctor`` says about the kernel edge: each finding with what to do about it.

    >>> [finding.what for finding in findings(None) if not finding.ok]      # doctest: +SKIP
    []

Nothing here changes the running rules: what must be tried is tried in a network namespace of its own. Must not know:
how findings are shown.
"""

from __future__ import annotations

import json
import socket
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pyroute2 import IPRoute
from pyroute2.netlink.exceptions import NetlinkError

from firewall import shaping, shares, surroundings
from firewall.command import run
from firewall.errors import FirewallError
from firewall.rules import GARDEN4, GARDEN6
from firewall.settings import Settings

_MODULES = "load the modules ip_tables, ip6_tables, ip_set and xt_set (modules-load.d), or use a kernel that has them"
_CAPABILITIES = {12: "CAP_NET_ADMIN", 13: "CAP_NET_RAW"}  # linux/capability.h
_SYS_ADMIN = 21


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at."""

    ok: bool
    what: str
    remedy: str
    """What to do; empty if ``ok``."""


def findings(settings: Settings | None) -> list[Finding]:
    """Everything the gate needs of this machine; without settings, what does not depend on them. Raises nothing."""
    found = [*_capabilities(), _ipset(), _iptc(), *_kernel(settings)]
    if settings is not None:
        found += [
            *_interfaces(settings),
            _lan_address(settings),
            *_overlaps(settings),
            *_staff(settings),
            *_live_queues(settings),
        ]
    return found


def garden(settings: Settings) -> Finding:
    """How many addresses are open to everybody, in each family that is served."""
    families = {"IPv4": GARDEN4} | ({"IPv6": GARDEN6} if settings.lan6 else {})
    try:
        # Listed, not counted by its header: that counts what has expired and is not cleared away yet.
        counts = {family: run(["ipset", "save", name]).count("\nadd ") for family, name in families.items()}
    except FirewallError as error:
        return Finding(False, f"the garden's sets: {error}", "systemctl status qaqpa-gate: it makes them")
    open_ = " and ".join(f"{count} of {family}" for family, count in counts.items())
    return Finding(True, f"the garden's names have opened {open_} addresses", "")


def _finding(ok: bool, what: str, remedy: str) -> Finding:
    return Finding(ok, what, "" if ok else remedy)


def _effective() -> int:
    status = Path("/proc/self/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("CapEff:")).split()[1], 16)


def _capabilities() -> Iterator[Finding]:
    for bit, name in _CAPABILITIES.items():
        yield _finding(bool(_effective() >> bit & 1), f"capability {name}", "run as root, or as the gate's unit does")


def _ipset() -> Finding:
    try:
        return Finding(True, run(["ipset", "--version"]).strip().splitlines()[0], "")
    except (FirewallError, IndexError) as error:
        return Finding(False, f"ipset's command: {error}", "apt-get install ipset")


def _iptc() -> Finding:
    try:
        import firewall.tables  # noqa: F401  # only whether it can be loaded
    except (ImportError, AttributeError, OSError) as error:  # what iptc raises when libiptc or libxtables is missing
        return Finding(False, f"python-iptables: {error}", "apt-get install iptables, and install Qaqpa again")
    return Finding(True, "python-iptables", "")


def _kernel(settings: Settings | None) -> Iterator[Finding]:
    for path in ("/proc/net/ip_tables_names", "/proc/net/ip6_tables_names"):
        yield _finding(Path(path).exists(), f"iptables' legacy tables in the kernel ({path})", _MODULES)
    what = "every set type, match and target of the gate's rules"
    if not _effective() >> _SYS_ADMIN & 1:
        yield Finding(False, f"{what}: not tried", "run as root: they are tried in a network namespace of its own")
        return
    try:
        way, failures, queueings = json.loads(run(["unshare", "--net", sys.executable, "-Pm", "firewall.probe"]))
    except (FirewallError, ValueError) as error:
        yield Finding(False, f"{what}: {error}", "mend what the line before says, then try again")
        return
    yield Finding(True, way, "")
    if not failures:
        yield Finding(True, what, "")
    for name, cause in failures:
        yield Finding(False, f"{name}: {cause}", _MODULES)
    if settings is not None and settings.rates.wanted:
        yield _queueing(settings, queueings)


def _queueing(settings: Settings, causes: dict[str, str]) -> Finding:
    """Which of the ways to share a line out this kernel can go; ``causes`` says why not."""
    ways = shares.preferred(settings)
    chosen = next((way for way in ways if not causes[way]), None)
    lacking = "".join(f"; no {way} here: {causes[way]}" for way in ways if causes[way])
    what = f"rates: {chosen or 'none of ' + ' and '.join(ways)} shares the line out{lacking}"
    return _finding(
        chosen is not None, what, "load the modules sch_htb, sch_tbf, xt_set and xt_CLASSIFY, or set no rates"
    )


def _live_queues(settings: Settings) -> Iterator[Finding]:
    for way in shares.directions(settings):
        try:
            kind = shaping.live(way.interface)
        except FirewallError as error:
            kind, cause = "", f": {error}"
        else:
            cause = ""
        what = f"rates {way.name}: {kind or 'no queue of ours'} on {way.interface}{cause}"
        yield _finding(bool(kind), what, "start the gate; if it runs, its log says why it cannot hold the rates")


def _interfaces(settings: Settings) -> Iterator[Finding]:
    present = {name for _, name in socket.if_nameindex()}
    for setting, name in (("lan_interface", settings.lan_interface), ("wan_interface", settings.wan_interface)):
        remedy = f"create it or set {setting} to one of: {', '.join(sorted(present))}"
        yield _finding(name in present, f"interface {name} ({setting})", remedy)


def _overlaps(settings: Settings) -> Iterator[Finding]:
    apart = f"{settings.lan_interface} and {settings.wan_interface} have networks of their own"
    try:
        found = [*surroundings.overlaps(settings)]
    except FirewallError as error:
        yield Finding(False, f"{apart}: {error}", "mend what the line before says, then try again")
        return
    for setting, problem in found:
        what, _, remedy = problem.partition("; ")
        yield Finding(False, f"{setting}: {what}", remedy)
    if not found:
        yield Finding(True, apart, "")


def _staff(settings: Settings) -> Iterator[Finding]:
    if not settings.console_interface:
        return
    what = f"staff come from {settings.console_interface}, apart from the visitors"
    try:
        found = [*surroundings.mixed(settings), *surroundings.without_staff(settings)]
    except FirewallError as error:
        yield Finding(False, f"{what}: {error}", "mend what the line before says, then try again")
        return
    for setting, problem in found:
        wrong, _, remedy = problem.partition("; ")
        yield Finding(False, f"{setting}: {wrong}", remedy)
    if not found:
        yield Finding(True, what, "")


def _lan_address(settings: Settings) -> Finding:
    what = f"address {settings.lan} on {settings.lan_interface}"
    remedy = f"ip address add {settings.lan} dev {settings.lan_interface}, in the machine's own network configuration"
    try:
        with IPRoute() as kernel:
            held = [
                (address.get_attr("IFA_LOCAL"), address["prefixlen"])
                for address in kernel.get_addr(family=socket.AF_INET)
                if address.get_attr("IFA_LABEL") == settings.lan_interface
            ]
    except (NetlinkError, OSError) as error:
        return Finding(False, f"{what}: {error}", remedy)
    return _finding((str(settings.lan.ip), settings.lan.network.prefixlen) in held, what, remedy)
