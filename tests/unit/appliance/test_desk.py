"""Staff admits visitors, as dialogues: documents, told passwords, pairing codes."""

from __future__ import annotations

from immutables import Map
from msgspec.structs import replace

from appliance.desk import MOST_STAFF, WRONG_CODES, too_many_codes
from appliance.desk_events import CodeWrong, DocumentShown
from appliance.effects import Admit, Keep, Record
from appliance.state import Terms
from appliance.wire_desk import DeskRefusal, DeskRefused, Doubt, Person
from journal import entries
from tests.unit.appliance.dialogue import ADDRESS, PHONE, Dialogue

AIGUL = "aigul"
PERSON = Person("Әбенова", "Гүлнұр", "Қайратқызы")
OPENED = [f"admit 01 {ADDRESS}"]


def shown(talk: Dialogue, device: str = PHONE, port: str | None = "port1") -> DocumentShown:
    doubts = (Doubt.IIN_CHECKSUM,)
    return DocumentShown(talk.at, device, (ADDRESS,), "v1", port, PERSON, doubts, "3", AIGUL)


# ── identity documents ──────────────────────────────────────────────────────────────────────────────────────────────


def test_a_document_lets_in_and_leaving_ends_it() -> None:
    talk = Dialogue()
    talk.says(shown(talk), ["record visit_began", "record visitor_identified", *OPENED, "found online iin_checksum"])
    talk.says(shown(talk), ["refuse already_online"])
    talk.wait(60)
    talk.says(talk.left(), [f"revoke 01 {ADDRESS}", "record visit_away by port at 1060"])
    talk.wait(10)
    talk.says(talk.seen(), ["record visit_resumed", f"admit 01 {ADDRESS}"])
    talk.says(
        replace(talk.end(), staff=AIGUL), [f"revoke 01 {ADDRESS}", "record visit_ended by staff at 1070", "answer Done"]
    )


def test_what_is_recorded_is_whom_the_document_showed() -> None:
    talk = Dialogue()
    effects = [effect for effect in talk.step(shown(talk)) if not isinstance(effect, Keep)]
    began, identified, admit = effects[:3]
    assert began == Record(entries.VisitBegan("v1", PHONE, (ADDRESS,), "", "document", AIGUL))
    assert identified == Record(
        entries.VisitorIdentified("v1", PHONE, "Әбенова", "Гүлнұр", "Қайратқызы", "", "", "", "", "3", AIGUL)
    )
    assert isinstance(admit, Admit), "law 2: after both records"


def test_the_visit_of_a_document_has_no_number_and_makes_no_regular() -> None:
    talk = Dialogue()
    talk.step(shown(talk))
    assert not talk.session.regulars
    assert talk.session.ledger.day_sms == 0
    talk.says(talk.looked(), ["answer online"])


def test_whoever_is_away_is_somebody_else_when_a_document_is_shown() -> None:
    talk = Dialogue()
    talk.online()
    talk.step(talk.left())
    told = ["record visit_began", "record visitor_identified", *OPENED, "found online iin_checksum"]
    talk.says(shown(talk), [f"revoke 01 {ADDRESS}", "record visit_ended by port at 1000", *told])


def test_a_document_voids_the_password_that_was_asked_before() -> None:
    talk = Dialogue()
    talk.step(talk.asked())
    talk.step(shown(talk))
    talk.step(talk.end())
    talk.says(talk.entered(), ["refuse no_password_asked"])


def test_a_device_that_has_left_is_not_let_in() -> None:
    talk = Dialogue()
    talk.says(shown(talk, port=None), ["refuse nobody_there"])


# ── told passwords ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_password_told_at_the_desk() -> None:
    """Order No. 58 ¶7.2, ¶9: wrong is said at once, and the employee is recorded each time."""
    talk = Dialogue(Terms(terms_digests=frozenset({"a" * 64})))
    talk.says(talk.asked(), ["refuse terms_not_accepted"])
    talk.says(replace(talk.asked(), staff=AIGUL), ["record password_asked", "send to +77011234567", "answer asked"])
    wrong = talk.step(replace(talk.entered("000000"), staff=AIGUL))
    assert Record(entries.PasswordWrong(PHONE, "+77011234567", 4, AIGUL)) in wrong
    right = talk.step(replace(talk.entered(), staff=AIGUL))
    assert Record(entries.VisitBegan("v1", PHONE, (ADDRESS,), "+77011234567", "desk", AIGUL)) in right


# ── pairing codes ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_wrong_codes_are_recorded_once_and_forgotten() -> None:
    talk = Dialogue()
    for _ in range(WRONG_CODES.count - 1):
        talk.says(CodeWrong(talk.at, AIGUL), ["refuse code_unknown"])
    talk.says(CodeWrong(talk.at, AIGUL), ["record desk_failed", "refuse code_unknown"])
    talk.wait(WRONG_CODES.window_s)
    talk.step(talk.tick())
    assert not talk.session.wrong_codes


def test_no_more_employees_are_counted_than_there_can_be() -> None:
    """Whoever invents logins, as root may, does not fill the memory; who is counted already goes on."""
    talk = Dialogue()
    counted = {f"one{number}": (talk.at.boot_ms,) for number in range(MOST_STAFF)}
    talk.session = replace(talk.session, wrong_codes=Map(counted))
    full = DeskRefused(DeskRefusal.TOO_MANY_CODES, retry_in_s=WRONG_CODES.window_s)
    assert too_many_codes(talk.session, AIGUL, talk.at.boot_ms) == full
    assert too_many_codes(talk.session, "one0", talk.at.boot_ms) is None
    talk.wait(WRONG_CODES.window_s - 1)
    talk.step(CodeWrong(talk.at, "one0"))
    talk.wait(1)
    talk.step(talk.tick())
    assert set(talk.session.wrong_codes) == {"one0"}, "one of them was wrong again since"


def test_who_comes_with_a_document_is_told_nothing_of_the_visit_before() -> None:
    talk = Dialogue(Terms(max_s=60))
    talk.online()
    talk.wait(60)
    talk.step(talk.tick())
    assert talk.status().ended is not None
    talk.step(shown(talk))
    assert PHONE not in talk.session.endings
