"""Staff admits visitors, as dialogues: documents, told passwords, pairing codes, vouchers."""

from __future__ import annotations

from immutables import Map
from msgspec.structs import replace

from appliance.admission import WAITS_MS
from appliance.desk import WRONG_CODES
from appliance.desk_events import CodeWrong, DocumentShown, VoucherEntered, VouchersAsked, VouchersVoidAsked
from appliance.effects import Admit, Keep, Record
from appliance.redeeming import FORGET_MS, MOST_GUESSING, WRONG_OF_DEVICE, WRONG_OF_VENUE
from appliance.state import Terms, Visit
from appliance.wire_desk import Doubt, Person
from journal import entries
from tests.unit.appliance.dialogue import ADDRESS, OTHER, PHONE, Dialogue

AIGUL = "aigul"
PERSON = Person("Әбенова", "Гүлнұр", "Қайратқызы")
OPENED = [f"admit 01 {ADDRESS}"]
VOUCHER = ["record visit_began", "record voucher_redeemed", *OPENED, "answer online"]
PAID = Terms(vouchers=True, voucher_needs_sms=False)


def shown(talk: Dialogue, device: str = PHONE, port: str | None = "port1") -> DocumentShown:
    doubts = (Doubt.IIN_CHECKSUM,)
    return DocumentShown(talk.at, device, (ADDRESS,), "v1", port, PERSON, doubts, "3", AIGUL)


def made(talk: Dialogue, *digests: str, max_s: int = 3600, quota_bytes: int = 0) -> VouchersAsked:
    return VouchersAsked(talk.at, "b1", "Summer", digests, digests, max_s, quota_bytes, 86_400_000, AIGUL)


def voucher(talk: Dialogue, digest: str, device: str = PHONE, port: str | None = "port1") -> VoucherEntered:
    return VoucherEntered(talk.at, device, (ADDRESS,), digest, f"v-{digest}", port, terms="")


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


# ── vouchers ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_voucher_is_redeemed_once_also_after_a_crash() -> None:
    talk = Dialogue(PAID)
    talk.says(made(talk, "one", "two"), ["record vouchers_made", "answer MadeVouchers"])
    talk.says(voucher(talk, "one"), VOUCHER)
    talk.says(voucher(talk, "one"), ["answer online"])
    talk.crash()
    talk.says(voucher(talk, "one", OTHER), ["refuse voucher_used"])
    assert talk.session.batches["b1"].used == 1


def test_a_vouchers_time_takes_the_place_of_the_venues() -> None:
    talk = Dialogue(replace(PAID, max_s=60))
    talk.step(made(talk, "one"))
    talk.step(voucher(talk, "one"))
    talk.wait(3599)
    talk.says(talk.tick(), [])
    talk.wait(1)
    talk.says(talk.tick(), [f"revoke 01 {ADDRESS}", "record visit_ended by time at 4600"])


def test_a_vouchers_quota_takes_the_place_of_the_venues() -> None:
    talk = Dialogue(replace(PAID, quota_bytes=100))
    talk.step(made(talk, "one", quota_bytes=1000))
    talk.step(voucher(talk, "one"))
    talk.wait(1)
    talk.says(talk.counted(500, 499), [])
    talk.wait(1)
    talk.says(talk.counted(500, 500), [f"revoke 01 {ADDRESS}", "record visit_ended by quota at 1002"])


def test_a_voucher_waits_for_the_password_that_is_needed_too() -> None:
    talk = Dialogue(Terms(vouchers=True))
    talk.step(made(talk, "one"))
    talk.says(voucher(talk, "one"), ["answer stranger"])
    talk.crash()
    talk.step(talk.asked())
    talk.says(talk.entered(), ["record visit_began", "record voucher_redeemed", *OPENED, "answer online"])
    state = talk.session.devices[PHONE]
    assert isinstance(state, Visit) and (state.method, state.max_s) == ("sms", 3600)
    talk.says(voucher(talk, "one", OTHER), ["refuse voucher_used"])


def test_who_has_the_paper_has_the_voucher_until_it_is_used() -> None:
    """A phone that takes another MAC address while its voucher waits."""
    talk = Dialogue(Terms(vouchers=True))
    talk.step(made(talk, "one", "two"))
    talk.step(voucher(talk, "one", OTHER))
    talk.step(voucher(talk, "one"))
    assert dict(talk.session.held) == {PHONE: "one"}
    talk.step(voucher(talk, "two"))
    assert dict(talk.session.held) == {PHONE: "two"}
    assert talk.session.vouchers["one"].device == ""


def test_void_and_old_vouchers_let_nobody_in() -> None:
    talk = Dialogue(PAID)
    talk.step(made(talk, "one"))
    talk.says(VouchersVoidAsked(talk.at, "b2", AIGUL), ["refuse no_such_batch"])
    talk.says(VouchersVoidAsked(talk.at, "b1", AIGUL), ["record vouchers_voided", "answer Done"])
    talk.says(voucher(talk, "one"), ["refuse voucher_expired"])
    later = Dialogue(PAID)
    later.step(made(later, "one"))
    later.wait(86_400)
    later.says(voucher(later, "one"), ["refuse voucher_expired"])
    later.wait(FORGET_MS / 1000)
    later.step(later.tick())
    assert (dict(later.session.batches), dict(later.session.vouchers)) == ({}, {})


