"""One campaign: every attack against the open gate, then the same against the closed one; what came of it, as a table.

    outcomes = campaign("qa-", ATTACKS)

Two attackers stand before the closed gate, one that never was admitted and one whose visit has just been ended. Beside
what each attack itself finds, the uplink is listened to: nothing at all may come out there while they try. Must not
know: single attacks.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial

from scapy.layers.l2 import Ether

from tests.attack.catalogue import Listed
from tests.attack.field import Attacker, Field
from tests.attack.frames import Ear
from tests.lab.visitor import Visitor
from tests.system.wiretap import told

_AT_ONCE = 8
_TRIES = 5
_ETHERTYPES = {b"\x08\x00": "IPv4", b"\x86\xdd": "IPv6"}
_SMPP = (2775).to_bytes(2, "big")


@dataclass
class Outcome:
    """One attack's; empty texts say that nothing got through."""

    name: str
    open_gate: str = ""
    unadmitted: str = ""
    evicted: str = ""

    @property
    def withstood(self) -> bool:
        """It works, and not against the product."""
        return bool(self.open_gate) and not self.unadmitted and not self.evicted


@dataclass
class Result:
    """The whole campaign's."""

    outcomes: list[Outcome]
    leaks: list[str] = field(default_factory=list)
    """Frames that came out of the uplink while nobody who may was sending."""


def campaign(prefix: str, attacks: Sequence[Listed], say: Callable[[str], None]) -> Result:
    """Run them all in a venue of their own; ``say`` is told each phase."""
    result = Result([Outcome(attack.name) for attack in attacks])
    outcomes = {outcome.name: outcome for outcome in result.outcomes}

    def run(attack: Listed, who: str, phone: Visitor) -> None:
        setattr(outcomes[attack.name], who, attack.run(Attacker(place, phone)))

    def prove(attack: Listed, phone: Visitor) -> None:
        # It must succeed here, and a busy machine loses a packet or answers late: an attacker would try again too.
        for _ in range(_TRIES):
            run(attack, "open_gate", phone)
            if outcomes[attack.name].open_gate:
                return

    with Field.open(prefix) as place:
        say("the gate is opened by hand: every attack must succeed")
        place.open_by_hand()
        _all([(attack, partial(prove, attack, place.unadmitted)) for attack in attacks])
        say("the product stands: nothing must get through")
        place.close()
        place.evict()
        before = (("unadmitted", place.unadmitted), ("evicted", place.evicted))
        for silent in (True, False):
            chosen = [attack for attack in attacks if attack.silent is silent]
            with Ear(place.venue.operator, "isp0") as ear:
                attempts = [(who, phone, attack) for who, phone in before for attack in chosen]
                _all([(attack, partial(run, attack, who, phone)) for who, phone, attack in attempts])
                if silent:
                    result.leaks = [_told(frame) for frame in ear.so_far(_counts)]
    return result


def _all(attempts: Sequence[tuple[Listed, Callable[[], None]]]) -> None:
    # Waiting for what does not come is most of the work, so many wait at once.
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        for done in [pool.submit(act) for attack, act in attempts if not attack.alone]:
            done.result()
    for attack, act in attempts:
        if attack.alone:
            act()


def _counts(frame: bytes) -> bool:
    """Is it anything that only a visitor can have sent? The gate's own are ARP, ND, MLD, its link to the SMSC, and its
    question whether anybody answers out there."""
    if told(frame) is None:
        return False
    match _ETHERTYPES.get(frame[12:14]):
        case "IPv4":
            smpp = frame[23] == 6 and _SMPP in (frame[34:36], frame[36:38])
            return not smpp
        case "IPv6":
            local = frame[22:24] == b"\xfe\x80" or frame[38:40] in (b"\xff\x02", b"\xfe\x80")
            return not local and not (frame[20] == 58 and frame[54] in (135, 136))
        case _:
            return False


def _told(frame: bytes) -> str:
    return str(Ether(frame).summary())


def table(result: Result) -> str:
    """attack → open gate → closed gate, for a person."""
    width = max(len(outcome.name) for outcome in result.outcomes) + 2
    lines = [f"{'attack':<{width}}{'open gate':<62}unadmitted   evicted"]
    for outcome in result.outcomes:
        opened = outcome.open_gate or "DID NOT WORK: proves nothing"
        lines.append(
            f"{outcome.name:<{width}}{opened[:60]:<62}"
            f"{'THROUGH' if outcome.unadmitted else 'nothing':<13}{'THROUGH' if outcome.evicted else 'nothing'}"
        )
    for outcome in result.outcomes:
        for who, got in (("unadmitted", outcome.unadmitted), ("evicted", outcome.evicted)):
            lines += [f"{outcome.name}, {who}: {got}"] if got else []
    lines += [f"came out of the uplink: {leak}" for leak in result.leaks]
    return "\n".join(lines)
