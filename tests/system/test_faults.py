"""Every process killed at every point of a stay; the disk full, the SMSC dead: laws 1 and 2 hold all the while.

The proof of law 1 is what a wiretap sees come out of the gateway; of law 2, what an auditor reads in the kernel's sets
and in the journal's file (``tests.system.audit``).
"""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from appliance.performer import ALIVE, last_alive
from tests.lab.device import UNITS
from tests.lab.run import run
from tests.lab.venue import Venue
from tests.lab.visitor import Probe
from tests.lab.waiting import until
from tests.system.audit import chain, entries, kernel, law_2, settled, wiretap
from tests.system.guest import PAGE, Guest, knock, rejoin, smsc_away

CHANGES = {
    "password.resend_s": 0,
    "presence.grace_s": 1800,  # nobody's ends here: whoever is away comes back when the machine gets to it
}


# ── each process, at each point of a stay ───────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Cohort:
    """One guest at each point of a stay."""

    first: Guest
    """Has asked for nothing."""
    waiting: Guest
    """Has asked; the SMS is not sent yet."""
    reading: Guest
    """Has the SMS, has not entered the password."""
    online: Guest
    leaving: Guest
    """Online, and walks out while the process is dead."""
    away: Guest
    """Gone, within the grace; comes back after the restart."""
    back: Guest
    """Gone, within the grace; comes back while the process is dead."""
    ended: Guest
    """Its visit has ended; it is still in the network."""

    def closed(self) -> list[Guest]:
        """Those in the network who may not pass."""
        return [self.first, self.waiting, self.reading, self.ended]


def gather(venue: Venue) -> Cohort:
    """Everybody at their points but ``waiting``, who asks when the SMSC is away."""
    cohort = Cohort(*(Guest.new(venue) for _ in range(8)))
    for guest in (cohort.online, cohort.leaving, cohort.away, cohort.back, cohort.ended):
        guest.go_online()
    venue.qaqpa("end", cohort.ended.phone.mac)
    cohort.away.leave()
    cohort.back.leave()
    for guest in (cohort.first, cohort.waiting, cohort.reading):
        guest.phone.connect()
    assert cohort.reading.ask().status == 303
    venue.password_for(cohort.reading.number)
    return cohort


@pytest.mark.parametrize("unit", UNITS)
def test_kill_9_at_every_point_of_a_stay(venue: Venue, unit: str) -> None:
    cohort = gather(venue)
    password = venue.password_for(cohort.reading.number)
    with cohort.online.flow() as flow, wiretap(venue) as tap:
        with smsc_away(venue):
            assert cohort.waiting.ask().status == 303
            venue.processes[unit].kill9()

            law_2(venue)
            chain(venue)
            rejoin(cohort.back)
            cohort.leaving.phone.disconnect()
            # With the portal's side dead a stranger may get no page, yet never the Internet. Whoever came back while
            # the gate is dead stays out; else the visit may go on by now.
            knock([*cohort.closed(), *([cohort.back] if unit == "gate" else [])])
            flow.goes_on()
            law_2(venue)

            venue.restart(unit)
            law_2(venue)
            knock(cohort.closed())
            assert tap.strays() == [], "law 1: nothing passes an unadmitted visitor"
            flow.goes_on()
        until(lambda: len(cohort.waiting.texts()) == 1, "the SMS that was asked for")

        until(lambda: cohort.leaving.phase() == "away", "the one who left to be found gone")
        until(lambda: cohort.back.phase() == "online", "the one who came back to be let in")
        until(cohort.back.phone.lease, "a lease for the one who came back")
        cohort.away.phone.connect()
        until(lambda: cohort.away.phase() == "online", "the one who was away to be let in")
        settled(venue)
        assert tap.strays() == []

        for guest in (cohort.away, cohort.back):
            assert guest.online()
            assert len(guest.texts()) == 1, "a visit that goes on needs no new password"
        assert cohort.reading.enter(password).status == 303
        assert cohort.reading.online()
        assert cohort.waiting.enter(venue.password_for(cohort.waiting.number)).status == 303
        assert cohort.waiting.online()
        cohort.first.go_online()
        assert cohort.first.online()
        assert cohort.ended.phone.probe(Probe.APPLE).status == 302
        assert cohort.ended.phase() is None
        flow.goes_on()
    assert len(cohort.waiting.texts()) == 1, "exactly one SMS"
    settled(venue)
    for guest in vars(cohort).values():
        guest.phone.disconnect()


def test_the_end_of_a_visit_that_the_gate_did_not_live_to_see_is_told_too_early_never_too_late(venue: Venue) -> None:
    came_ms = time.time_ns() // 1_000_000
    guest = Guest.new(venue).go_online()
    venue.processes["gate"].kill9()
    lived_ms = alive_ms(venue)
    guest.phone.disconnect()
    left_ms = time.time_ns() // 1_000_000
    venue.restart("gate")
    until(lambda: guest.phase() == "away", "the gate to find it gone")
    (away,) = entries(venue, "visit_away", guest.phone.mac)
    assert away["left_utc_ms"] == lived_ms, "the last moment at which a gate was surely there to see it"
    assert came_ms < lived_ms <= left_ms


def alive_ms(venue: Venue) -> int:
    """What the gate wrote down last of its being alive: UTC milliseconds."""
    with contextlib.closing(
        sqlite3.connect(f"{(venue.places.state / 'gate/journal.db').as_uri()}?mode=ro", uri=True)
    ) as kept:
        ((value,),) = kept.execute("SELECT value FROM kept WHERE name = ?", (ALIVE,))
    return last_alive({ALIVE: value})[1]


