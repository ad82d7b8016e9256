"""Sessions: how long they last, what ends them, and what a thief of an old token has."""

from __future__ import annotations

import pytest

from appliance.staff.errors import StaffRefused
from appliance.staff.roles import StaffRole
from appliance.staff.sessions import ABSOLUTE_S, MOST_OF_ONE
from tests.support.offices import ELSEWHERE, HOME, IDLE_S, PASSWORD, START_S, Open

CHOSEN = "steppe wind 7"
DAY_MS = 86_400_000


def test_a_session_is_its_owners_and_no_file_has_its_token(opened: Open) -> None:
    sessions = opened.office.sessions
    token, other = (sessions.begin("owner", HOME, "Firefox") for _ in range(2))
    who, another = sessions.of(token), sessions.of(other)
    assert who and another and who.role is StaffRole.OWNER
    assert token != other and who.csrf != another.csrf and who.session != another.session
    assert len(token) >= 43
    kept = (opened.folder / "sessions.json").read_text()
    assert token not in kept and who.csrf not in kept
    for guess in ("", "x", token[:-1], who.session, "ы\ud800", next(iter(sessions._file.read().sessions))):
        assert sessions.of(guess) is None


def test_idle_and_absolute_ends(opened: Open) -> None:
    sessions, clock = opened.office.sessions, opened.clock
    token = sessions.begin("owner", HOME)
    clock.now_s += IDLE_S - 1
    assert sessions.of(token)
    clock.now_s += IDLE_S - 1
    assert sessions.of(token), "a look did not make it last"
    clock.now_s += IDLE_S
    assert sessions.of(token) is None
    token = sessions.begin("owner", HOME)
    began_s = clock.now_s
    while clock.now_s - began_s < ABSOLUTE_S:
        assert sessions.of(token)
        clock.now_s += IDLE_S / 2
    assert sessions.of(token) is None


def test_a_page_that_looks_by_itself_keeps_nobody_signed_in(opened: Open) -> None:
    sessions = opened.office.sessions
    token = sessions.begin("owner")
    for _ in range(10):
        opened.clock.now_s += IDLE_S / 10 - 1
        assert sessions.of(token, is_passive=True)
    opened.clock.now_s += 10
    assert sessions.of(token, is_passive=True) is None
    assert sessions.of(token) is None


def test_a_restart_ends_no_session_and_makes_none_last_longer(opened: Open) -> None:
    token = opened.office.sessions.begin("owner", HOME)
    opened.clock.now_s += IDLE_S / 2
    assert opened.office.sessions.of(token)
    opened.clock.now_s += IDLE_S / 2 + 60
    assert opened.another().sessions.of(token), "when it was used was forgotten"
    opened.clock.now_s += IDLE_S
    assert opened.another().sessions.of(token) is None


def test_a_clock_that_is_set_back_keeps_nobody_in(opened: Open) -> None:
    token = opened.office.sessions.begin("owner", HOME)
    opened.clock.now_s -= 2
    assert opened.office.sessions.of(token)
    opened.clock.now_s = START_S - 86_400
    assert opened.office.sessions.of(token) is None


def test_a_new_password_ends_all_sessions_at_once_in_every_process(opened: Open) -> None:
    stolen = opened.office.sessions.begin("owner", ELSEWHERE)
    console = opened.another()
    assert console.sessions.of(stolen)
    standing = opened.office.accounts.proved("owner", PASSWORD)
    opened.office.accounts.set_password("owner", CHOSEN)
    assert console.sessions.of(stolen) is None and opened.office.sessions.of(stolen) is None
    assert console.sessions.all() == ()
    assert standing
    with pytest.raises(StaffRefused):  # proved with the old one, a moment before
        console.sessions.begin("owner", ELSEWHERE, epoch=standing.epoch)


def test_another_role_an_end_and_removal_count_from_the_next_request(opened: Open) -> None:
    accounts, sessions = opened.office.accounts, opened.office.sessions
    accounts.make("second", "Second", StaffRole.OWNER, CHOSEN)
    token = sessions.begin("second", HOME)
    accounts.change("second", role=StaffRole.DESK)
    who = sessions.of(token)
    assert who and who.role is StaffRole.DESK
    accounts.change("second", role=StaffRole.INSPECTOR, expires_utc_ms=round(START_S * 1000) + 60_000)
    assert sessions.of(token)
    opened.clock.now_s += 60
    assert sessions.of(token) is None
    accounts.change("second", role=StaffRole.DESK, expires_utc_ms=None)
    token = sessions.begin("second", HOME)
    accounts.disable("second")
    assert sessions.of(token) is None
    accounts.disable("second", False)
    assert sessions.of(token) is None, "opened again, the account has its old sessions back"
    token = sessions.begin("second", HOME)
    accounts.remove("second")
    assert sessions.of(token) is None
    accounts.make("second", "Another person", StaffRole.OWNER, CHOSEN)
    assert sessions.of(token) is None, "a session of somebody who had the same login before"


def test_ending_one_ending_all_and_not_another_persons(opened: Open) -> None:
    sessions = opened.office.sessions
    opened.office.accounts.make("desk", "Desk", StaffRole.DESK, CHOSEN)
    own, other = sessions.begin("owner", HOME), sessions.begin("owner", ELSEWHERE)
    desk = sessions.begin("desk", HOME)
    mine, hers = sessions.of(own), sessions.of(desk)
    assert mine and hers
    with pytest.raises(StaffRefused):
        sessions.end(mine.session, login="desk")
    assert len(sessions.all()) == 3 and len(sessions.all("owner")) == 2
    sessions.end_all("owner", but=mine.session)
    assert sessions.of(own) and sessions.of(other) is None and sessions.of(desk)
    sessions.end(hers.session)
    assert sessions.of(desk) is None


def test_a_person_has_so_many_sessions_and_the_oldest_goes(opened: Open) -> None:
    tokens = []
    for _ in range(MOST_OF_ONE + 1):
        tokens.append(opened.office.sessions.begin("owner", HOME))
        opened.clock.now_s += 1
    assert opened.office.sessions.of(tokens[0]) is None
    assert all(opened.office.sessions.of(token) for token in tokens[1:])
