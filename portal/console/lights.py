"""Does it work? What gate and steward say of the venue, as lights and one sentence. Pure.

    >>> [light.state for light in lights(VenueNow(3, 0, 0), True, None, https=False)][:2]
    [<State.UNKNOWN: 'unknown'>, <State.UNKNOWN: 'unknown'>]

The gate's word goes before the steward's: it is newer, and visitors are told the same. Must not know: words, pages.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from appliance.steward.wire import Examination, LightName
from appliance.wire_console import VenueNow
from appliance.wire_words import Trouble


class State(StrEnum):
    """What a light shows, the gravest first."""

    BROKEN = "broken"
    LOOK = "look"
    """Visitors are served, and a person should see to it."""
    UNKNOWN = "unknown"
    WORKS = "works"
    UNUSED = "unused"
    """This venue has no such thing."""


class Verdict(StrEnum):
    """The whole in one sentence, the gravest first."""

    NO_GATE = "no_gate"
    NO_JOURNAL = "no_journal"
    NO_SMS = "no_sms"
    NO_DHCP = "no_dhcp"
    NO_DNS = "no_dns"
    NO_UPLINK = "no_uplink"
    CLOSED = "closed"
    BLIND = "blind"
    """The gate answers and does not say how many are online."""
    LOOK = "look"
    UNSURE = "unsure"
    """Visitors are served; some lights are not known."""
    WORKS = "works"


@dataclass(frozen=True)
class Light:
    """One of them."""

    name: LightName
    state: State
    says: str
    """Which sentence belongs to it: the state's, or that of a particular cause."""
    findings: tuple[Examination, ...] = ()
    """What the steward found to be wrong here."""


_TROUBLE = {LightName.UPLINK: Trouble.UPLINK, LightName.SMS: Trouble.SMS}
_WITHOUT = {LightName.DHCP: State.BROKEN, LightName.DNS: State.BROKEN}
"""What a finding there means for visitors; elsewhere they may well be served."""
_VERDICTS = {
    LightName.SMS: Verdict.NO_SMS,
    LightName.DHCP: Verdict.NO_DHCP,
    LightName.DNS: Verdict.NO_DNS,
    LightName.UPLINK: Verdict.NO_UPLINK,
}


def lights(
    venue: VenueNow | None, answers: bool, findings: Sequence[Examination] | None, *, https: bool
) -> tuple[Light, ...]:
    """All lights, the gravest first.

    Args:
        venue: what the gate says; None: nothing.
        answers: whether the gate answers at all.
        findings: the steward's; None: none are known.
        https: whether the portal has a certificate to look after.
    """
    made = []
    for name in LightName:
        here = tuple(each for each in findings or () if each.light is name)
        wrong = tuple(each for each in here if not each.ok)
        if name is LightName.GATE:
            state, says = _gate(venue, answers, wrong)
        elif not here and _unused(name, findings, https):
            state, says = State.UNUSED, State.UNUSED.value
        elif name in _TROUBLE:
            state = _of_trouble(_TROUBLE[name], venue, here, wrong)
            says = state.value
        else:
            state = _WITHOUT.get(name, State.LOOK) if wrong else State.WORKS if here else State.UNKNOWN
            says = state.value
        if name is not LightName.OTHER or wrong:
            made.append(Light(name, state, says, wrong))
    gravity = list(State)
    return tuple(sorted(made, key=lambda light: gravity.index(light.state)))


def verdict(shown: Sequence[Light], venue: VenueNow | None) -> Verdict:
    """The one sentence of these lights."""
    states = {light.name: light for light in shown}
    gate = states[LightName.GATE]
    if gate.state is State.BROKEN:
        return Verdict.NO_JOURNAL if gate.says == "journal" else Verdict.NO_GATE
    for name, means in _VERDICTS.items():
        if states[name].state is State.BROKEN:
            return means
    if venue is None:
        return Verdict.BLIND
    if not venue.is_open:
        return Verdict.CLOSED
    if any(light.state is State.LOOK for light in shown):
        return Verdict.LOOK
    return Verdict.UNSURE if any(light.state is State.UNKNOWN for light in shown) else Verdict.WORKS


def _unused(name: LightName, findings: Sequence[Examination] | None, https: bool) -> bool:
    """Whether a light without a finding is one that the venue has not. Of SMS the steward finds nothing at all only
    where no provider has a password, though the gate says, truly, that none takes messages."""
    return (name is LightName.CERTIFICATE and not https) or (name is LightName.SMS and bool(findings))


def _gate(venue: VenueNow | None, answers: bool, wrong: tuple[Examination, ...]) -> tuple[State, str]:
    if not answers:
        return State.BROKEN, "broken"
    if venue is None:
        return State.UNKNOWN, "unknown"
    if Trouble.JOURNAL in venue.troubles:
        return State.BROKEN, "journal"
    if not venue.is_open:
        return State.LOOK, "closed"
    return (State.LOOK, "look") if wrong else (State.WORKS, "works")


def _of_trouble(
    trouble: Trouble, venue: VenueNow | None, here: tuple[Examination, ...], wrong: tuple[Examination, ...]
) -> State:
    if venue is None:
        return State.BROKEN if wrong else State.WORKS if here else State.UNKNOWN
    if trouble in venue.troubles:
        return State.BROKEN
    return State.LOOK if wrong else State.WORKS
