"""What can be broken, how, how it is made good again, and what may be meanwhile: a closed list.

    fault = FAULTS["kill gate"]
    with fault.in_force(site): ...

A fault undoes what a person or systemd would undo (a dead process is started again, a cable is plugged in); what the
product mends by itself is left to it. Must not know: visitors, the auditor.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tests.chaos.book import Allows
from tests.lab.device import UNITS
from tests.lab.namespaces import give_address, ip
from tests.lab.run import program, run, start
from tests.lab.venue import SMSC, Venue

_PAGES = (Allows.NO_PAGE,)
_WHILE_AWAY: Mapping[str, tuple[Allows, ...]] = {
    # Whoever is admitted stays so in the kernel: that the Internet is out of reach is allowed with none of them.
    "gate": (Allows.NO_PAGE, Allows.UNWATCHED),
    "dnsmasq-lan": (),
    "dnsmasq-captive": (),
    "sms": (Allows.NO_SMS, Allows.SMS_TWICE),
    "portal": (Allows.NO_PAGE,),
    "nginx": (Allows.NO_PAGE,),
}
_FLUSHED = (Allows.NO_PAGE, Allows.NO_INTERNET)


@dataclass(frozen=True)
class Fault:
    """One way to break something."""

    name: str
    allows: tuple[Allows, ...]
    inject: Callable[[Venue], None]
    undo: Callable[[Venue], None] = lambda _: None
    hold_s: tuple[float, float] = (0.5, 6.0)
    """For how long it lasts: at least, at most."""


def _killed(unit: str) -> Fault:
    def kill(venue: Venue) -> None:
        venue.processes[unit].kill9()

    return Fault(f"kill -9 {unit}", _WHILE_AWAY[unit], kill, lambda venue: venue.restart(unit))


def _stopped(unit: str) -> Fault:
    def send(number: signal.Signals) -> Callable[[Venue], None]:
        def signalled(venue: Venue) -> None:
            os.killpg(venue.processes[unit].pid, number)  # with its workers

        return signalled

    return Fault(f"SIGSTOP {unit}", _WHILE_AWAY[unit], send(signal.SIGSTOP), send(signal.SIGCONT), (1.0, 12.0))


def _restarted(unit: str) -> Fault:
    def restart(venue: Venue) -> None:
        venue.processes[unit].stop()
        venue.restart(unit)

    return Fault(f"restart {unit}", _WHILE_AWAY[unit], restart, hold_s=(0.0, 0.0))


def _smsc_goes(venue: Venue) -> None:
    venue.smsc.kill9()


def _smsc_comes(venue: Venue) -> None:
    log = venue.places.folder / "sms.jsonl"
    venue.smsc = start(
        program("tests.lab.smsc", "--host", SMSC, "--port", "2775", "--log", str(log)),
        name="smsc",
        log=venue.places.folder / "log" / "smsc.log",
        namespace=venue.operator,
    )
    venue.smsc.wait_for_line("ready 2775")


def _in_the_gate(command: str) -> Callable[[Venue], None]:
    """Somebody types this at the gate."""

    def typed(venue: Venue) -> None:
        run(["sh", "-c", command], namespace=venue.gate, check=False)

    return typed


def _line_cut(venue: Venue) -> None:
    ip(venue.operator, "link", "set", "isp0", "down")


def _line_mended(venue: Venue) -> None:
    give_address(venue.operator, "isp0", "203.0.113.1/24")
    # IPv6 addresses and routes go with the link.
    give_address(venue.operator, "isp0", "2001:db8:ffff::1/64")
    ip(venue.operator, "-6", "route", "replace", "2001:db8:77::/64", "via", "2001:db8:ffff::2")


_ALL = (
    *map(_killed, UNITS),
    *map(_stopped, UNITS),
    *map(_restarted, UNITS),
    Fault("SMSC gone", (Allows.NO_SMS, Allows.SMS_TWICE), _smsc_goes, _smsc_comes, (1.0, 15.0)),
    Fault("iptables -F", _FLUSHED, _in_the_gate("iptables-legacy -F")),
    Fault("iptables -t nat -F", _FLUSHED, _in_the_gate("iptables-legacy -t nat -F")),
    Fault("ip6tables -F", _FLUSHED, _in_the_gate("ip6tables-legacy -F")),
    Fault("ipset flush", (Allows.NO_INTERNET,), _in_the_gate("ipset flush")),
    Fault(
        "ipset destroy",
        _FLUSHED,
        _in_the_gate("iptables-legacy -F; iptables-legacy -t nat -F; ip6tables-legacy -F; ipset destroy"),
    ),
    Fault(
        "uplink gone",
        (Allows.NO_INTERNET, Allows.NO_UPLINK, Allows.NO_SMS, Allows.SMS_TWICE),
        _line_cut,
        _line_mended,
        (2.0, 12.0),
    ),
)
FAULTS: Mapping[str, Fault] = {fault.name: fault for fault in _ALL}
