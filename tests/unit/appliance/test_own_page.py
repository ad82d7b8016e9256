"""What a visitor does on the own page besides asking and entering: leaving, choosing a language, agreeing, tapping
twice; and what the page says when something that all depend on does not work."""

from __future__ import annotations

import hashlib

import pytest

from appliance import wire
from appliance.allowances import Allowances, Limit
from appliance.doctor import troubles_findings
from appliance.effects import Keep, Record
from appliance.events import MessageState
from appliance.kept import device_key, restore
from appliance.languages import MOST_REMEMBERED
from appliance.numbers import masked
from appliance.session import step
from appliance.state import Terms, Visit
from appliance.status import live_visits
from appliance.wire import Ended, Language, Phase, Trouble
from journal import entries
from tests.unit.appliance.dialogue import ADDRESS, NUMBER, OTHER, PHONE, Dialogue

ASKED = ["record password_asked", "send to +77011234567", "answer asked"]
DIGEST = hashlib.sha256("Шарттар".encode()).hexdigest()
VENUE_TERMS = Terms(terms_digests=frozenset({DIGEST, "b" * 64}))

# ── leaving by the button ───────────────────────────────────────────────────────────────────────────────────────────


def test_leaving_by_the_button_closes_at_once_without_grace() -> None:
    talk = Dialogue()
    talk.says(talk.leave(), ["refuse no_such_visit"])
    talk.online()
    talk.wait(5)
    talk.says(talk.leave(), [f"revoke 01 {ADDRESS}", "record visit_ended by visitor at 1005", "answer stranger"])
    assert talk.status().ended is Ended.VISITOR
    talk.says(talk.seen(), [])
    talk.says(talk.entered(), ["refuse no_password_asked"])


def test_a_second_tap_on_leaving_changes_nothing() -> None:
    talk = Dialogue()
    talk.online()
    talk.step(talk.leave())
    talk.says(talk.leave(), ["answer stranger"])
    talk.wait(61)
    talk.says(talk.asked(), ASKED)
    assert talk.status().ended is None
    talk.says(talk.leave(), ["refuse no_such_visit"])


def test_whoever_is_away_may_leave_for_good() -> None:
    talk = Dialogue()
    talk.online()
    talk.step(talk.left())
    talk.wait(30)
    talk.says(talk.leave(), [f"revoke 01 {ADDRESS}", "record visit_ended by visitor at 1000", "answer stranger"])


def test_whoever_was_sent_away_by_staff_is_told_so() -> None:
    talk = Dialogue()
    talk.online()
    talk.step(talk.end())
    assert talk.status().ended is Ended.STAFF
    talk.says(talk.leave(), ["refuse no_such_visit"])
    talk.wait(600)
    talk.step(talk.tick())
    assert talk.status().ended is None


# ── the language ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_chosen_language_is_remembered_by_device_and_costs_no_write() -> None:
    talk = Dialogue()
    assert talk.status().language is None
    assert not any(isinstance(effect, Keep) for effect in talk.step(talk.chose(Language.ENGLISH)))
    assert (talk.status().language, talk.status(OTHER).language) == (Language.ENGLISH, None)
    talk.step(talk.chose(Language.RUSSIAN))
    assert talk.status().language is Language.RUSSIAN


def test_asking_for_a_password_chooses_its_language() -> None:
    talk = Dialogue()
    talk.step(talk.asked())
    assert talk.status().language is Language.KAZAKH


def test_a_language_survives_with_what_is_kept_anyway() -> None:
    talk = Dialogue()
    talk.step(talk.asked())
    talk.step(talk.chose(Language.ENGLISH))
    talk.step(talk.entered("000000"))  # a try is kept, and the language with it
    talk.crash()
    assert talk.status().language is Language.ENGLISH
    talk.step(talk.entered())
    talk.step(talk.chose(Language.RUSSIAN))
    assert not any(isinstance(effect, Keep) for effect in talk.step(talk.chose(Language.RUSSIAN)))
    talk.step(talk.left())
    talk.crash()
    talk.step(talk.seen())
    assert talk.status().language is Language.RUSSIAN
    talk.step(talk.leave())
    assert talk.status().language is Language.RUSSIAN, "the same person, a moment later"


def test_invented_devices_push_out_no_visitor_and_no_stranger_who_looks() -> None:
    talk = Dialogue()
    talk.online()
    talk.step(talk.chose(Language.ENGLISH))
    talk.step(talk.chose(Language.ENGLISH, OTHER))
    for index in range(2 * MOST_REMEMBERED):
        if index % 500 == 0:
            talk.wait(61)
            assert talk.status(OTHER).language is Language.ENGLISH
        invented = f"06:00:00:00:{index >> 8:02x}:{index & 255:02x}"
        talk.session, effects = step(talk.session, talk.chose(Language.RUSSIAN, invented))
        assert not any(isinstance(effect, Keep) for effect in effects)
    assert len(talk.session.languages) <= MOST_REMEMBERED + 1
    assert talk.status().language is Language.ENGLISH


