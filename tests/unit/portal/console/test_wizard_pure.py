"""What the wizard concludes without asking anybody: where to go on, which port is which, what a test SMS means."""

from __future__ import annotations

import re
from itertools import pairwise
from queue import SimpleQueue

import msgspec
import pytest

from appliance.steward.wire import NetworkPort, SmsStep
from appliance.wire import Language
from portal.catalogues import catalogue
from portal.console.wizard.guesses import Sides, guessed, is_cut_off
from portal.console.wizard.sms_words import told
from portal.console.wizard.steps import Step, after, before, path_of, where_to_go_on
from portal.words import words
from sms import trial
from sms.message import Report, State
from tests.support.steward_of_file import PORTS

UPLINK, WIRED, RADIO = PORTS


def test_steps_lead_to_each_other_and_back() -> None:
    for one, other in pairwise(Step):
        assert (after(one), before(other)) == (other, one)
    assert (before(Step.VENUE), after(Step.FINISH)) == (None, Step.FINISH)
    assert len({path_of(each) for each in Step}) == len(Step)


@pytest.mark.parametrize(
    ("finished", "next_one"),
    [
        ((), Step.VENUE),
        ((Step.NETWORK, Step.STAFF), Step.VENUE),
        ((Step.VENUE,), Step.TERMS),
        ((Step.VENUE, Step.TERMS), Step.NETWORK),
        ((Step.VENUE, Step.WIFI), Step.TERMS),
        ((Step.VENUE, Step.NETWORK), Step.WIFI),
        ((Step.VENUE, Step.NETWORK, Step.SMS), Step.STAFF),
        ((Step.VENUE, Step.TERMS, Step.NETWORK, Step.STAFF), Step.POSTER),
    ],
)
def test_an_owner_goes_on_after_the_last_that_was_done(finished: tuple[Step, ...], next_one: Step) -> None:
    assert where_to_go_on(frozenset(finished)) is next_one


@pytest.mark.parametrize(
    ("ports", "configured", "sides"),
    [
        (PORTS, ("wan0", "br-lan"), Sides("enp1s0", "enp2s0")),
        (PORTS, ("enp2s0", "br-lan"), Sides("enp2s0", "wlp3s0")),
        ((UPLINK,), ("wan0", "br-lan"), Sides("enp1s0", "")),
        ((), ("wan0", "br-lan"), Sides("", "")),
        (
            (
                msgspec.structs.replace(UPLINK, default_route=False),
                msgspec.structs.replace(WIRED, bridge="", carrier=True),
            ),
            ("wan0", "br-lan"),
            Sides("enp1s0", "enp2s0"),
        ),
    ],
)
def test_a_likely_wiring(ports: tuple[NetworkPort, ...], configured: tuple[str, str], sides: Sides) -> None:
    assert guessed(ports, *configured) == sides


@pytest.mark.parametrize(
    ("host", "chosen", "cut_off"),
    [
        ("192.0.2.7:8443", Sides("enp1s0", "enp2s0"), False),
        ("192.0.2.7:8443", Sides("enp2s0", "enp1s0"), True),
        ("10.77.0.1", Sides("enp1s0", "enp2s0"), True),
        ("box.example.kz", Sides("enp2s0", "enp1s0"), False),
        ("203.0.113.9", Sides("enp2s0", "enp1s0"), False),
    ],
)
def test_whether_a_choice_cuts_the_browser_off(host: str, chosen: Sides, cut_off: bool) -> None:
    assert is_cut_off(PORTS, host, "enp1s0", "br-lan", chosen) is cut_off


def way(*reports: Report) -> list[SmsStep]:
    """What the trial says of an SMS that these are the reports of."""
    told_of: SimpleQueue[Report] = SimpleQueue()
    for report in reports:
        told_of.put(report)
    return [SmsStep(step.ok, step.what, step.means) for step in trial._followed("1", told_of, 0)]


@pytest.mark.parametrize("language", Language)
def test_every_step_that_the_trial_tells_is_told_in_the_owners_language(language: Language) -> None:
    steps = [SmsStep(True, "the SMS sender answers", "x")]
    steps += [SmsStep(True, what, "x") for what in ("provider a is bound", "provider a is not ready (b: c: d)")]
    steps += [SmsStep(True, what, "x") for what in ("the text is one part in UCS2", "the text is 2 parts in GSM")]
    for reason in ("expired", "rejected by operator", "0x0000000b", "0x0a invalid source", "unanswered"):
        steps += way(Report("1", State.SENT, smsc_id="7f"), Report("1", State.FAILED, reason=reason))
    steps += [*way(Report("1", State.SENT), Report("1", State.DELIVERED)), *way()]
    for step in steps:
        what, means = told(words("console", language), step)
        assert what != step.what or language is Language.ENGLISH, step
        assert means not in {step.means, ""}, step
        assert "wizard." not in what + means


def test_a_step_that_nobody_knows_stays_as_it_was_told() -> None:
    assert told(words("console", Language.RUSSIAN), SmsStep(True, "new", "means")) == ("new", "means")


def test_the_catalogues_say_the_same_things() -> None:
    by_language = {
        language: {
            str(message.id): sorted(re.findall(r"%\(\w+\)s", str(message.string)))
            for message in catalogue("console", language)
            if str(message.id).startswith("wizard.")
        }
        for language in Language
    }
    assert by_language[Language.KAZAKH] == by_language[Language.RUSSIAN] == by_language[Language.ENGLISH]
    assert all(message.string for language in Language for message in catalogue("console", language) if message.id)
