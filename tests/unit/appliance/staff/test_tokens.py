"""Machines' tokens, and the claim of a box."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance.staff import claim as claiming
from appliance.staff import spoken
from appliance.staff.claim import WRONG_AN_HOUR, WRONG_OF_ALL
from appliance.staff.errors import StaffProblem, StaffRefused
from appliance.staff.roles import StaffRole
from appliance.staff.tokens import MOST, Scope
from tests.support.offices import START_S, Open, office


def test_a_token_is_shown_once_has_its_scopes_and_is_revoked(opened: Open) -> None:
    tokens = opened.office.tokens
    secret = tokens.make("Grafana", [Scope.METRICS], "owner")
    assert secret not in (opened.folder / "tokens.json").read_text()
    token = opened.another().tokens.of(secret)
    assert token and token.scopes == {Scope.METRICS} and (token.label, token.by) == ("Grafana", "owner")
    for guess in ("", "qaqpa_", token.token, secret[:-1], secret.upper(), "\ud800"):
        assert tokens.of(guess) is None
    tokens.revoke(token.token)
    assert opened.office.tokens.of(secret) is None
    with pytest.raises(StaffRefused):
        tokens.revoke(token.token)


def test_a_token_has_an_end(opened: Open) -> None:
    secret = opened.office.tokens.make("For a day", [Scope.VISITS], "owner", round(START_S * 1000) + 1000)
    assert opened.office.tokens.of(secret)
    opened.clock.now_s += 1
    assert opened.office.tokens.of(secret) is None


def test_what_no_token_is(opened: Open) -> None:
    for label, scopes, end, why in (
        ("", [Scope.VISITS], None, StaffProblem.LABEL_MISSING),
        ("a\nb", [Scope.VISITS], None, StaffProblem.LABEL_MISSING),
        ("x", [], None, StaffProblem.SCOPE_MISSING),
        ("x", [Scope.VISITS], round(START_S * 1000), StaffProblem.EXPIRY_PAST),
    ):
        with pytest.raises(StaffRefused) as refused:
            opened.office.tokens.make(label, scopes, "owner", end)
        assert refused.value.why is why


def test_a_box_is_claimed_with_its_code_once(tmp_path: Path) -> None:
    box = office(tmp_path)
    claim = box.office.claim
    assert claim.open and not claim.take("ACDEF-HJKLM"), "there is no code yet"
    code = claim.code()
    assert box.another().claim.code() == code, "asked again, it is the same"
    assert not claim.take("AAAAA-AAAAA") and not claim.take("")
    assert claim.take(code) and claim.take(code.lower().replace("-", " "))
    box.office.accounts.make("owner", "Owner", StaffRole.OWNER, "steppe wind 7", first=True)
    assert not box.another().claim.open and not claim.take(code)
    with pytest.raises(StaffRefused) as refused:
        claim.code()
    assert refused.value.why is StaffProblem.CLAIMED_ALREADY


def test_whoever_guesses_is_counted_where_they_come_from(tmp_path: Path) -> None:
    box = office(tmp_path)
    code, claim = box.office.claim.code(), box.office.claim
    for place in range(WRONG_AN_HOUR):
        assert not claim.take("AAAAA-AAAAA", f"2001:db8::{place:x}")
    assert claim.wait_s("2001:db8::ffff") == 3600, "a /64 is one person's"
    assert not claim.take(code, "2001:db8::ffff")
    assert claim.wait_s("2001:db8:0:1::1") == claim.wait_s("192.168.50.7") == 0
    assert claim.take(code, "192.168.50.7")


def test_all_together_are_counted_too_until_somebody_stands_at_the_box(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert WRONG_OF_ALL > 254 * WRONG_AN_HOUR, "one who takes all addresses of a common network keeps nobody out"
    monkeypatch.setattr(claiming, "WRONG_OF_ALL", 300)
    box = office(tmp_path)
    code, claim = box.office.claim.code(), box.office.claim
    for place in range(300):
        address = f"10.{place // 250}.{place % 250}.1"
        assert claim.wait_s(address) == 0
        assert not claim.take("AAAAA-AAAAA", address)
    assert claim.wait_s("192.168.50.7") == 3600
    assert not claim.take(code, "192.168.50.7")
    box.clock.now_s += 1
    box.another().claim.begin_anew()  # `qaqpa claim`, in its own process
    assert claim.take(code, "192.168.50.7")
    assert claim.code() == code


def test_claims_are_guessed_ten_times_an_hour(tmp_path: Path) -> None:
    box = office(tmp_path)
    code = box.office.claim.code()
    for _ in range(WRONG_AN_HOUR):
        assert box.office.claim.wait_s() == 0
        assert not box.office.claim.take("AAAAA-AAAAA")
    assert not box.office.claim.take(code)
    assert box.office.claim.wait_s() == 3600
    box.clock.now_s += 3600
    assert box.office.claim.take(code)


def test_a_venue_has_so_many_tokens_and_no_more(opened: Open) -> None:
    tokens = opened.office.tokens
    for number in range(MOST):
        tokens.make(f"one {number}", frozenset({Scope.METRICS}), "owner", None)
    with pytest.raises(StaffRefused) as refused:
        tokens.make("another", frozenset({Scope.METRICS}), "owner", None)
    assert refused.value.why is StaffProblem.TOO_MANY


@pytest.mark.parametrize("typed", ["A" * 65, "😀", ""])
def test_what_no_spoken_code_is(typed: str) -> None:
    assert spoken.well_formed(typed) is None
