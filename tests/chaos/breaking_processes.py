"""Processes killed, stopped, restarted, starved of memory; a configuration and an update in the middle of it all."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Mapping
from pathlib import Path

from tests.chaos.book import Allows
from tests.chaos.faults import Deed, Fault, Site
from tests.lab import device
from tests.lab.device import UNITS
from tests.lab.run import run

WHILE_AWAY: Mapping[str, tuple[Allows, ...]] = {
    # Whoever is admitted stays so in the kernel: that the Internet is out of reach is allowed with none of them.
    "gate": (Allows.NO_PAGE, Allows.UNWATCHED),
    "dnsmasq-lan": (Allows.NAMES_LATE,),
    "dnsmasq-captive": (),
    "sms": (Allows.NO_SMS, Allows.SMS_TWICE),
    "portal": (Allows.NO_PAGE,),
    "nginx": (Allows.NO_PAGE,),
}
_OF_ALL = (Allows.NO_PAGE, Allows.UNWATCHED, Allows.NO_SMS, Allows.SMS_TWICE)
_ROOM_BYTES = 512 * 1024
"""More than a process has: the next larger piece of memory is refused."""


def _killed(unit: str) -> Fault:
    def kill(site: Site) -> None:
        site.venue.processes[unit].kill9()

    return Fault(f"kill -9 {unit}", WHILE_AWAY[unit], kill, lambda site: site.venue.restart(unit), (0.5, 12.0))


def _signalled(unit: str, number: signal.Signals) -> Deed:
    def signalled(site: Site) -> None:
        os.killpg(site.venue.processes[unit].pid, number)  # with its workers

    return signalled


def _stopped(unit: str) -> Fault:
    stop, go_on = _signalled(unit, signal.SIGSTOP), _signalled(unit, signal.SIGCONT)
    return Fault(f"SIGSTOP {unit}", WHILE_AWAY[unit], stop, go_on, (1.0, 12.0))


def _begin_anew(site: Site, *units: str) -> None:
    for unit in units:
        site.venue.processes[unit].stop()
        site.venue.restart(unit)


def _restarted(unit: str) -> Fault:
    return Fault(f"restart {unit}", WHILE_AWAY[unit], lambda site: _begin_anew(site, unit), hold_s=(0.0, 0.0))


def _starved(unit: str) -> Fault:
    def starve(site: Site) -> None:
        pid = site.venue.processes[unit].pid
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[0])
        limit = pages * os.sysconf("SC_PAGE_SIZE") + _ROOM_BYTES
        _limit(pid, str(limit))

    def feed(site: Site) -> None:
        process = site.venue.processes[unit]
        if process.alive:
            _limit(process.pid, "unlimited")
        else:
            site.venue.restart(unit)

    return Fault(f"memory of {unit} used up", WHILE_AWAY[unit], starve, feed, (1.0, 8.0))


def _limit(pid: int, size_bytes: str) -> None:
    """As the process's own user may, whatever else root may not here."""
    status = Path(f"/proc/{pid}/status").read_text()
    uid, gid = (re.search(rf"(?m)^{name}:\s+(\d+)", status) for name in ("Uid", "Gid"))
    assert uid is not None and gid is not None, status
    own = ["setpriv", f"--reuid={uid[1]}", f"--regid={gid[1]}", "--clear-groups", "--"]
    run([*own, "prlimit", f"--pid={pid}", f"--as={size_bytes}:"])


def _apply(site: Site) -> None:
    """A name that the pages and the SMS bear, in the middle of everything."""
    config = site.venue.places.config
    name = f'name = "Qaqpa Lab {site.chance.randrange(100)}"'
    config.write_text(re.sub(r'(?m)^name = "Qaqpa Lab.*?"', name, config.read_text(), count=1))
    device.apply(site.venue.places, site.venue.gate)
    _begin_anew(site, "gate", "dnsmasq-lan", "dnsmasq-captive", "portal", "nginx")


def _update(site: Site) -> None:
    """As the package's script does with what runs."""
    device.apply(site.venue.places, site.venue.gate)
    _begin_anew(site, *UNITS)


PROCESSES = (
    *map(_killed, UNITS),
    *map(_stopped, UNITS),
    *map(_restarted, UNITS),
    *map(_starved, ("gate", "sms", "portal")),
    Fault("configuration applied", _OF_ALL, _apply, hold_s=(0.0, 0.0)),
    Fault("update", _OF_ALL, _update, hold_s=(0.0, 0.0)),
)
