"""How phones behave while nobody looks, as spells of one behaviour each: for venues in virtual time.

    next(PROFILES["awake phone"](Random(1)))
    Spell(lasts_ms=312_000, sends_every_ms=7_100, answers=0.99, …)

A profile draws an endless life from its own random numbers, so that a seed makes the same day again. Figures are what
`STANDARDS.md` calls facts and what the platforms document; a real phone may differ. Must not know: the gate, its
policy, the time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from random import Random

SECOND, MINUTE, HOUR = 1_000, 60_000, 3_600_000
DEAF_MS = 14 * MINUTE
AT_ONCE, BUFFERED = (2, 40), (1_000, 3_000)
"""How long an answer takes, in milliseconds: of a device that is awake, and of one whose access point waits for it."""


class Told(StrEnum):
    """Which source sees a spell begin; the names are those of the proofs in the journal."""

    NOBODY = ""
    STATION = "station"
    PORT = "port"
    LEASE = "lease"


@dataclass(frozen=True)
class Spell:
    """One behaviour for a while."""

    lasts_ms: int
    sends_every_ms: int = 0
    """The mean distance of packets to the Internet; 0: it sends none."""
    answers: float = 0.0
    """The share of probes it answers, those lost on the air aside."""
    delay_ms: tuple[int, int] = AT_ONCE
    here: bool = True
    told: Told = Told.NOBODY
    roams: bool = False
    """It is behind another port, or another access point, from now on."""
    swaps: bool = False
    """It and its neighbour have exchanged their IPv4 addresses."""
    new_mac: bool = False
    """It is another device from now on, as far as anybody can tell."""


Profile = Callable[[Random], Iterator[Spell]]


def _used(random: Random, minutes: tuple[float, float] = (2, 20), **changes: bool | Told) -> Spell:
    return Spell(_between(random, minutes), _between(random, (1 / 60, 20 / 60)), 0.99, **changes)  # type: ignore[arg-type]


def _read(random: Random) -> Spell:
    """The screen is lit and nothing moves."""
    return Spell(_between(random, (0, 200 / 60)), answers=0.99)


def _gone(random: Random, told: Told = Told.NOBODY) -> Spell:
    return Spell(_between(random, (20, 120)), here=False, told=told)


def _idle(random: Random, minutes: tuple[float, float]) -> Spell:
    return Spell(_between(random, minutes), answers=0.92, delay_ms=BUFFERED)


def _deaf_sleep(random: Random) -> Iterator[Spell]:
    """Nothing for 14 minutes; then a moment's traffic, and a while in which buffered frames are answered."""
    for _ in range(random.randint(1, 8)):
        yield Spell(DEAF_MS)
        yield Spell(_between(random, (5 / 60, 30 / 60)), 2 * SECOND, 0.97, BUFFERED)
        yield Spell(_between(random, (0, 3)), answers=0.97, delay_ms=BUFFERED)


def _doze(random: Random) -> Iterator[Spell]:
    """The radio answers by itself; the phone sends only in its maintenance windows."""
    for _ in range(random.randint(1, 8)):
        yield _idle(random, (4, 20))
        yield Spell(10 * SECOND, 2 * SECOND, 0.95, BUFFERED)


def awake(random: Random) -> Iterator[Spell]:
    """In use all the time."""
    while True:
        yield _used(random)


def iphone(random: Random) -> Iterator[Spell]:
    """Used, read, and deaf in the pocket."""
    while True:
        yield _used(random)
        yield _read(random)
        yield from _deaf_sleep(random)


def android(random: Random) -> Iterator[Spell]:
    """Used, read, and dozing."""
    while True:
        yield _used(random)
        yield _read(random)
        yield from _doze(random)


def laptop(random: Random) -> Iterator[Spell]:
    """The lid is closed for hours; the network card answers for it and sends nothing."""
    while True:
        yield _used(random, (5, 60))
        yield Spell(_between(random, (20, 240)), answers=0.98)


def turncoat(random: Random) -> Iterator[Spell]:
    """Answers asleep for up to an hour, and only then turns deaf: who can tell that from leaving?"""
    while True:
        yield _used(random)
        yield _idle(random, (5, 60))
        yield from _deaf_sleep(random)


def roamer(random: Random) -> Iterator[Spell]:
    """Walks about in the house. Some access points tell of the new place, some first tell that the old one lost it."""
    while True:
        yield _used(random, (0.5, 6))
        if random.random() < 0.5:
            yield Spell(_between(random, (0.1 / 60, 5 / 60)), here=False, told=Told.STATION)
            yield _used(random, (0.5, 6), told=Told.STATION, roams=True)
        else:
            yield Spell(_between(random, (0.1 / 60, 3 / 60)))
            yield _used(random, (0.5, 6), told=Told.PORT, roams=True)


def walker(random: Random) -> Iterator[Spell]:
    """Leaves without a word, from use or from sleep of either kind."""
    while True:
        yield _used(random)
        sleeps = random.random()
        if sleeps < 1 / 3:
            yield from _deaf_sleep(random)
        elif sleeps < 2 / 3:
            yield _idle(random, (6, 40))
        yield _gone(random)


def battery(random: Random) -> Iterator[Spell]:
    """Dies in use."""
    while True:
        yield _used(random, (5, 90))
        yield _gone(random)


def airplane(random: Random) -> Iterator[Spell]:
    """Airplane mode: our own access point tells, another's does not."""
    while True:
        yield _used(random)
        yield _gone(random, random.choice((Told.STATION, Told.NOBODY)))


def forgetful(random: Random) -> Iterator[Spell]:
    """Forgets the network: some systems give the lease back first."""
    while True:
        yield _used(random)
        yield _gone(random, random.choice((Told.STATION, Told.LEASE)))


def cabled(random: Random) -> Iterator[Spell]:
    """A computer whose cable is pulled."""
    while True:
        yield _used(random, (5, 60))
        yield _gone(random, Told.PORT)


def swapper(random: Random) -> Iterator[Spell]:
    """Exchanges addresses with its neighbour now and then, awake or dozing."""
    while True:
        yield _used(random, swaps=True)
        yield from _doze(random)


def randomiser(random: Random) -> Iterator[Spell]:
    """Takes another MAC address now and then."""
    while True:
        yield _used(random)
        yield _idle(random, (1, 20))
        yield _used(random, new_mac=True)


PROFILES: dict[str, Profile] = {
    "awake phone": awake,
    "sleeping iPhone": iphone,
    "Android doze": android,
    "laptop lid": laptop,
    "roamer": roamer,
    "walker-away": walker,
    "battery death": battery,
    "airplane mode": airplane,
    "forget-network": forgetful,
    "cable": cabled,
    "two that swap": swapper,
    "MAC randomiser": randomiser,
    "IPv6 only": android,
}
"""The profiles that must never lose a visit while they are here."""
HARD_PROFILES: dict[str, Profile] = {"turns deaf late": turncoat}
"""What the policy cannot tell from leaving: measured, not promised."""


def _between(random: Random, minutes: tuple[float, float]) -> int:
    return int(random.uniform(*minutes) * MINUTE)