def test_a_voucher_that_waits_is_not_good_for_ever() -> None:
    """Entered in time, it waits for an SMS that is late; not for next month's stay, nor for another device."""
    talk = Dialogue(Terms(vouchers=True))
    talk.step(made(talk, "one", "two"))
    talk.wait(86_399)
    talk.says(voucher(talk, "one"), ["answer stranger"])
    talk.says(voucher(talk, "two", OTHER), ["answer stranger"])
    talk.wait(2)
    talk.says(voucher(talk, "one"), ["answer stranger"])
    talk.says(voucher(talk, "two"), ["refuse voucher_expired"])
    talk.step(talk.asked())
    talk.says(talk.entered(), ["record visit_began", "record voucher_redeemed", *OPENED, "answer online"])
    talk.wait(WAITS_MS / 1000)
    talk.step(talk.asked(device=OTHER, number="+77011234568"))
    entered = replace(talk.entered(device=OTHER), addresses=("10.77.0.11",), visit="v2")
    talk.says(entered, ["record visit_began", "admit 02 10.77.0.11", "answer online"])
    assert talk.session.vouchers["two"].used is False
    talk.says(voucher(talk, "two", "02:00:00:00:00:03"), ["refuse voucher_expired"])


def test_a_waiting_voucher_whose_batch_is_void_changes_nothing() -> None:
    talk = Dialogue(Terms(vouchers=True))
    talk.step(made(talk, "one"))
    talk.step(voucher(talk, "one"))
    talk.step(VouchersVoidAsked(talk.at, "b1", AIGUL))
    talk.step(talk.asked())
    talk.says(talk.entered(), ["record visit_began", *OPENED, "answer online"])


def test_guesses_are_limited_by_device_and_recorded() -> None:
    talk = Dialogue(PAID)
    talk.step(made(talk, "one"))
    for _ in range(WRONG_OF_DEVICE.count - 1):
        talk.says(voucher(talk, "none"), ["refuse voucher_unknown"])
    talk.says(voucher(talk, "none"), ["record desk_failed", "refuse voucher_unknown"])
    talk.says(voucher(talk, "one"), ["refuse too_many_vouchers retry=3600"])
    talk.says(voucher(talk, "none", OTHER), ["refuse voucher_unknown"])
    talk.wait(3600)
    talk.says(voucher(talk, "one"), VOUCHER)


def test_exchanging_waiting_vouchers_is_limited() -> None:
    """Each exchange is kept: whoever has two vouchers, or two devices, must not make the journal write without end."""
    talk = Dialogue(Terms(vouchers=True))
    talk.step(made(talk, "one", "two"))
    kept = sum(isinstance(e, Keep) for each in range(100) for e in talk.step(voucher(talk, ("one", "two")[each % 2])))
    kept += sum(
        isinstance(e, Keep) for each in range(100) for e in talk.step(voucher(talk, "one", (OTHER, PHONE)[each % 2]))
    )
    assert kept <= 2 * 2 * (WRONG_OF_DEVICE.count + 1)
    talk.says(voucher(talk, "one"), ["refuse too_many_vouchers retry=3600"])
    talk.wait(3600)
    talk.says(voucher(talk, "one"), ["answer stranger"])


def test_guesses_of_invented_devices_are_told_and_lock_nobody_out() -> None:
    talk = Dialogue(PAID)
    talk.step(made(talk, "one"))
    recorded = 0
    for guess in range(3 * WRONG_OF_VENUE.count):
        invented = f"06:00:00:00:{guess // 2560:02x}:{guess // 10 % 256:02x}"
        recorded += sum(isinstance(effect, Record) for effect in talk.step(voucher(talk, "none", invented)))
    assert recorded == WRONG_OF_VENUE.count // WRONG_OF_DEVICE.count + 1, "then the journal has heard enough"
    assert len(talk.session.wrong_vouchers[""]) == WRONG_OF_VENUE.count, "nor does memory grow"
    talk.says(voucher(talk, "one"), VOUCHER)


def test_who_is_remembered_for_guessing_is_bounded() -> None:
    talk = Dialogue(PAID)
    guessed = {f"06:00:00:00:{each // 256:02x}:{each % 256:02x}": (talk.now_ms,) for each in range(MOST_GUESSING + 1)}
    talk.session = replace(talk.session, wrong_vouchers=Map(guessed))
    talk.wait(1)
    talk.says(voucher(talk, "none"), ["refuse voucher_unknown"])
    assert len(talk.session.wrong_vouchers) < MOST_GUESSING
    assert talk.session.wrong_vouchers[PHONE] == talk.session.wrong_vouchers[""], "the newest stay"


def test_where_there_are_no_vouchers_none_counts() -> None:
    talk = Dialogue()
    talk.step(made(talk, "one"))
    talk.says(voucher(talk, "one"), ["refuse voucher_unknown"])


def test_a_device_that_has_left_uses_up_no_voucher() -> None:
    talk = Dialogue(PAID)
    talk.step(made(talk, "one"))
    talk.says(voucher(talk, "one", port=None), ["refuse unknown_device"])
    talk.says(voucher(talk, "one"), VOUCHER)
