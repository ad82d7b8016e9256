"""Vouchers, as dialogues: what one is good for, for whom, and until when."""

from __future__ import annotations

from immutables import Map
from msgspec.structs import replace

from appliance.admission import WAITS_MS
from appliance.desk_events import VoucherEntered, VouchersAsked, VouchersVoidAsked
from appliance.effects import Keep, Record
from appliance.redeeming import FORGET_MS, MOST_GUESSING, MOST_VOUCHERS, WRONG_OF_DEVICE, WRONG_OF_VENUE
from appliance.session import step
from appliance.state import Terms, Visit, Voucher
from tests.unit.appliance.dialogue import ADDRESS, OTHER, PHONE, Dialogue, line

AIGUL = "aigul"
OPENED = [f"admit 01 {ADDRESS}"]
VOUCHER = ["record visit_began", "record voucher_redeemed", *OPENED, "answer online"]
PAID = Terms(vouchers=True, voucher_needs_sms=False)


def made(talk: Dialogue, *digests: str, max_s: int = 3600, quota_bytes: int = 0) -> VouchersAsked:
    return VouchersAsked(talk.at, "b1", "Summer", digests, digests, max_s, quota_bytes, 86_400_000, AIGUL)


def voucher(talk: Dialogue, digest: str, device: str = PHONE, port: str | None = "port1") -> VoucherEntered:
    return VoucherEntered(talk.at, device, (ADDRESS,), digest, f"v-{digest}", port, terms="")


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


def test_a_venue_has_so_many_vouchers_out_and_no_more() -> None:
    talk = Dialogue(PAID)
    talk.session = replace(talk.session, vouchers=Map({str(number): Voucher("b0") for number in range(MOST_VOUCHERS)}))
    _, effects = step(talk.session, made(talk, "one"))
    assert [line(effect) for effect in effects] == ["refuse too_many_vouchers_out"]


def test_void_is_void_and_said_twice_is_recorded_once() -> None:
    talk = Dialogue(PAID)
    talk.step(made(talk, "one"))
    talk.says(VouchersVoidAsked(talk.at, "b1", AIGUL), ["record vouchers_voided", "answer Done"])
    talk.says(VouchersVoidAsked(talk.at, "b1", AIGUL), ["answer Done"])


def test_vouchers_are_used_under_the_terms_that_were_shown() -> None:
    talk = Dialogue(replace(PAID, terms_digests=frozenset({"a" * 64})))
    talk.step(made(talk, "one"))
    talk.says(voucher(talk, "one"), ["refuse terms_not_accepted"])
    talk.says(replace(voucher(talk, "one"), terms="a" * 64), VOUCHER)


def test_whoever_is_away_begins_anew_with_a_voucher() -> None:
    talk = Dialogue(PAID)
    talk.step(made(talk, "one"))
    talk.online()
    talk.step(talk.left())
    talk.wait(5)
    talk.says(voucher(talk, "one"), [f"revoke 01 {ADDRESS}", "record visit_ended by port at 1000", *VOUCHER])


def test_who_comes_with_a_voucher_is_told_nothing_of_the_visit_before() -> None:
    talk = Dialogue(replace(PAID, max_s=60))
    talk.step(made(talk, "one"))
    talk.online()
    talk.wait(60)
    talk.step(talk.tick())
    assert talk.status().ended is not None
    talk.step(voucher(talk, "one"))
    assert PHONE not in talk.session.endings


def test_what_is_long_over_is_forgotten_with_whom_it_waited_for_and_nothing_else() -> None:
    talk = Dialogue(Terms(vouchers=True))
    talk.step(made(talk, "old", "unused"))
    talk.step(voucher(talk, "old"))
    talk.wait(86_400 + FORGET_MS / 1000 - 60)
    talk.step(replace(made(talk, "new"), batch="b2"))
    talk.step(voucher(talk, "none", OTHER))
    talk.wait(60)
    talk.step(talk.tick())
    assert (set(talk.session.batches), set(talk.session.vouchers), dict(talk.session.held)) == ({"b2"}, {"new"}, {})
    assert OTHER in talk.session.wrong_vouchers
    talk.wait(WRONG_OF_VENUE.window_s)
    talk.step(talk.tick())
    assert not talk.session.wrong_vouchers
