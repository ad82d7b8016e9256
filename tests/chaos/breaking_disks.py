"""The journal's disk full, hanging, read-only; a page of the journal corrupt; files of the state lost."""

from __future__ import annotations

import sqlite3
from contextlib import closing

from tests.chaos.book import Allows
from tests.chaos.faults import Fault, Site

_UNRECORDED = (Allows.NO_RECORD, Allows.NO_PAGE, Allows.UNWATCHED)
_DERIVED = ("journal.db-index", "journal.db-reserve", "journal.db-writer")
"""What can be lost and is made anew."""
_PAGE_BYTES = 4096


def _fill(site: Site) -> None:
    assert site.disk is not None
    site.disk.fill()


def _free(site: Site) -> None:
    assert site.disk is not None
    site.disk.free()


def _hang(site: Site) -> None:
    assert site.disk is not None
    site.disk.hang()


def _go_on(site: Site) -> None:
    assert site.disk is not None
    site.disk.go_on()


def _fail(site: Site) -> None:
    assert site.disk is not None
    site.disk.fail()


def _mend(site: Site) -> None:
    assert site.disk is not None
    site.venue.processes["gate"].kill9()
    site.disk.mend()
    site.venue.restart("gate")


def _corrupt(site: Site) -> None:
    """A page in the middle is other bytes."""
    site.venue.processes["gate"].kill9()
    journal = site.venue.places.state / "gate" / "journal.db"
    with closing(sqlite3.connect(journal)) as connection:  # else the log would cover what is spoilt
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    pages = journal.stat().st_size // _PAGE_BYTES
    with journal.open("r+b") as file:
        file.seek(site.chance.randrange(1, pages) * _PAGE_BYTES)
        file.write(site.chance.randbytes(_PAGE_BYTES))


def _begin(site: Site) -> None:
    site.venue.restart("gate")


def _lose(site: Site) -> None:
    site.venue.processes["gate"].kill9()
    (site.venue.places.state / "gate" / site.chance.choice(_DERIVED)).unlink(missing_ok=True)


def _lose_leases(site: Site) -> None:
    site.venue.processes["dnsmasq-lan"].kill9()
    (site.venue.places.state / "leases" / "dnsmasq.leases").unlink(missing_ok=True)


DISKS = (
    Fault("disk full", _UNRECORDED, _fill, _free, (1.0, 10.0), needs_disk=True),
    Fault("disk hangs", _UNRECORDED, _hang, _go_on, (0.5, 5.0), needs_disk=True),
    Fault("disk read-only", _UNRECORDED, _fail, _mend, (1.0, 10.0), needs_disk=True),
    Fault("journal's page corrupt", (*_UNRECORDED, Allows.NEW_JOURNAL), _corrupt, _begin, (0.0, 3.0), needs_disk=True),
    Fault("state file lost", (Allows.NO_PAGE, Allows.UNWATCHED), _lose, _begin, (0.0, 3.0)),
    Fault(
        "leases lost",
        (Allows.NO_PAGE, Allows.REJOIN),
        _lose_leases,
        lambda site: site.venue.restart("dnsmasq-lan"),
        (0.5, 6.0),
    ),
)