def test_what_an_earlier_version_kept_is_read() -> None:
    pending = b'{"type":"pending","number":"+77011234567","language":"ru","message":"m1","digest":"AAAA",'
    visit = b'{"type":"visit","visit":"v1","number":"+77011234567","addresses":["10.77.0.11"],"began":{"utc_ms":1,'
    kept = {
        device_key(PHONE): pending + b'"expires_boot_ms":9,"resend_boot_ms":5,"tries_left":5}',
        device_key(OTHER): visit + b'"boot_ms":1}}',
    }
    session = restore(Terms(), kept)
    states = session.devices[PHONE], session.devices[OTHER]
    assert [state.language for state in states] == [Language.RUSSIAN, None]
    assert isinstance(states[1], Visit) and states[1].method == "sms"
    assert list(session.languages) == [PHONE]


# ── the venue's terms ───────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("agreed", ["", "a" * 64, DIGEST.upper()])
def test_without_agreeing_to_the_terms_nothing_is_sent_or_counted(agreed: str) -> None:
    talk = Dialogue(VENUE_TERMS)
    before = talk.session
    talk.says(talk.asked(terms=agreed), ["refuse terms_not_accepted"])
    assert talk.session == before
    talk.says(talk.asked(terms=DIGEST), ASKED)


def test_what_was_agreed_to_is_recorded_in_which_language() -> None:
    def asked(terms: Terms, agreed: str) -> entries.Entry:
        talk = Dialogue(terms)
        return next(each.entry for each in talk.step(talk.asked(terms=agreed)) if isinstance(each, Record))

    with_terms = asked(VENUE_TERMS, DIGEST)
    assert with_terms == entries.PasswordAsked(PHONE, NUMBER, "m1", terms=DIGEST, language="kk")
    # A portal that makes something up writes nothing into the journal.
    assert asked(Terms(), DIGEST) == entries.PasswordAsked(PHONE, NUMBER, "m1", terms="", language="kk")


def test_entries_of_before_the_terms_are_read() -> None:
    before = b'{"kind":"password_asked","device":"02:00:00:00:00:01","number":"+77011234567","message":"m1"}'
    assert entries.decode(before) == entries.PasswordAsked(PHONE, NUMBER, "m1")


# ── the same tap twice ──────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("resend_s", [0, 60])
def test_a_second_tap_or_window_sends_no_second_sms(resend_s: int) -> None:
    """Also where the owner wants no wait before another."""
    talk = Dialogue(Terms(resend_s=resend_s))
    talk.says(talk.asked(), ASKED)
    before = talk.session
    for _ in range(3):
        talk.wait(1.6)
        talk.says(talk.asked("222222"), ["answer asked"])
    assert talk.session == before
    talk.says(talk.entered("123456"), ["record visit_began", f"admit 01 {ADDRESS}", "answer online"])


def test_later_it_is_another_wish() -> None:
    talk = Dialogue()
    talk.step(talk.asked())
    talk.wait(5)
    talk.says(talk.asked(), ["refuse too_soon retry=55"])


def test_only_the_same_device_and_number_are_the_same_tap() -> None:
    talk = Dialogue()
    talk.step(talk.asked())
    again = ["record password_asked", "send to +77027654321", "answer asked"]
    talk.says(talk.asked(number="+77027654321"), again)
    talk.says(talk.asked(device=OTHER), ASKED)


@pytest.mark.parametrize("wrong", [1, 5])
def test_a_password_that_is_void_is_not_answered_for(wrong: int) -> None:
    talk = Dialogue(Terms(tries=wrong))
    talk.step(talk.asked())
    for _ in range(wrong):
        talk.step(talk.entered("000000"))
    talk.says(talk.asked(), ["refuse too_soon retry=60"])


def test_an_sms_that_failed_is_asked_for_again_at_once() -> None:
    talk = Dialogue()
    talk.step(talk.asked())
    talk.step(talk.reported(MessageState.FAILED, reason="0x0b"))
    talk.says(talk.asked(), ASKED)


def test_the_same_tap_is_no_way_around_the_limits() -> None:
    talk = Dialogue(Terms(resend_s=0, allowances=Allowances(number=Limit(1, 3600))))
    talk.says(talk.asked(), ASKED)
    talk.says(talk.asked(), ["answer asked"])
    talk.wait(5)
    talk.says(talk.asked(), ["refuse number_limit retry=3595"])


# ── trouble ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_lost_provider_sends_people_to_the_desk_only_after_some_seconds() -> None:
    talk = Dialogue()
    talk.says(talk.trouble(Trouble.SMS), [])
    talk.wait(9.999)
    assert talk.status().trouble is None
    talk.says(talk.asked(device=OTHER), ASKED)  # waits in the queue
    talk.wait(0.001)
    assert talk.status().trouble is Trouble.SMS
    before = talk.session
    talk.says(talk.asked(), ["refuse sms_unavailable"])
    assert talk.session == before, "nothing was counted"
    talk.says(talk.trouble(Trouble.SMS), [])  # said again, it is no younger
    talk.says(talk.asked(), ["refuse sms_unavailable"])
    talk.says(talk.trouble(Trouble.SMS, present=False), [])
    assert talk.status().trouble is None
    talk.says(talk.asked(), ASKED)


