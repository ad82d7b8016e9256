"""What was true in a virtual venue, kept beside what the gate believed. Must not know: how either came about."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

from tests.lab.phones import Spell


@dataclass
class Phone:
    """One phone; ``mac`` and ``address`` may change in its life."""

    profile: str
    mac: str
    address: str
    life: Iterator[Spell]
    spell: Spell
    spells: int = 0
    noticed_ms: int = 0
    """How long the source that sees it needs to tell; the same always, so that its news keep their order."""
    last_sent_ms: int = 0
    online_since_ms: int | None = None
    """While it is here and its visit goes on."""


@dataclass
class Stay:
    """What was true of one visit."""

    phone: Phone
    gone_ms: int | None = None
    answered_idle: bool = False
    missed: int = 0
    deaf: bool = False


@dataclass
class Found:
    """What a day showed."""

    here_ms: Counter[str] = field(default_factory=Counter)
    """By profile: how long phones were here with a visit."""
    false_leaves: Counter[str] = field(default_factory=Counter)
    delays_ms: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    """By kind of evidence: from leaving to closed."""
    late_ends_ms: list[int] = field(default_factory=list)
    """By how much the journal's end is later than the truth."""
    unnoticed: int = 0
    """Absences that were over before anybody noticed."""
    asked: int = 0
    packets: int = 0
    """Probes sent: a device is asked at each of its addresses."""
