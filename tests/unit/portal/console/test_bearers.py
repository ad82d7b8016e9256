"""Before every route for programs: tokens, how often, what is recorded, and refusals that a program can read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from appliance.staff.roles import StaffRole
from appliance.staff.tokens import Scope
from appliance.wire import Done, Refusal, Refused
from appliance.wire_console import NoteStaff, StaffAct
from appliance.wire_desk import VoidVouchers
from portal.console import bearers
from portal.console.bearers import BURST, Allowance
from tests.support.console import NOW, Made, console
from tests.support.offices import Clock

VOID = "/api/v1/vouchers/b1"


@pytest.fixture
def made(tmp_path: Path) -> Made:
    built = console(tmp_path)
    built.gate.answers[VoidVouchers] = lambda _: Done()
    return built


def token(made: Made, *scopes: Scope, label: str = "till") -> dict[str, str]:
    secret = made.site.office.tokens.make(label, scopes or set(Scope), "owner")
    return {"Authorization": f"Bearer {secret}"}


def told(answer: Any, status: int) -> dict[str, Any]:
    """What a program reads of a refusal."""
    assert (answer.status_code, answer.mimetype) == (status, "application/problem+json"), answer.text
    problem: dict[str, Any] = answer.get_json(force=True)
    assert problem["status"] == status and problem["title"] and problem["detail"]
    return problem


@pytest.mark.parametrize("shown", ["", "Bearer", "Bearer qaqpa_x", "Basic b3duZXI6", "qaqpa_x", "Bearer ключ"])
def test_without_a_token_that_counts_nothing_is_open(made: Made, shown: str) -> None:
    headers = {"Authorization": shown} if shown else {}
    answer = made.as_role(StaffRole.OWNER).delete(VOID, headers=headers)
    assert told(answer, 401)["reason"] == "no_token"
    assert answer.headers["WWW-Authenticate"].startswith('Bearer realm="qaqpa"')
    assert made.gate.asked == []


def test_a_token_that_is_over_or_revoked_opens_nothing(made: Made) -> None:
    tokens, client = made.site.office.tokens, made.as_role(None)
    brief = tokens.make("brief", set(Scope), "owner", int(NOW.timestamp() * 1000) + 1000)
    headers = {"Authorization": f"bearer {brief}"}
    assert client.delete(VOID, headers=headers).status_code == 204
    made.clock.now_s += 2
    assert client.delete(VOID, headers=headers).status_code == 401
    lasting = token(made)
    tokens.revoke(next(each.token for each in tokens.all() if each.label == "till"))
    assert client.delete(VOID, headers=lasting).status_code == 401


def test_another_scope_is_named(made: Made) -> None:
    answer = made.as_role(None).delete(VOID, headers=token(made, Scope.VISITS, Scope.METRICS))
    assert told(answer, 403)["reason"] == "other_scope"
    assert 'error="insufficient_scope", scope="vouchers"' in answer.headers["WWW-Authenticate"]
    assert made.gate.asked == []


def test_a_change_is_recorded_before_it_is_made(made: Made) -> None:
    headers = {**token(made, Scope.VOUCHERS), "X-Real-IP": "192.168.50.7"}
    answer = made.as_role(None).delete(VOID, headers=headers)
    assert (answer.status_code, answer.data) == (204, b"")
    noted, done = made.gate.asked
    (kept,) = made.site.office.tokens.all()
    detail = f"token {kept.token} from 192.168.50.7: DELETE {VOID}"
    assert noted == NoteStaff("token:till", StaffAct.TOKEN_USED, detail=detail)
    assert done == VoidVouchers("token:till", batch="b1")


@pytest.mark.parametrize("silent", [True, False])
def test_what_cannot_be_recorded_is_not_done(made: Made, silent: bool) -> None:
    if silent:
        del made.gate.answers[NoteStaff]
    else:
        made.gate.answers[NoteStaff] = lambda _: Refused(Refusal.JOURNAL_UNAVAILABLE)
    answer = made.as_role(None).delete(VOID, headers=token(made))
    assert told(answer, 503)["reason"] == "unrecorded"
    assert [type(each) for each in made.gate.asked] == [NoteStaff]


def test_a_label_as_long_as_can_be_is_recorded(made: Made) -> None:
    assert made.as_role(None).delete(f"{VOID}%0A", headers=token(made, label="ж" * 60)).status_code == 204
    noted = made.gate.asked[0]
    assert len(noted.staff) == 64 and noted.detail.isprintable()


def test_a_token_that_asks_too_often_waits_and_no_other_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bearers, "time", Stopped)
    made = console(tmp_path)
    client, busy, other = made.as_role(None), token(made), token(made, label="other")
    path = "/api/v1/visits"
    statuses = [client.get(path, headers=busy).status_code for _ in range(BURST)]
    assert set(statuses) == {503}, "the gate has no answer: all of them came through"
    answer = client.get(path, headers=busy)
    assert told(answer, 429)["retry_in_s"] == 1
    assert answer.headers["Retry-After"] == "1"
    assert client.get(path, headers=other).status_code == 503


class Stopped:
    """The clock stands still."""

    @staticmethod
    def monotonic() -> float:
        return 0.0


def test_an_allowance_fills_again() -> None:
    clock = Clock(0.0)
    allowance = Allowance(2, 0.5, clock)
    assert [allowance.wait_s("a") for _ in range(3)] == [0.0, 0.0, 2.0]
    clock.now_s = 1.0
    assert allowance.wait_s("a") == 1.0, "asking in vain costs nothing"
    clock.now_s = 2.0
    assert [allowance.wait_s("a") for _ in range(2)] == [0.0, 2.0]
    clock.now_s = 1000.0
    assert [allowance.wait_s("a") for _ in range(3)] == [0.0, 0.0, 2.0], "never more than the burst"


def test_whatever_a_program_asks_wrongly_is_no_page(made: Made) -> None:
    client, headers = made.as_role(None), token(made)
    assert told(client.get("/api/v1/nothing", headers=headers), 404)["reason"] == "not_found"
    assert told(client.put("/api/v1/visits", headers=headers), 405)["reason"] == "method_not_allowed"
    large = {"label": "x" * 20_000, "count": 1}
    assert told(client.post("/api/v1/vouchers", json=large, headers=headers), 413)["reason"] == "too_large"
    assert made.gate.asked == [], "too large to be recorded"
    assert told(client.get("/api/v1/visits", headers=headers), 503)["reason"] == "gate_silent"
