"""Does it work? Lights and the one sentence, for whatever gate and steward say."""

from __future__ import annotations

import doctest

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.steward.wire import Examination, LightName
from appliance.wire_console import VenueNow
from appliance.wire_words import Trouble
from portal.console import lights as module
from portal.console.lights import State, Verdict, lights, verdict

FINE = tuple(Examination(True, "fine", "", name) for name in LightName)
WELL = VenueNow(37, 2, 5)


def wrong(name: LightName) -> tuple[Examination, ...]:
    """All is well but for one finding."""
    return (*FINE, Examination(False, "ailing", "mend it", name))


def shown(
    venue: VenueNow | None = WELL,
    findings: tuple[Examination, ...] | None = FINE,
    *,
    answers: bool = True,
    https: bool = True,
) -> tuple[dict[LightName, State], Verdict]:
    """The states and the sentence."""
    made = lights(venue, answers, findings, https=https)
    return {light.name: light.state for light in made}, verdict(made, venue)


def test_a_venue_without_sms_is_not_a_broken_one() -> None:
    """The gate says, truly, that no provider takes messages; the steward finds nothing about SMS to look at."""
    trouble = VenueNow(3, 0, 0, troubles=(Trouble.SMS,))
    without = tuple(each for each in FINE if each.light is not LightName.SMS)
    states, told = shown(trouble, without)
    assert (states[LightName.SMS], told) == (State.UNUSED, Verdict.WORKS)
    # Nothing is known of anything while the steward is silent: then the gate's word stands.
    for unknown in (None, ()):
        assert shown(trouble, unknown)[0][LightName.SMS] is State.BROKEN


def test_the_example_is_true() -> None:
    assert doctest.testmod(module).failed == 0


def test_all_works() -> None:
    states, sentence = shown()
    assert set(states) == set(LightName) - {LightName.OTHER}
    assert set(states.values()) == {State.WORKS}
    assert sentence is Verdict.WORKS


def test_a_gate_that_is_gone_is_broken_and_so_is_all() -> None:
    states, sentence = shown(None, answers=False)
    assert states[LightName.GATE] is State.BROKEN
    assert sentence is Verdict.NO_GATE


def test_a_gate_that_says_nothing_is_not_known() -> None:
    states, sentence = shown(None, None)
    assert states[LightName.GATE] is states[LightName.SMS] is State.UNKNOWN
    assert sentence is Verdict.BLIND


@pytest.mark.parametrize(
    ("trouble", "light", "sentence"),
    [
        (Trouble.JOURNAL, LightName.GATE, Verdict.NO_JOURNAL),
        (Trouble.SMS, LightName.SMS, Verdict.NO_SMS),
        (Trouble.UPLINK, LightName.UPLINK, Verdict.NO_UPLINK),
    ],
)
def test_what_visitors_are_told_the_owner_is_told(trouble: Trouble, light: LightName, sentence: Verdict) -> None:
    states, said = shown(VenueNow(1, 0, 0, (trouble,)))
    assert (states[light], said) == (State.BROKEN, sentence)


@pytest.mark.parametrize("troubles", [tuple(Trouble), tuple(reversed(Trouble))])
def test_the_gravest_is_said(troubles: tuple[Trouble, ...]) -> None:
    made = lights(VenueNow(1, 0, 0, troubles), True, wrong(LightName.DHCP), https=True)
    assert verdict(made, WELL) is Verdict.NO_JOURNAL
    assert [light.state for light in made] == sorted((light.state for light in made), key=list(State).index)


@pytest.mark.parametrize(
    ("light", "state", "sentence"),
    [
        (LightName.DHCP, State.BROKEN, Verdict.NO_DHCP),
        (LightName.DNS, State.BROKEN, Verdict.NO_DNS),
        (LightName.UPLINK, State.LOOK, Verdict.LOOK),
        (LightName.SMS, State.LOOK, Verdict.LOOK),
        (LightName.GATE, State.LOOK, Verdict.LOOK),
        (LightName.CLOCK, State.LOOK, Verdict.LOOK),
        (LightName.DISK, State.LOOK, Verdict.LOOK),
        (LightName.CERTIFICATE, State.LOOK, Verdict.LOOK),
        (LightName.OTHER, State.LOOK, Verdict.LOOK),
    ],
)
def test_what_the_steward_finds(light: LightName, state: State, sentence: Verdict) -> None:
    states, said = shown(findings=wrong(light))
    assert (states[light], said) == (state, sentence)


def test_without_the_gate_the_steward_is_believed() -> None:
    states, _ = shown(None, wrong(LightName.SMS), answers=False)
    assert (states[LightName.SMS], states[LightName.UPLINK]) == (State.BROKEN, State.WORKS)


def test_a_steward_that_is_gone_leaves_what_the_gate_knows() -> None:
    states, sentence = shown(findings=None)
    assert {name for name, state in states.items() if state is State.UNKNOWN} == {
        LightName.DHCP,
        LightName.DNS,
        LightName.CLOCK,
        LightName.DISK,
        LightName.CERTIFICATE,
    }
    assert sentence is Verdict.UNSURE


def test_a_venue_without_https_has_no_certificate_to_look_after() -> None:
    states, sentence = shown(findings=tuple(each for each in FINE if each.light != "certificate"), https=False)
    assert (states[LightName.CERTIFICATE], sentence) == (State.UNUSED, Verdict.WORKS)


def test_a_closed_venue_says_so() -> None:
    states, sentence = shown(VenueNow(3, 0, 0, is_open=False))
    assert (states[LightName.GATE], sentence) == (State.LOOK, Verdict.CLOSED)


@given(
    st.none() | st.builds(VenueNow, st.just(1), st.just(0), st.just(0), st.just(()) | st.just(tuple(Trouble))),
    st.none() | st.lists(st.builds(Examination, st.booleans(), st.just("w"), st.just("r"), st.sampled_from(LightName))),
    st.booleans(),
)
def test_nothing_wrong_is_ever_shown_as_working(
    venue: VenueNow | None, findings: list[Examination] | None, https: bool
) -> None:
    made = lights(venue, venue is not None, findings, https=https)
    for light in made:
        ailing = [each for each in findings or () if each.light is light.name and not each.ok]
        assert list(light.findings) == ailing
        assert not ailing or light.state in (State.LOOK, State.BROKEN)
    if verdict(made, venue) is Verdict.WORKS:
        assert all(light.state in (State.WORKS, State.UNUSED) for light in made)
