"""A visitor at the desk: the code on the page finds the device, for as long as the page is looked at."""

from __future__ import annotations

from appliance import wire
from appliance.effects import Answer, Keep
from appliance.pairing import MOST_CODES, device_of_code
from appliance.session import step
from tests.unit.appliance.dialogue import OTHER, PHONE, Dialogue

CODE, NEXT = "K7MQ4T", "ACDEFH"


def found(talk: Dialogue, code: str) -> str | None:
    """Whose device staff find under this code now."""
    return device_of_code(talk.session, code, talk.at.boot_ms)


def test_a_code_finds_its_device_and_stands_on_its_page() -> None:
    talk = Dialogue()
    assert talk.status().code is None
    talk.says(talk.at_the_desk(CODE), ["answer stranger"])
    assert (talk.status().code, talk.status().code_expires_in_s) == (CODE, 900)
    assert (found(talk, CODE), found(talk, NEXT)) == (PHONE, None)
    assert talk.status(OTHER).code is None


def test_asked_again_it_is_the_same_code() -> None:
    talk = Dialogue()
    talk.step(talk.at_the_desk(CODE))
    talk.wait(899)
    (answer,) = talk.step(talk.at_the_desk(NEXT))
    assert isinstance(answer, Answer) and isinstance(answer.reply, wire.Status)
    assert (answer.reply.code, answer.reply.code_expires_in_s) == (CODE, 900)
    assert found(talk, NEXT) is None


def test_a_code_counts_for_a_quarter_of_an_hour_after_it_was_last_shown() -> None:
    talk = Dialogue()
    talk.step(talk.at_the_desk(CODE))
    for _ in range(5):
        talk.wait(800)
        assert talk.status().code == CODE
    talk.wait(899)
    assert found(talk, CODE) == PHONE
    talk.wait(1)
    assert found(talk, CODE) is None
    assert (talk.status().code, talk.status().code_expires_in_s) == (None, None)
    talk.says(talk.at_the_desk(NEXT), ["answer stranger"])
    assert (found(talk, CODE), found(talk, NEXT), len(talk.session.codes)) == (None, PHONE, 1)


def test_whoever_is_online_needs_no_desk() -> None:
    talk = Dialogue()
    talk.step(talk.asked())
    talk.says(talk.at_the_desk(CODE), ["answer asked"])
    talk.step(talk.entered())
    assert (found(talk, CODE), talk.status().code, len(talk.session.coded)) == (None, None, 0)
    talk.says(talk.at_the_desk(NEXT), ["refuse already_online"])
    talk.step(talk.left())
    talk.says(talk.at_the_desk(NEXT), ["answer away"])
    assert found(talk, NEXT) == PHONE


def test_a_code_that_another_device_had_is_no_longer_its() -> None:
    """The gate gives none that is out; should one come all the same, it never stands for two."""
    talk = Dialogue()
    talk.step(talk.at_the_desk(CODE))
    talk.step(talk.at_the_desk(CODE, OTHER))
    assert (found(talk, CODE), talk.status().code, talk.status(OTHER).code) == (OTHER, None, CODE)


def test_invented_devices_push_out_the_oldest_never_one_that_is_looked_at() -> None:
    talk = Dialogue()
    talk.step(talk.at_the_desk(CODE))
    talk.step(talk.at_the_desk(NEXT, OTHER))
    for index in range(MOST_CODES + 500):
        if index % 1000 == 0:
            talk.wait(1)
            assert talk.status().code == CODE
        asked = talk.at_the_desk(f"x{index:05}", f"06:00:00:00:{index >> 8:02x}:{index & 255:02x}")
        talk.session, effects = step(talk.session, asked)
        assert not any(isinstance(effect, Keep) for effect in effects)
    assert len(talk.session.codes) == len(talk.session.coded) <= MOST_CODES
    assert (found(talk, CODE), found(talk, NEXT)) == (PHONE, None)
