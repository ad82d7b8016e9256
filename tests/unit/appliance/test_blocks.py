"""Staff keep a device or a number out, and the owner closes the venue, as dialogues."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from msgspec.structs import replace

from appliance import blocks, wire
from appliance.blocks import LONGEST_MS
from appliance.console_events import BlockAsked, BlocksLooked, UnblockAsked
from appliance.desk_events import DocumentShown, VoucherEntered, VouchersAsked
from appliance.effects import Answer, Record
from appliance.events import Event
from appliance.state import Terms
from appliance.wire import Ended, Phase, Trouble
from appliance.wire_console import Blocks, HeldBlock
from appliance.wire_desk import Person
from journal import entries
from tests.unit.appliance.dialogue import ADDRESS, NOON_MS, NUMBER, OTHER, PHONE, Dialogue

AIGUL = "aigul"
ENDED = [f"revoke 01 {ADDRESS}", "record visit_ended by blocked at 1000"]
OTHER_NUMBER = "+77017654321"
ASKED = ["record password_asked", f"send to {NUMBER}", "answer asked"]
PAID = Terms(vouchers=True, voucher_needs_sms=False, resend_s=0)


def block(talk: Dialogue, whom: str = PHONE, for_s: int | None = None, name: str = "b1") -> BlockAsked:
    until = None if for_s is None else talk.at.utc_ms + for_s * 1000
    return BlockAsked(talk.at, whom, name, "shouting", until, AIGUL)


def unblock(talk: Dialogue, name: str = "b1") -> UnblockAsked:
    return UnblockAsked(talk.at, name, AIGUL)


def held(talk: Dialogue) -> tuple[HeldBlock, ...]:
    (answer,) = talk.step(BlocksLooked(talk.at))
    assert isinstance(answer, Answer) and isinstance(answer.reply, Blocks)
    return answer.reply.blocks


def voucher(talk: Dialogue) -> VoucherEntered:
    return VoucherEntered(talk.at, PHONE, (ADDRESS,), "d1", "v9", "port1", terms="")


def document(talk: Dialogue) -> DocumentShown:
    return DocumentShown(talk.at, PHONE, (ADDRESS,), "v8", "port1", Person("Әбенова", "Гүлнұр"), (), "", AIGUL)


ADMISSIONS: dict[str, Callable[[Dialogue], Event]] = {
    "ask": lambda talk: talk.asked(),
    "ask at the desk": lambda talk: replace(talk.asked(), staff=AIGUL),
    "enter": lambda talk: talk.entered(),
    "enter at the desk": lambda talk: replace(talk.entered(), staff=AIGUL),
    "voucher": voucher,
    "document": document,
}


def at_the_door(terms: Terms) -> Dialogue:
    """A device with a password that waits to be entered, in a venue with a voucher."""
    talk = Dialogue(terms)
    talk.step(VouchersAsked(talk.at, "b1", "", ("d1",), ("d1",), 0, 0, 86_400_000, AIGUL))
    talk.step(talk.asked())
    talk.wait(10)
    return talk


# ── blocks ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("whom", [PHONE, NUMBER])
def test_a_block_ends_the_visit_before_it_is_recorded(whom: str) -> None:
    talk = Dialogue()
    talk.online()
    talk.says(block(talk, whom), ["record blocked", *ENDED, "answer Done"])
    assert not talk.session.admitted()
    assert talk.status().ended is Ended.BLOCKED


def test_a_block_ends_the_visit_that_is_away_as_of_when_it_left() -> None:
    talk = Dialogue()
    talk.online()
    talk.step(talk.left())
    talk.wait(10)
    talk.says(
        block(talk), ["record blocked", f"revoke 01 {ADDRESS}", "record visit_ended by blocked at 1000", "answer Done"]
    )
    talk.says(talk.seen(), [])  # within the grace, and yet nothing is resumed


@pytest.mark.parametrize("name", ADMISSIONS)
def test_a_blocked_device_begins_nothing(name: str) -> None:
    talk = at_the_door(PAID)
    talk.says(block(talk), ["record blocked", "answer Done"])
    talk.says(ADMISSIONS[name](talk), ["refuse blocked"])
    talk.says(unblock(talk), ["record unblocked", "answer Done"])
    told = talk.step(ADMISSIONS[name](talk))
    assert any(isinstance(effect, Answer) and not isinstance(effect.reply, wire.Refused) for effect in told)


@pytest.mark.parametrize("name", ["ask", "ask at the desk", "enter", "enter at the desk"])
def test_a_blocked_number_begins_nothing_on_any_device(name: str) -> None:
    talk = at_the_door(PAID)
    talk.says(block(talk, NUMBER), ["record blocked", "answer Done"])
    talk.says(ADMISSIONS[name](talk), ["refuse blocked"])
    talk.says(talk.asked(device=OTHER), ["refuse blocked"])
    assert talk.status().phase is Phase.ASKED and not talk.status().blocked, "another number may be asked for"
    talk.says(
        talk.asked(device=PHONE, number=OTHER_NUMBER), ["record password_asked", f"send to {OTHER_NUMBER}", ASKED[2]]
    )


def test_a_refused_ask_costs_nothing() -> None:
    talk = Dialogue()
    talk.step(block(talk, NUMBER))
    before = talk.session
    talk.says(talk.asked(), ["refuse blocked"])
    assert talk.session == before


def test_others_are_not_concerned() -> None:
    talk = Dialogue()
    talk.online()
    talk.says(block(talk, OTHER), ["record blocked", "answer Done"])
    talk.says(block(talk, OTHER_NUMBER, name="b2"), ["record blocked", "answer Done"])
    assert talk.session.admitted() == {PHONE: (ADDRESS,)}
    assert not talk.status(PHONE).blocked and talk.status(OTHER).blocked


def test_it_is_over_in_time_and_that_is_recorded() -> None:
    talk = Dialogue()
    talk.step(block(talk, for_s=3600))
    assert talk.status().blocked_until_utc_ms == NOON_MS + 1_000_000 + 3_600_000
    talk.wait(3599)
    talk.says(talk.tick(), [])
    talk.says(talk.asked(), ["refuse blocked retry=1"])
    talk.wait(1)
    talk.says(talk.tick(), ["record unblocked"])
    assert not talk.status().blocked
    talk.says(talk.asked(), ASKED)


def test_one_that_nobody_lifts_is_over_after_five_years() -> None:
    talk = Dialogue()
    talk.step(block(talk))
    talk.wait(LONGEST_MS / 1000 - 1)
    talk.says(talk.tick(), [])
    talk.wait(1)
    talk.says(talk.tick(), ["record unblocked"])


@pytest.mark.parametrize("after", [Dialogue.crash, Dialogue.reboot])
def test_it_holds_over_restarts(after: Callable[[Dialogue], None]) -> None:
    talk = Dialogue()
    talk.step(block(talk, for_s=3600))
    talk.step(block(talk, NUMBER, name="b2"))
    after(talk)
    talk.says(talk.asked(number=OTHER_NUMBER), ["refuse blocked retry=3600"])
    talk.says(talk.asked(device=OTHER), ["refuse blocked"])


def test_what_is_recorded_names_one_of_the_two_and_the_employee() -> None:
    talk = Dialogue()
    told = [*talk.step(block(talk)), *talk.step(block(talk, NUMBER, 60, "b2")), *talk.step(unblock(talk))]
    assert [effect.entry for effect in told if isinstance(effect, Record)] == [
        entries.Blocked("b1", PHONE, "", "shouting", None, AIGUL),
        entries.Blocked("b2", "", NUMBER, "shouting", talk.at.utc_ms + 60_000, AIGUL),
        entries.Unblocked("b1", PHONE, "", AIGUL),
    ]


def test_said_again_it_is_the_same_block_with_the_new_words() -> None:
    talk = Dialogue()
    talk.step(block(talk))
    talk.wait(60)
    talk.says(replace(block(talk, for_s=60, name="b2"), why="still"), ["record blocked", "answer Done"])
    began = NOON_MS + 1_000_000
    assert held(talk) == (HeldBlock("b1", PHONE, "", "still", AIGUL, began, began + 120_000),)


def test_all_are_listed_the_newest_first_and_there_is_an_end_to_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocks, "MOST_BLOCKS", 3)
    talk = Dialogue()
    for name, whom in (("b0", OTHER), ("b1", NUMBER), ("b2", OTHER_NUMBER)):
        talk.step(block(talk, whom, name=name))
        talk.wait(1)
    assert [each.block for each in held(talk)] == ["b2", "b1", "b0"]
    talk.says(block(talk), ["refuse too_many_blocks"])
    talk.says(block(talk, NUMBER), ["record blocked", "answer Done"])


def test_what_is_not_there_is_not_lifted() -> None:
    talk = Dialogue()
    talk.says(unblock(talk), ["refuse no_such_block"])


# ── a closed venue ──────────────────────────────────────────────────────────────────────────────────────────────────


def reopened(talk: Dialogue, is_open: bool) -> None:
    """A gate begins with the other word of the owner's."""
    talk.terms = replace(talk.terms, is_open=is_open)
    talk.crash()
    talk.step(talk.started())


@pytest.mark.parametrize("name", ADMISSIONS)
def test_a_closed_venue_admits_nobody(name: str) -> None:
    talk = at_the_door(PAID)
    reopened(talk, is_open=False)
    talk.says(ADMISSIONS[name](talk), ["refuse venue_closed"])
    assert talk.status().trouble is Trouble.CLOSED and talk.status(OTHER).trouble is Trouble.CLOSED
    reopened(talk, is_open=True)
    assert talk.status().trouble is None
    told = talk.step(ADMISSIONS[name](talk))
    assert any(isinstance(effect, Answer) and not isinstance(effect.reply, wire.Refused) for effect in told)


def test_who_is_online_stays_and_comes_back_within_the_grace() -> None:
    talk = Dialogue()
    talk.online()
    reopened(talk, is_open=False)
    assert talk.session.admitted() == {PHONE: (ADDRESS,)}
    assert (talk.status().phase, talk.status().trouble) == (Phase.ONLINE, None)
    talk.step(talk.left())
    assert (talk.status().phase, talk.status().trouble) == (Phase.AWAY, None)
    talk.says(talk.seen(), ["record visit_resumed", f"admit 01 {ADDRESS}"])
