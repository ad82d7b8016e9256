"""The door, tried by who guesses, who replays and who would lock others out."""

from __future__ import annotations

import pyotp
import pytest

from appliance.staff.errors import HashingBusy, StaffProblem, StaffRefused
from appliance.staff.limits import FREE, LONGEST_WAIT_S, MOST, Limits, origin
from appliance.staff.roles import StaffRole
from appliance.staff.second_factors import RECOVERY_CODES, STEP_S
from appliance.staff.signing_in import CODES_A_HALF, HALF_LASTS_S, CodeWanted, Proved, Refused, Why
from tests.support.offices import ELSEWHERE, HOME, PASSWORD, START_S, Clock, Open, wrong_code

CHOSEN = "steppe wind 7"


def _code(opened: Open, secret: str, steps: int = 0) -> str:
    return pyotp.TOTP(secret).generate_otp(int(opened.clock.now_s) // STEP_S + steps)


def _with_second_factor(opened: Open) -> tuple[str, tuple[str, ...]]:
    secret = opened.office.factors.begin("owner")
    codes = opened.office.factors.confirm("owner", _code(opened, secret))
    opened.clock.now_s += STEP_S * 2
    return secret, codes


def _half(opened: Open) -> str:
    wanted = opened.office.signing_in.password("owner", PASSWORD, HOME)
    assert isinstance(wanted, CodeWanted)
    return wanted.half


def test_right_and_wrong(opened: Open) -> None:
    door = opened.office.signing_in
    assert isinstance(door.password(" Owner ", PASSWORD, HOME), Proved)
    assert door.password("owner", "wrong", HOME) == door.password("nobody", "wrong", HOME) == Refused(Why.WRONG)


def test_who_guesses_waits_longer_and_longer_and_never_for_ever(opened: Open) -> None:
    door = opened.office.signing_in
    for _ in range(FREE):
        assert door.password("owner", "wrong", ELSEWHERE) == Refused(Why.WRONG)
    waits = []
    for _ in range(7):
        refused = door.password("owner", PASSWORD, ELSEWHERE)
        assert isinstance(refused, Refused) and refused.why is Why.WAIT
        waits.append(refused.retry_in_s)
        opened.clock.now_s += refused.retry_in_s
        assert door.password("owner", "wrong", ELSEWHERE) == Refused(Why.WRONG)
    assert waits == [60, 120, 240, 480, LONGEST_WAIT_S, LONGEST_WAIT_S, LONGEST_WAIT_S]
    opened.clock.now_s += LONGEST_WAIT_S
    assert isinstance(door.password("owner", PASSWORD, ELSEWHERE), Proved)


def test_while_one_waits_nothing_is_hashed_and_nothing_is_counted(opened: Open) -> None:
    door = opened.office.signing_in
    for _ in range(FREE):
        door.password("owner", "wrong", ELSEWHERE)
    before = opened.hashing.checked
    for _ in range(100):
        assert door.password("owner", PASSWORD, ELSEWHERE) == Refused(Why.WAIT, 60)
    assert opened.hashing.checked == before


def test_nobody_locks_the_owner_out_of_where_the_owner_signed_in_before(opened: Open) -> None:
    opened.office.sessions.begin("owner", HOME)
    door = opened.another().signing_in
    for _ in range(FREE):
        door.password("owner", "wrong", ELSEWHERE)
    assert isinstance(door.password("owner", PASSWORD, HOME), Proved)
    refused = door.password("owner", PASSWORD, "192.168.50.99")
    assert isinstance(refused, Refused) and refused.why is Why.WAIT, "a guesser goes on from the next address"


def test_an_account_of_ones_own_buys_no_guesses_at_anothers(opened: Open) -> None:
    door = opened.office.signing_in
    opened.office.accounts.make("desk", "Desk", StaffRole.DESK, CHOSEN)
    wrong = 0
    for turn in range(3):
        for each in range(FREE // 2):  # another login each time: what is counted by login does not tell
            wrong += door.password(f"somebody{turn}.{each}", "wrong", ELSEWHERE) == Refused(Why.WRONG)
        door.password("desk", CHOSEN, ELSEWHERE)
    assert wrong == FREE


def test_a_second_factor_of_ones_own_buys_no_guesses_from_another_address(opened: Open) -> None:
    door, elsewhere = opened.office.signing_in, "192.168.60.1"
    opened.office.accounts.make("aigerim", "Aigerim", StaffRole.DESK, CHOSEN)
    secret = opened.office.factors.begin("aigerim")
    opened.office.factors.confirm("aigerim", _code(opened, secret))
    guessed = 0
    for _ in range(FREE * 2):
        opened.clock.now_s += STEP_S
        if door.password(f"nobody{guessed}", "wrong", ELSEWHERE) != Refused(Why.WRONG):
            break
        guessed += 1
        wanted = door.password("aigerim", CHOSEN, elsewhere)
        assert isinstance(wanted, CodeWanted)
        door.code(wanted.half, _code(opened, secret), ELSEWHERE)
    assert guessed <= FREE


def test_many_at_once_are_counted_before_they_are_judged() -> None:
    limits = Limits(Clock())
    assert [limits.enter("login") for _ in range(FREE + 2)] == [0] * FREE + [60, 60]


def test_a_clock_set_back_does_not_lengthen_a_wait(opened: Open) -> None:
    door = opened.office.signing_in
    for _ in range(FREE):
        door.password("owner", "wrong", ELSEWHERE)
    opened.clock.now_s = START_S - 365 * 86_400
    assert door.password("owner", PASSWORD, ELSEWHERE) == Refused(Why.WAIT, 60)
    opened.clock.now_s += 60
    assert isinstance(door.password("owner", PASSWORD, ELSEWHERE), Proved)


def test_one_persons_addresses_are_one() -> None:
    assert origin("2001:db8::1") == origin("2001:db8::2:3") != origin("2001:db8:0:1::1")
    assert origin("192.168.50.7") != origin("192.168.50.8")


def test_a_closed_account_is_told_so_only_after_the_right_password(opened: Open) -> None:
    opened.office.accounts.make("desk", "Desk", StaffRole.DESK, CHOSEN)
    opened.office.accounts.disable("desk")
    door = opened.office.signing_in
    assert door.password("desk", "wrong", HOME) == Refused(Why.WRONG)
    assert door.password("desk", CHOSEN, HOME) == Refused(Why.CLOSED)


def test_an_inspectors_account_at_its_end_opens_nothing(opened: Open) -> None:
    end = round((START_S + 3600) * 1000)
    opened.office.accounts.make("inspector", "Inspector", StaffRole.INSPECTOR, CHOSEN, end)
    assert isinstance(opened.office.signing_in.password("inspector", CHOSEN, HOME), Proved)
    opened.clock.now_s += 3600
    assert opened.office.signing_in.password("inspector", CHOSEN, HOME) == Refused(Why.CLOSED)


# ── the second factor ───────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("steps", "taken"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
def test_a_code_may_be_a_step_early_or_late(opened: Open, steps: int, taken: bool) -> None:
    secret, _ = _with_second_factor(opened)
    opened.clock.now_s += STEP_S * 10
    answer = opened.office.signing_in.code(_half(opened), _code(opened, secret, steps), HOME)
    assert isinstance(answer, Proved) is taken


def test_a_code_counts_once_in_every_process(opened: Open) -> None:
    secret, _ = _with_second_factor(opened)
    overheard = _code(opened, secret)
    assert isinstance(opened.office.signing_in.code(_half(opened), overheard, HOME), Proved)
    assert opened.office.signing_in.code(_half(opened), overheard, HOME) == Refused(Why.CODE_WRONG)
    later = opened.another()
    wanted = later.signing_in.password("owner", PASSWORD, HOME)
    assert isinstance(wanted, CodeWanted)
    assert later.signing_in.code(wanted.half, overheard, HOME) == Refused(Why.CODE_WRONG)
    # Nor one that is older than the newest taken.
    assert later.signing_in.code(wanted.half, _code(opened, secret, -1), HOME) == Refused(Why.CODE_WRONG)


def test_the_code_that_confirmed_is_used_up(opened: Open) -> None:
    secret = opened.office.factors.begin("owner")
    code = _code(opened, secret)
    opened.office.factors.confirm("owner", code)
    assert opened.office.signing_in.code(_half(opened), code, HOME) == Refused(Why.CODE_WRONG)


def test_a_recovery_code_counts_once_however_it_is_typed(opened: Open) -> None:
    _, codes = _with_second_factor(opened)
    assert len(set(codes)) == RECOVERY_CODES
    assert isinstance(opened.office.signing_in.code(_half(opened), codes[0].lower(), HOME), Proved)
    assert opened.office.signing_in.code(_half(opened), codes[0], HOME) == Refused(Why.CODE_WRONG)
    assert opened.office.factors.recovery_codes_left("owner") == RECOVERY_CODES - 1
    kept = (opened.folder / "staff.json").read_text()
    assert not any(code in kept or code.replace("-", "") in kept for code in codes)


def test_codes_are_guessed_five_times_and_then_the_password_comes_first(opened: Open) -> None:
    secret, _ = _with_second_factor(opened)
    half, door = _half(opened), opened.office.signing_in
    wrong = wrong_code(secret, opened.clock.now_s)
    answers = [door.code(half, wrong, HOME) for _ in range(CODES_A_HALF)]
    assert answers == [Refused(Why.CODE_WRONG)] * (CODES_A_HALF - 1) + [Refused(Why.BEGIN_AGAIN)]
    assert door.code(half, _code(opened, secret), HOME) == Refused(Why.BEGIN_AGAIN)


def test_who_has_the_password_does_not_guess_codes_for_ever(opened: Open) -> None:
    secret, _ = _with_second_factor(opened)
    door, wrong, tried = opened.office.signing_in, wrong_code(secret, opened.clock.now_s), 0
    for _ in range(20):
        wanted = door.password("owner", PASSWORD, ELSEWHERE)
        if not isinstance(wanted, CodeWanted):
            break
        while isinstance(answer := door.code(wanted.half, wrong, ELSEWHERE), Refused) and answer.why is Why.CODE_WRONG:
            tried += 1
    # Of ten guesses two were passwords, and the fifth code of the first half ended it.
    assert tried == FREE - 3


def test_a_half_is_for_some_minutes_and_for_the_password_it_came_with(opened: Open) -> None:
    secret, _ = _with_second_factor(opened)
    half = _half(opened)
    opened.clock.now_s += HALF_LASTS_S
    assert opened.office.signing_in.code(half, _code(opened, secret), HOME) == Refused(Why.BEGIN_AGAIN)
    half = _half(opened)
    opened.office.accounts.set_password("owner", CHOSEN)
    assert opened.office.signing_in.code(half, _code(opened, secret), HOME) == Refused(Why.BEGIN_AGAIN)
    assert opened.office.signing_in.code("made up", _code(opened, secret), HOME) == Refused(Why.BEGIN_AGAIN)


def test_nothing_is_confirmed_without_a_code_of_it(opened: Open) -> None:
    factors = opened.office.factors
    with pytest.raises(StaffRefused) as refused:
        factors.confirm("owner", "123456")
    assert refused.value.why is StaffProblem.NOT_BEGUN
    factors.begin("owner")
    for code in ("", "12345", "ыыыыыы", _code(opened, "A" * 32)):
        with pytest.raises(StaffRefused) as refused:
            factors.confirm("owner", code)
        assert refused.value.why is StaffProblem.CODE_WRONG
    assert isinstance(opened.office.signing_in.password("owner", PASSWORD, HOME), Proved)


def test_where_there_is_no_room_to_hash_nobody_is_counted(opened: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    door = opened.office.signing_in
    monkeypatch.setattr(opened.hashing, "holds", busy)
    for _ in range(FREE + 1):
        assert door.password("owner", PASSWORD, HOME) == Refused(Why.BUSY)
        assert door.again("owner", PASSWORD, HOME) == Refused(Why.BUSY)
    monkeypatch.undo()
    assert isinstance(door.password("owner", PASSWORD, HOME), Proved)
    assert isinstance(door.again("owner", PASSWORD, HOME), Proved)


def test_an_account_that_is_removed_between_password_and_code_opens_nothing(opened: Open) -> None:
    secret, _ = _with_second_factor(opened)
    half = _half(opened)
    opened.office.accounts.make("second", "Second", StaffRole.OWNER, CHOSEN)
    opened.office.accounts.remove("owner")
    assert opened.office.signing_in.code(half, _code(opened, secret), HOME) == Refused(Why.BEGIN_AGAIN)


def test_halves_that_nobody_finishes_are_bounded(opened: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever has passwords alone fills no memory: the oldest goes."""
    monkeypatch.setattr("appliance.staff.signing_in._HALVES", 3)
    secret, _ = _with_second_factor(opened)
    door = opened.office.signing_in
    first, *_, last = (_half(opened) for _ in range(4))
    assert len(door._halves) == 3
    assert door.code(first, _code(opened, secret), HOME) == Refused(Why.BEGIN_AGAIN)
    assert isinstance(door.code(last, _code(opened, secret), HOME), Proved)


def test_what_is_counted_is_bounded(opened: Open) -> None:
    limits = Limits(opened.clock)
    for number in range(MOST + 1):
        assert limits.enter(f"address {number}") == 0
    assert len(limits._of) == MOST
    limits.give_back("address 0")  # pushed out: there is nothing to give back
    assert len(limits._of) == MOST


def busy(_kept: str, _password: str) -> bool:
    raise HashingBusy
