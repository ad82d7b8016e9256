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
from dataclasses import replace
from pathlib import Path

from firewall import shaping, shares, surroundings
from firewall.command import run
from firewall.errors import FirewallError
from firewall.found import Finding, right, wrong
from firewall.rules import GARDEN4, GARDEN6
from firewall.settings import Settings

_CAPABILITIES = {12: "CAP_NET_ADMIN", 13: "CAP_NET_RAW"}  # linux/capability.h
_SYS_ADMIN = 21


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
        return wrong("kernel.garden", said=error)
    open_ = " and ".join(f"{count} of {family}" for family, count in counts.items())
    return right(f"the garden's names have opened {open_} addresses")


def _effective() -> int:
    status = Path("/proc/self/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("CapEff:")).split()[1], 16)


def _capabilities() -> Iterator[Finding]:
    for bit, name in _CAPABILITIES.items():
        held = bool(_effective() >> bit & 1)
        yield right(f"capability {name}") if held else wrong("kernel.capability", name=name)


def _ipset() -> Finding:
    try:
        return right(run(["ipset", "--version"]).strip().splitlines()[0])
    except (FirewallError, IndexError) as error:
        return wrong("kernel.ipset", said=error)


def _iptc() -> Finding:
    try:
        import firewall.tables  # noqa: F401  # only whether it can be loaded
    except (ImportError, AttributeError, OSError) as error:  # what iptc raises when libiptc or libxtables is missing
        return wrong("kernel.iptc", said=error)
    return right("python-iptables")


def _kernel(settings: Settings | None) -> Iterator[Finding]:
    for path in ("/proc/net/ip_tables_names", "/proc/net/ip6_tables_names"):
        there = Path(path).exists()
        yield right(f"iptables' legacy tables in the kernel ({path})") if there else wrong("kernel.legacy", path=path)
    if not _effective() >> _SYS_ADMIN & 1:
        yield wrong("kernel.untried")
        return
    try:
        way, failures, queueings = json.loads(run(["unshare", "--net", sys.executable, "-Pm", "firewall.probe"]))
    except (FirewallError, ValueError) as error:
        yield wrong("kernel.trial", said=error)
        return
    yield right(way)
    if not failures:
        yield right("every set type, match and target of the gate's rules")
    for name, cause in failures:
        yield wrong("kernel.lacks", name=name, said=cause)
    if settings is not None and settings.rates.wanted:
        yield _queueing(settings, queueings)


def _queueing(settings: Settings, causes: dict[str, str]) -> Finding:
    """Which of the ways to share a line out this kernel can go; ``causes`` says why not."""
    ways = shares.preferred(settings)
    chosen = next((way for way in ways if not causes[way]), None)
    lacking = "".join(f"; no {way} here: {causes[way]}" for way in ways if causes[way])
    if chosen is None:
        return wrong("kernel.queueing", ways=" and ".join(ways), lacking=lacking)
    return right(f"rates: {chosen} shares the line out{lacking}")


def _live_queues(settings: Settings) -> Iterator[Finding]:
    for way in shares.directions(settings):
        try:
            kind = shaping.live(way.interface)
        except FirewallError as error:
            kind, cause = "", f": {error}"
        else:
            cause = ""
        if kind:
            yield right(f"rates {way.name}: {kind} on {way.interface}")
        else:
            yield wrong("kernel.no_queue", way=way.name, port=way.interface, said=cause)


def _interfaces(settings: Settings) -> Iterator[Finding]:
    present = {name for _, name in socket.if_nameindex()}
    for setting, name in (("lan_interface", settings.lan_interface), ("wan_interface", settings.wan_interface)):
        if name in present:
            yield right(f"interface {name} ({setting})")
        else:
            yield wrong("port.missing", port=name, setting=setting, others=", ".join(sorted(present)))


def _overlaps(settings: Settings) -> Iterator[Finding]:
    sides = {"lan": settings.lan_interface, "wan": settings.wan_interface}
    try:
        found = [*surroundings.overlaps(settings)]
    except FirewallError as error:
        yield wrong("sides.unknown", said=error, **sides)
        return
    yield from (replace(problem, what=f"{setting}: {problem.what}") for setting, problem in found)
    if not found:
        yield right("{lan} and {wan} have networks of their own".format(**sides))


def _staff(settings: Settings) -> Iterator[Finding]:
    if not settings.console_interface:
        return
    try:
        found = [*surroundings.mixed(settings), *surroundings.without_staff(settings)]
    except FirewallError as error:
        yield wrong("staff.unknown", port=settings.console_interface, said=error)
        return
    yield from (replace(problem, what=f"{setting}: {problem.what}") for setting, problem in found)
    if not found:
        yield right(f"staff come from {settings.console_interface}, apart from the visitors")


def _lan_address(settings: Settings) -> Finding:
    told = {"address": settings.lan, "port": settings.lan_interface}
    try:
        held = surroundings.addresses_of(settings.lan_interface)
    except FirewallError as error:
        return wrong("port.address_unknown", said=error, **told)
    if settings.lan in held:
        return right(f"address {settings.lan} on {settings.lan_interface}")
    return wrong("port.no_address", **told)