def test_who_has_the_sms_may_enter_it_whatever_becomes_of_the_provider() -> None:
    talk = Dialogue()
    talk.step(talk.asked())
    talk.step(talk.trouble(Trouble.SMS))
    talk.wait(10)
    assert talk.status().trouble is Trouble.SMS, "it was not sent yet"
    talk.step(talk.reported(MessageState.SENT))
    assert talk.status().trouble is None
    talk.says(talk.entered(), ["record visit_began", f"admit 01 {ADDRESS}", "answer online"])
    assert talk.status().trouble is None


def test_the_gravest_trouble_is_said_and_online_only_the_uplinks() -> None:
    talk = Dialogue()
    talk.online()
    for trouble in (Trouble.UPLINK, Trouble.SMS, Trouble.JOURNAL):
        talk.step(talk.trouble(trouble))
    talk.wait(10)
    assert (talk.status().trouble, talk.status(OTHER).trouble) == (Trouble.UPLINK, Trouble.JOURNAL)
    talk.step(talk.trouble(Trouble.JOURNAL, present=False))
    assert talk.status(OTHER).trouble is Trouble.SMS
    talk.step(talk.trouble(Trouble.SMS, present=False))
    assert talk.status(OTHER).trouble is Trouble.UPLINK
    talk.step(talk.left())
    talk.step(talk.trouble(Trouble.SMS))
    talk.step(talk.trouble(Trouble.UPLINK, present=False))
    talk.wait(10)
    assert talk.status().trouble is None, "who is away comes back without an SMS"
    talk.step(talk.trouble(Trouble.JOURNAL))
    assert (talk.status().phase, talk.status().trouble) == (Phase.AWAY, Trouble.JOURNAL)


def test_a_restart_knows_of_no_trouble_until_it_is_told() -> None:
    talk = Dialogue()
    talk.step(talk.trouble(Trouble.UPLINK))
    talk.crash()
    assert talk.status().trouble is None


# ── the number on the page ──────────────────────────────────────────────────────────────────────────────────────────


def test_the_number_is_whole_only_while_it_must_be_read() -> None:
    talk = Dialogue()
    talk.step(talk.asked())
    assert talk.status().number == NUMBER
    talk.step(talk.entered())
    assert talk.status().number == "+7\u00a0701\u00a0•••\u00a0••\u00a067"
    assert (talk.status().method, talk.status(OTHER).method) == ("sms", None)
    talk.step(talk.left())
    assert talk.status().number is None


@pytest.mark.parametrize("number", ["+77011234567", "+79161234567", "+4915112345678", "+12025550123", "+3581234"])
def test_a_masked_number_hides_at_least_half(number: str) -> None:
    shown = [each for each in masked(number) if each.isdigit()]
    assert len(shown) <= 6
    assert masked(number).endswith(number[-2:])
    assert number[5:-2] not in masked(number) or len(number) < 9


def test_the_visits_list_tells_administrators_of_all_troubles() -> None:
    talk = Dialogue()
    talk.step(talk.trouble(Trouble.UPLINK))
    talk.step(talk.trouble(Trouble.SMS))
    assert live_visits(talk.session, talk.at.boot_ms).troubles == (Trouble.UPLINK,)
    talk.wait(10)
    assert live_visits(talk.session, talk.at.boot_ms) == wire.Visits((), (Trouble.SMS, Trouble.UPLINK))


@pytest.mark.parametrize(
    ("there", "said", "lines"),
    [
        ((), (), ["ok nothing keeps visitors from the Internet: the gate finds journal, SMS and uplink working"]),
        ((Trouble.SMS,), (Trouble.SMS,), []),
        (
            (Trouble.JOURNAL, Trouble.UPLINK),
            (Trouble.SMS,),
            [
                "WRONG the journal cannot be written, so nobody is let in",
                "WRONG there is no Internet behind the gate, and visitors are told so",
            ],
        ),
        ((Trouble.SMS,), (), ["WRONG no SMS provider takes messages, so visitors are sent to the desk"]),
        ((Trouble.CLOSED,), (), ["ok the venue is closed, as venue.open says: nobody new is admitted"]),
    ],
)
def test_the_doctor_says_what_pages_say(
    there: tuple[Trouble, ...], said: tuple[Trouble, ...], lines: list[str]
) -> None:
    found = [*troubles_findings(wire.Visits((), there), said)]
    assert [f"{'ok' if finding.ok else 'WRONG'} {finding.what}" for finding in found] == lines
    assert all(finding.remedy for finding in found if not finding.ok)
