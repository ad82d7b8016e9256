"""Accounts: what they may be, and who is always left."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from appliance.staff.accounts import MOST
from appliance.staff.errors import HashingBusy, StaffProblem, StaffRefused
from appliance.staff.hashing import AT_ONCE, WAITING, Cost, Hashing
from appliance.staff.office import Office
from appliance.staff.policy import login_of, password_problem
from appliance.staff.roles import StaffRole
from tests.support.offices import PASSWORD, START_S, Clock, Counting, Open, office

NOW_MS = round(START_S * 1000)
DAY_MS = 86_400_000
CHOSEN = "steppe wind 7"


def test_a_temporary_password_is_read_aloud_typed_anyhow_and_changed(opened: Open) -> None:
    accounts = opened.office.accounts
    told = accounts.make("Aigerim", " Aigerim S. ", StaffRole.DESK, None)
    assert len(told) == 11 and told[5] == "-"
    for typed in (told, told.lower(), told.replace("-", " ")):
        standing = accounts.proved("aigerim", typed)
        assert standing and standing.account.must_change and standing.account.name == "Aigerim S."
    with pytest.raises(StaffRefused) as refused:
        accounts.set_password("aigerim", told)
    assert refused.value.why is StaffProblem.PASSWORD_SAME
    accounts.set_password("aigerim", CHOSEN)
    standing = accounts.proved("AIGERIM", CHOSEN)
    assert standing and not standing.account.must_change
    assert accounts.proved("aigerim", told) is None
    assert accounts.proved("aigerim", CHOSEN.upper()) is None


@pytest.mark.parametrize(
    ("password", "problem"),
    [
        ("nine char", StaffProblem.PASSWORD_SHORT),
        ("ten chars!", None),
        ("x y" * 43, StaffProblem.PASSWORD_LONG),
        ("Қымыз ішейік", None),
        ("aaaaaaaaaaaa", StaffProblem.PASSWORD_COMMON),
        ("0123456789", StaffProblem.PASSWORD_COMMON),
        ("QwertyUiop", StaffProblem.PASSWORD_COMMON),
        ("йцукенгшщз", StaffProblem.PASSWORD_COMMON),
        ("Password123", StaffProblem.PASSWORD_COMMON),
        ("the.owner.1", StaffProblem.PASSWORD_IS_LOGIN),
        ("The.Owner.1 ", StaffProblem.PASSWORD_IS_LOGIN),
    ],
)
def test_what_a_password_may_be(password: str, problem: StaffProblem | None) -> None:
    assert password_problem(password, "the.owner.1") is problem


@pytest.mark.parametrize("typed", ["", "a" * 33, "../staff", "a/b", "a b", "ai\x00", "айгерім", "ａ", "a\\"])
def test_what_no_login_is(opened: Open, typed: str) -> None:
    assert login_of(typed) is None
    with pytest.raises(StaffRefused, match="login"):
        opened.office.accounts.make(typed, "Name", StaffRole.DESK, CHOSEN)
    assert opened.office.accounts.find(typed) is None
    assert opened.office.accounts.proved(typed, PASSWORD) is None


def test_a_login_is_one_persons_however_it_is_written(opened: Open) -> None:
    with pytest.raises(StaffRefused) as refused:
        opened.office.accounts.make("OWNER", "Another", StaffRole.OWNER, CHOSEN)
    assert refused.value.why is StaffProblem.LOGIN_TAKEN


def test_an_inspectors_account_has_an_end(opened: Open) -> None:
    accounts = opened.office.accounts
    for days, why in ((None, "expiry_missing"), (-1, "expiry_past"), (91, "expiry_too_far")):
        end = None if days is None else NOW_MS + days * DAY_MS
        with pytest.raises(StaffRefused) as refused:
            accounts.make("inspector", "Inspector", StaffRole.INSPECTOR, CHOSEN, end)
        assert refused.value.why == why
    accounts.make("inspector", "Inspector", StaffRole.INSPECTOR, CHOSEN, NOW_MS + 90 * DAY_MS)
    accounts.make("desk", "Desk", StaffRole.DESK, CHOSEN)
    with pytest.raises(StaffRefused) as refused:
        accounts.change("desk", role=StaffRole.INSPECTOR)
    assert refused.value.why is StaffProblem.EXPIRY_MISSING
    with pytest.raises(StaffRefused):
        accounts.change("inspector", expires_utc_ms=None)


def test_the_last_owner_stays(opened: Open) -> None:
    accounts = opened.office.accounts
    attempts: tuple[Callable[[], None], ...] = (
        lambda: accounts.remove("owner"),
        lambda: accounts.disable("owner"),
        lambda: accounts.change("owner", role=StaffRole.DESK),
        lambda: accounts.change("owner", expires_utc_ms=NOW_MS + DAY_MS),
    )
    for attempt in attempts:
        with pytest.raises(StaffRefused) as refused:
            attempt()
        assert refused.value.why is StaffProblem.LAST_OWNER
    # One with an end, or disabled, does not stand in.
    accounts.make("second", "Second", StaffRole.OWNER, CHOSEN, NOW_MS + DAY_MS)
    with pytest.raises(StaffRefused):
        accounts.remove("owner")
    accounts.change("second", expires_utc_ms=None)
    accounts.remove("owner")
    assert [each.login for each in accounts.all()] == ["second"]


def test_the_first_account_is_an_owners_and_is_made_once(tmp_path: Path) -> None:
    accounts = office(tmp_path).office.accounts
    with pytest.raises(StaffRefused) as refused:
        accounts.make("desk", "Desk", StaffRole.DESK, CHOSEN)
    assert refused.value.why is StaffProblem.LAST_OWNER
    accounts.make("one", "One", StaffRole.OWNER, CHOSEN, first=True)
    with pytest.raises(StaffRefused) as refused:
        accounts.make("two", "Two", StaffRole.OWNER, CHOSEN, first=True)
    assert refused.value.why is StaffProblem.CLAIMED_ALREADY


def test_what_cannot_be_recorded_is_not_done(opened: Open) -> None:
    accounts = opened.office.accounts
    accounts.make("desk", "Desk", StaffRole.DESK, CHOSEN)
    before = (opened.folder / "staff.json").read_bytes()

    def broken() -> None:
        raise ConnectionError

    for attempt in (
        lambda: accounts.make("new", "New", StaffRole.DESK, CHOSEN, record=broken),
        lambda: accounts.set_password("desk", "another one", record=broken),
        lambda: accounts.change("desk", name="Other", record=broken),
        lambda: accounts.disable("desk", record=broken),
        lambda: accounts.remove("desk", record=broken),
    ):
        with pytest.raises(ConnectionError):
            attempt()
    assert (opened.folder / "staff.json").read_bytes() == before


def test_nothing_is_recorded_that_is_refused(opened: Open) -> None:
    recorded: list[str] = []
    with pytest.raises(StaffRefused):
        opened.office.accounts.make("owner", "O", StaffRole.DESK, CHOSEN, record=lambda: recorded.append("made"))
    with pytest.raises(StaffRefused):
        opened.office.accounts.remove("owner", record=lambda: recorded.append("removed"))
    assert recorded == []


def test_an_unknown_login_costs_the_same_work(opened: Open) -> None:
    opened.office.accounts.proved("nobody", "whatever it is")  # the first makes the hash to compare with
    for login in ("owner", "nobody", "../owner", ""):
        before = opened.hashing.made, opened.hashing.checked
        assert opened.office.accounts.proved(login, "wrong password") is None
        assert (opened.hashing.made - before[0], opened.hashing.checked - before[1]) == (0, 1), login


def test_a_hash_of_other_parameters_is_made_anew_when_its_password_comes(tmp_path: Path) -> None:
    accounts = office(tmp_path, "owner").office.accounts
    before = (tmp_path / "staff.json").read_text()
    stronger = Counting()
    stronger._hasher = Hashing(Cost(memory_kib=16, passes=1))._hasher

    later = Office.open(tmp_path, 60, Clock(), stronger)
    assert later.accounts.proved("owner", "wrong password") is None
    assert (tmp_path / "staff.json").read_text() == before
    assert later.accounts.proved("owner", PASSWORD)
    assert "m=16" in (tmp_path / "staff.json").read_text()
    assert accounts.proved("owner", PASSWORD)


def test_no_more_hashes_at_once_than_the_box_has_memory_for() -> None:
    hashing = Hashing(Cost(memory_kib=8, passes=1))
    kept = hashing.hashed("a password")
    for _ in range(AT_ONCE + WAITING):
        assert hashing._places.acquire(blocking=False)
    with pytest.raises(HashingBusy):
        hashing.holds(kept, "a password")
    hashing._places.release()
    assert hashing.holds(kept, "a password")


def test_no_password_stands_in_any_file(opened: Open) -> None:
    told = opened.office.accounts.make("desk", "Desk", StaffRole.DESK, None)
    whole = b"".join(path.read_bytes() for path in opened.folder.iterdir())
    for secret in (PASSWORD, told, told.replace("-", "")):
        assert secret.encode() not in whole


def test_whoever_is_gone_meanwhile_is_said_to_be(opened: Open) -> None:
    """Two owners work at once: what one removed the other can neither change nor remove."""
    accounts = opened.office.accounts
    for attempt in (
        lambda: accounts.set_password("gone", CHOSEN),
        lambda: accounts.change("gone", name="Other"),
        lambda: accounts.disable("gone"),
        lambda: accounts.remove("gone"),
    ):
        with pytest.raises(StaffRefused) as refused:
            attempt()
        assert refused.value.why is StaffProblem.NO_SUCH_ACCOUNT


def test_a_venue_has_so_many_accounts_and_no_more(opened: Open) -> None:
    accounts = opened.office.accounts
    told = msgspec.json.decode((opened.folder / "staff.json").read_bytes())
    owner = told["accounts"]["owner"]
    told["accounts"] = {f"one{number}": owner for number in range(MOST)}
    (opened.folder / "staff.json").write_bytes(msgspec.json.encode(told))
    with pytest.raises(StaffRefused) as refused:
        accounts.make("another", "Another", StaffRole.DESK, CHOSEN)
    assert refused.value.why is StaffProblem.TOO_MANY


def test_a_hash_is_made_anew_the_next_time_where_there_is_no_time_for_it_now(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    office(tmp_path, "owner")
    stronger = Counting()
    stronger._hasher = Hashing(Cost(memory_kib=16, passes=1))._hasher
    monkeypatch.setattr(stronger, "hashed", busy)
    assert Office.open(tmp_path, 60, Clock(), stronger).accounts.proved("owner", PASSWORD)
    assert "m=16" not in (tmp_path / "staff.json").read_text()


def test_a_hash_is_not_made_anew_of_a_password_that_was_changed_meanwhile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process has changed it between judging the old one and writing its better hash."""
    accounts = office(tmp_path, "owner").office.accounts
    stronger = Counting()
    stronger._hasher = Hashing(Cost(memory_kib=16, passes=1))._hasher
    later = Office.open(tmp_path, 60, Clock(), stronger)
    hashed = stronger.hashed

    def meanwhile(password: str) -> str:
        accounts.set_password("owner", CHOSEN)
        return hashed(password)

    monkeypatch.setattr(stronger, "hashed", meanwhile)
    assert later.accounts.proved("owner", PASSWORD), "it was right when it was judged"
    assert accounts.proved("owner", CHOSEN) and accounts.proved("owner", PASSWORD) is None


def test_who_hashes_for_too_long_gives_up_and_leaves_room(monkeypatch: pytest.MonkeyPatch) -> None:
    """A box whose processor stands still: the places must not be gone for ever."""
    monkeypatch.setattr("appliance.staff.hashing._PATIENCE_S", 0.0)
    hashing = Hashing(Cost(memory_kib=4096, passes=3))
    for _ in range(AT_ONCE + WAITING + 1):
        with pytest.raises(HashingBusy):
            hashing.hashed("a password")
    monkeypatch.undo()
    assert hashing.hashed("a password").startswith("$argon2id$")


def busy(_password: str) -> str:
    raise HashingBusy