# ── SMS ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_sms_asked_for_while_the_sms_process_is_dead_arrives_once(venue: Venue) -> None:
    guest = Guest.new(venue)
    guest.phone.connect()
    venue.processes["sms"].kill9()
    assert guest.ask().status == 303
    assert "about to be sent" in guest.page().body
    assert guest.texts() == []
    venue.restart("sms")
    password = venue.password_for(guest.number)
    until(lambda: "has arrived" in guest.page().body, "the page to say that it has arrived")
    assert guest.enter(password).status == 303
    assert len(guest.texts()) == 1


def test_an_sms_that_a_killed_gate_had_not_handed_over_arrives_once_and_its_password_counts(venue: Venue) -> None:
    guest = Guest.new(venue)
    guest.phone.connect()
    venue.processes["sms"].kill9()  # so that the gate alone has it, recorded
    assert guest.ask().status == 303
    venue.processes["gate"].kill9()
    venue.restart("gate")
    assert "about to be sent" in guest.page().body
    venue.restart("sms")
    assert guest.enter(venue.password_for(guest.number)).status == 303
    assert guest.online()
    assert len(guest.texts()) == 1
    (told,) = until(lambda: entries(venue, "password_delivered", guest.phone.mac), "the receipt")
    (sent,) = entries(venue, "password_sent", guest.phone.mac)
    assert (sent["provider"], sent["parts"]) == ("smsc", 1)
    assert isinstance(told["delay_ms"], int)
    assert "smsc today: sent " in venue.qaqpa("sms", "status")


def test_an_smsc_that_is_dead_delays_the_sms_and_the_page_says_so(venue: Venue) -> None:
    guest = Guest.new(venue)
    guest.phone.connect()
    with smsc_away(venue):
        assert guest.ask().status == 303
        assert "about to be sent" in guest.page().body
    password = venue.password_for(guest.number)
    until(lambda: "has arrived" in guest.page().body, "the page to say that it has arrived")
    assert guest.enter(password).status == 303
    assert guest.online()
    assert len(guest.texts()) == 1


# ── the disk ────────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Disk:
    """A small disk that the journal lies on."""

    folder: Path

    def fill(self) -> None:
        """To the last byte."""
        with (self.folder / "filler").open("wb", buffering=0) as filler, contextlib.suppress(OSError):
            while True:
                filler.write(bytes(1024))
        assert shutil.disk_usage(self.folder).free == 0

    def free(self) -> None:
        """As if somebody had cleared up."""
        (self.folder / "filler").unlink(missing_ok=True)


@pytest.fixture
def small_disk(venue: Venue) -> Iterator[Disk]:
    """The gate's state directory on a disk of 4 MiB, for the length of a test; a new journal begins there, and a
    reserve of 1 MB."""
    folder = venue.places.state / "gate"
    status = folder.stat()
    options = f"size=4m,mode={status.st_mode & 0o777:o},uid={status.st_uid},gid={status.st_gid}"
    venue.processes["gate"].stop()
    run(["mount", "-t", "tmpfs", "-o", options, "qt-disk", str(folder)])
    try:
        venue.restart("gate")
        yield Disk(folder)
    finally:
        venue.processes["gate"].stop()
        run(["umount", str(folder)])
        venue.restart("gate")


def test_a_full_disk_admits_nobody_still_closes_and_recovers_by_itself(venue: Venue, small_disk: Disk) -> None:
    stays, leaves, waits, comes = (Guest.new(venue) for _ in range(4))
    stays.go_online()
    leaves.go_online()
    waits.phone.connect()
    waits.ask()
    password = venue.password_for(waits.number)
    until(lambda: entries(venue, "password_delivered", waits.phone.mac), "the receipt")
    comes.phone.connect()
    with stays.flow() as flow:
        small_disk.fill()

        # Until a write needs a new page the journal may still have room: what it admits then, it has recorded.
        refused = comes.ask()
        until(lambda: comes.ask().status == 503, "the disk to be noticed")
        assert refused.status in (303, 503)
        entered = waits.enter(password)
        assert entered.status == 503
        assert "Access cannot be opened at the moment" in entered.body
        assert not waits.online()
        assert waits.phone.mac not in {mac for mac, _ in kernel(venue).up}
        law_2(venue)

        leaves.phone.disconnect()
        until(lambda: leaves.phone.mac not in {mac for mac, _ in kernel(venue).up}, "the one who left to be closed")
        until(lambda: entries(venue, "visit_away", leaves.phone.mac), "the end to be recorded in the reserve")
        flow.goes_on()
        assert venue.processes["gate"].alive
        assert shutil.disk_usage(small_disk.folder).free < 1_000_000, "the disk is as full as before"

        small_disk.free()
        until(lambda: waits.enter(password).status == 303, "the journal to be written again")
        assert waits.online()
        assert comes.ask().status == 303
        flow.goes_on()
        settled(venue)


# ── the page while the gate is dead ─────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("unit", ["gate", "portal"])
def test_the_page_asks_for_patience_while_its_process_is_dead(venue: Venue, unit: str) -> None:
    guest = Guest.new(venue)
    guest.phone.connect()
    venue.processes[unit].kill9()
    try:
        answer = guest.page()
        assert answer.status == 503
        assert answer.header("retry-after")
        assert "moment" in answer.body
        assert guest.phone.probe(Probe.APPLE).location == f"{PAGE}/"
    finally:
        venue.restart(unit)
    until(lambda: guest.page().status == 200, "the page to be back")
