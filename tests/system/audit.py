"""The auditor: holds what the kernel admits against what the journal says, from outside the product.

Reads the kernel's sets with ``ipset save`` and the journal's rows with SQLite itself, so that no code of ours vouches
for itself. Must not know: how either came about.
"""

from __future__ import annotations

import json
import re
import socket
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass

from journal.seal import verify
from tests.lab.run import Process, plain_program, run, start
from tests.lab.venue import SMSC, WEB, Venue
from tests.lab.waiting import until
from tests.system.guest import FLOW_PORT

_UP = re.compile(r"^add qq-up4 ([0-9.]+),([0-9A-Fa-f:]{17}) ", re.MULTILINE)
_DOWN = re.compile(r"^add qq-down4 ([0-9.]+) ", re.MULTILINE)


@dataclass(frozen=True)
class Kernel:
    """Who passes."""

    up: frozenset[tuple[str, str]]
    """MAC and IP address."""
    down: frozenset[str]
    """IP address."""


def kernel(venue: Venue) -> Kernel:
    """As ``ipset save`` says in the gate's namespace."""
    saved = run(["ipset", "save"], namespace=venue.gate).stdout
    return Kernel(frozenset((mac.lower(), ip) for ip, mac in _UP.findall(saved)), frozenset(_DOWN.findall(saved)))


def journal(venue: Venue) -> list[dict[str, object]]:
    """Every entry's body, oldest first."""
    path = venue.places.state / "gate" / "journal.db"
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, timeout=30)) as connection:
        return [json.loads(body) for (body,) in connection.execute("SELECT body FROM entries ORDER BY seq")]


def entries(venue: Venue, kind: str, mac: str) -> list[dict[str, object]]:
    """The entries of one kind about one device."""
    return [entry for entry in journal(venue) if entry["kind"] == kind and entry.get("device") == mac]


def recorded_open(venue: Venue) -> frozenset[tuple[str, str]]:
    """MAC and IP addresses of the visits that the journal says are open just now."""
    held: dict[str, list[str]] = {}
    gone: dict[str, list[str]] = {}
    for entry in journal(venue):
        mac, addresses = str(entry.get("device")), entry.get("addresses")
        match entry["kind"]:
            case "visit_began" | "visit_resumed":
                assert isinstance(addresses, list)
                held[mac] = addresses
                gone.pop(mac, None)
            case "visit_moved":
                assert isinstance(addresses, list)
                (gone if mac in gone else held)[mac] = addresses
            case "visit_away":
                gone[mac] = held.pop(mac)
            case "visit_ended":
                held.pop(mac, None)
                gone.pop(mac, None)
    return frozenset((mac, address) for mac, addresses in held.items() for address in addresses)


def law_2(venue: Venue) -> None:
    """Whom the kernel admits has an open visit on the disk; whoever's visit has ended is not in the sets.

    May be asked at any moment, also while the gate works: an entry that the sets show must be in the journal as read
    before or as read after.
    """
    before = recorded_open(venue)
    passing = kernel(venue)
    recorded = before | recorded_open(venue)
    assert passing.up <= recorded, f"admitted without a record: {sorted(passing.up - recorded)}"
    strays = passing.down - {address for _, address in recorded}
    assert not strays, f"packets still go to {sorted(strays)}, which the journal calls closed"


def chain(venue: Venue) -> None:
    """The journal verifies from the first entry to the last."""
    verdict = verify(venue.places.state / "gate" / "journal.db")
    assert verdict.first_bad is None, verdict.problem


def settled(venue: Venue) -> None:
    """Kernel and journal come to agree exactly (law 4), and the chain holds.

    Raises:
        TooLate: they did not, though a sync is due every few seconds.
    """

    def agree() -> bool:
        recorded, passing = recorded_open(venue), kernel(venue)
        return passing.up == recorded and passing.down == {address for _, address in recorded}

    until(agree, "kernel and journal to agree")
    law_2(venue)
    chain(venue)


@dataclass(frozen=True)
class Wiretap:
    """What comes out of the gateway on the operator's side. Made by ``wiretap``."""

    venue: Venue
    process: Process

    def strays(self) -> list[str]:
        """Every packet since that was not the gate's own SMPP, nor an admitted guest's flow."""
        # A packet of the gate's own, seen last: what went before it has been seen too.
        fence = f"{WEB} {socket.IPPROTO_UDP} {9}"
        before = self.process.output().count(fence)
        run(["bash", "-c", f"echo > /dev/udp/{WEB}/9"], namespace=self.venue.gate)
        until(lambda: self.process.output().count(fence) > before, "the wiretap to see all")
        own = (f"{SMSC} {socket.IPPROTO_TCP} 2775", f"{WEB} {socket.IPPROTO_TCP} {FLOW_PORT}", fence)
        return [
            line
            for line in self.process.output().splitlines()[1:]
            # Of IPv6 the gate itself says no more than whom it looks for on its own link.
            if not line.endswith(own) and not line.startswith(("fe80:", "2001:db8:ffff:", ":: "))
        ]


@contextmanager
def wiretap(venue: Venue) -> Iterator[Wiretap]:
    """Watch the operator's end of the gateway's line from now on: the proof of law 1."""
    log = venue.places.folder / "log" / "wiretap.log"
    line = plain_program("tests.system.wiretap", "isp0")
    with start(line, name="wiretap", log=log, namespace=venue.operator) as process:
        process.wait_for_line("ready")
        yield Wiretap(venue, process)
