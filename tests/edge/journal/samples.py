"""Entries and small journals that these tests share."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from journal import visits
from journal.entries import (
    Entry,
    GateStarted,
    GateStopped,
    PasswordAsked,
    PasswordDelivered,
    PasswordSent,
    Stamp,
    VisitAway,
    VisitBegan,
    VisitEnded,
    VisitMoved,
    VisitResumed,
    VisitUsed,
)
from journal.store import Store

BOOT = "1b4e28ba-2fa1-41d2-883f-0016d3cca427"
PHONE = "02:00:00:00:00:01"
NUMBER = "+77011234567"
NOON_MS = 1_795_262_400_000
"""2026-11-21T12:00:00Z."""


def at(second: int) -> Stamp:
    """The stamp of that second after noon."""
    return Stamp(NOON_MS + second * 1000, BOOT, 5_000 + second * 1000)


def moment(second: int) -> datetime:
    """The same second as a datetime."""
    return datetime.fromtimestamp(NOON_MS / 1000 + second, UTC)


def began(visit: str, *addresses: str) -> VisitBegan:
    return VisitBegan(visit, PHONE, addresses or ("10.77.0.10",), NUMBER, "sms")


def ended(visit: str, second: int) -> VisitEnded:
    return VisitEnded(visit, PHONE, NOON_MS + second * 1000, "port")


def used(visit: str, up: int | None, down: int | None, complete: bool = True) -> VisitUsed:
    return VisitUsed(visit, PHONE, up and up // 10, up, down and down // 100, down, complete)


def stay() -> list[tuple[Stamp, Entry]]:
    """One visitor's whole stay."""
    return [
        (at(0), GateStarted("0.1.0", 0, 0)),
        (at(1), PasswordAsked(PHONE, NUMBER, "m1")),
        (at(2), PasswordSent(PHONE, NUMBER, "m1", "smsc-7")),
        (at(3), PasswordDelivered(PHONE, NUMBER, "m1")),
        (at(4), began("v1", "10.77.0.10")),
        (at(9), VisitAway("v1", PHONE, NOON_MS + 8000, "port")),
        (at(12), VisitResumed("v1", PHONE, ("10.77.0.11",), "dhcp")),
        (at(13), VisitMoved("v1", PHONE, ("10.77.0.10", "10.77.0.12"))),
        (at(60), ended("v1", 59)),
        (at(61), GateStopped(0)),
    ]


def write(path: Path, *batches: list[tuple[Stamp, Entry]]) -> None:
    """A journal of these batches, closed again."""
    store = Store.open(path)
    try:
        for batch in batches:
            store.append(batch)
    finally:
        store.close()


def read(path: Path) -> list[tuple[Stamp, Entry]]:
    """All entries of the journal; also shows that their numbers are 1, 2, 3 …"""
    rows = list(visits.entries(path))
    assert [seq for seq, _, _ in rows] == list(range(1, len(rows) + 1))
    return [(stamp, entry) for _, stamp, entry in rows]
