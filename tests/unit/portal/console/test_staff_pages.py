"""What the owner does with accounts and tokens, and everybody with their own, page by page."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path

import pyotp
import pytest

from appliance.staff.roles import StaffRole
from appliance.staff.tokens import Scope
from appliance.wire import Language
from appliance.wire_console import StaffAct
from portal.catalogues import catalogue
from tests.support.offices import PASSWORD, wrong_code
from tests.unit.portal.console.door import House, house

CHOSEN = "steppe wind 7"
SECRET = re.compile(r'class="secret">([^<]+)<')


@pytest.fixture
def built(tmp_path: Path) -> House:
    return house(tmp_path)


def test_the_owner_makes_an_account_and_tells_its_password_once(built: House) -> None:
    owner = built.owner()
    built.noted()
    page = owner.post("/staff/make", login="Desk.1", name="Desk & Co <b>", role="desk", until="")
    assert page.status_code == 200
    (told,) = SECRET.findall(page.text)
    assert built.office.accounts.proved("desk.1", told)
    assert told not in owner.get("/staff").text and told not in owner.get("/staff/account/desk.1").text
    assert "Desk &amp; Co &lt;b&gt;" in owner.get("/staff").text
    assert built.noted() == [(StaffAct.ACCOUNT_MADE, "owner")]
    again = owner.post("/staff/make", login="desk.1", name="Another", role="desk", until="")
    assert again.status_code == 409 and "already" in again.text and 'value="Another"' in again.text


@pytest.mark.parametrize(
    ("fields", "status", "said"),
    [
        ({"login": "ins", "name": "I", "role": "inspector", "until": ""}, 409, "at most 90 days"),
        ({"login": "ins", "name": "I", "role": "inspector", "until": "2027-06-01"}, 409, "at most 90 days"),
        ({"login": "ins", "name": "I", "role": "inspector", "until": "2026-11-21"}, 409, "over"),
        ({"login": "ins", "name": "I", "role": "inspector", "until": "soon"}, 400, "no date"),
        ({"login": "ins", "name": "I", "role": "root", "until": ""}, 400, "Choose a role"),
        ({"login": "../x", "name": "I", "role": "desk", "until": ""}, 409, "Latin"),
        ({"login": "ins", "name": " ", "role": "desk", "until": ""}, 409, "whose account"),
    ],
)
def test_what_no_account_is(built: House, fields: dict[str, str], status: int, said: str) -> None:
    answer = built.owner().post("/staff/make", **fields)
    assert answer.status_code == status and said in answer.text
    assert [each.login for each in built.office.accounts.all()] == ["owner"]


def test_an_inspectors_last_day_is_a_whole_day(built: House) -> None:
    owner = built.owner()
    assert owner.post("/staff/make", login="ins", name="I", role="inspector", until="2026-11-22").status_code == 200
    account = built.office.accounts.find("ins")
    assert account and account.expires_utc_ms
    zone = built.made.site.config.venue.zone
    end = datetime.fromtimestamp(account.expires_utc_ms / 1000, zone)
    assert (end.date().isoformat(), end.hour, end.minute) == ("2026-11-22", 23, 59)
    assert 'value="2026-11-22"' in owner.get("/staff/account/ins").text


def test_what_the_owner_does_to_an_account_counts_at_once(built: House) -> None:
    built.office.accounts.make("second", "Second", StaffRole.OWNER, CHOSEN)
    second, owner = built.signed_in("second", CHOSEN), built.owner()
    assert second.get("/staff").status_code == 200
    built.noted()
    one = "/staff/account/second"
    assert owner.post(f"{one}/change", name="Second", role="desk", until="").status_code == 303
    assert second.get("/staff").status_code == 403
    owner.post(f"{one}/sessions")
    assert second.get("/me").status_code == 303
    second = built.signed_in("second", CHOSEN)
    owner.post(f"{one}/disable")
    assert second.get("/me").status_code == 303
    owner.post(f"{one}/enable")
    second = built.signed_in("second", CHOSEN)
    (told,) = SECRET.findall(owner.post(f"{one}/password").text)
    assert second.get("/me").status_code == 303 and built.office.accounts.proved("second", told)
    owner.post(f"{one}/second-factor")
    assert owner.post(f"{one}/remove").headers["Location"] == "/staff?told=removed"
    assert owner.get(one).status_code == 404
    assert [act for act, _ in built.noted()] == [
        StaffAct.ACCOUNT_CHANGED,
        StaffAct.SESSION_ENDED,
        StaffAct.SIGNED_IN,
        StaffAct.ACCOUNT_CHANGED,
        StaffAct.ACCOUNT_CHANGED,
        StaffAct.SIGNED_IN,
        StaffAct.PASSWORD_CHANGED,
        StaffAct.SECOND_FACTOR_REMOVED,
        StaffAct.ACCOUNT_REMOVED,
    ]


def test_the_last_owner_is_told_so(built: House) -> None:
    owner = built.owner()
    for act, fields in (("remove", {}), ("disable", {}), ("change", {"name": "O", "role": "desk", "until": ""})):
        answer = owner.post(f"/staff/account/owner/{act}", **fields)
        assert answer.status_code == 409 and "another owner first" in answer.text
    assert owner.get("/staff").status_code == 200


def test_nothing_is_done_that_the_gate_does_not_record(built: House) -> None:
    owner = built.owner()
    built.office.accounts.make("desk", "Desk", StaffRole.DESK, CHOSEN)
    token = built.office.tokens.make("Old", [Scope.HEALTH], "owner")
    begun = built.office.factors.begin("owner")
    built.mute()
    folder = built.made.site.home
    before = {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}
    code = pyotp.TOTP(begun).generate_otp(int(built.made.clock.now_s) // 30)
    for path, fields in (
        ("/staff/make", {"login": "new", "name": "New", "role": "desk", "until": ""}),
        ("/staff/account/desk/change", {"name": "Other", "role": "desk", "until": ""}),
        ("/staff/account/desk/password", {}),
        ("/staff/account/desk/second-factor", {}),
        ("/staff/account/desk/disable", {}),
        ("/staff/account/desk/sessions", {}),
        ("/staff/account/desk/remove", {}),
        ("/staff/tokens/make", {"label": "New", "scope": "health"}),
        ("/staff/tokens/revoke", {"token": built.office.tokens.all()[0].token}),
        ("/second-factor/confirm", {"code": code}),
        ("/password", {"current": PASSWORD, "new": CHOSEN, "again": CHOSEN}),
        ("/me/sessions", {}),
    ):
        answer = owner.post(path, **fields)
        assert answer.status_code == 409 and "could not record" in answer.text, path
    assert {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()} == before
    assert built.office.tokens.of(token)


def test_the_second_factor_from_beginning_to_end(built: House) -> None:
    owner, other = built.owner(), built.owner()
    assert owner.post("/second-factor/begin", current="wrong").status_code == 403
    shown = owner.post("/second-factor/begin", current=PASSWORD)
    secret = SECRET.findall(shown.text)[0].replace(" ", "")
    assert '<svg class="qr"' in shown.text
    assert secret not in owner.get("/second-factor").text.replace(" ", "")
    codes = pyotp.TOTP(secret)
    step = int(built.made.clock.now_s) // 30
    wrong = owner.post("/second-factor/confirm", code=wrong_code(secret, built.made.clock.now_s))
    assert wrong.status_code == 409 and 'name="code"' in wrong.text
    on = owner.post("/second-factor/confirm", code=codes.generate_otp(step))
    recovery = re.findall(r"<li>([A-Z0-9]{5}-[A-Z0-9]{5})</li>", on.text)
    assert len(recovery) == 8
    assert other.get("/me").status_code == 303, "a browser from before goes on without a code"
    assert owner.get("/me").status_code == 200
    assert "8 recovery codes left" in owner.get("/second-factor").text
    assert built.browser().sign_in("owner", PASSWORD).status_code == 200, "no code was asked for"
    assert owner.post("/second-factor/off", current="wrong").status_code == 403
    assert owner.post("/second-factor/off", current=PASSWORD).status_code == 303
    assert built.browser().sign_in("owner", PASSWORD).status_code == 303


def test_ones_own_language_and_sessions(built: House) -> None:
    built.office.accounts.make("desk", "Desk", StaffRole.DESK, CHOSEN)
    owner, phone, desk = built.owner(), built.owner(), built.signed_in("desk", CHOSEN)
    owner.post("/me/language", language="kk")
    assert '<html lang="kk">' in owner.get("/me").text
    assert owner.post("/me/language", language="xx").status_code == 303
    hers = built.office.sessions.of(desk.token)
    his = built.office.sessions.of(phone.token)
    assert hers and his
    assert owner.post("/me/session", session=hers.session).status_code == 409
    assert desk.get("/me").status_code == 200, "somebody ended another person's session"
    assert owner.post("/me/session", session=his.session).status_code == 303
    assert phone.get("/me").status_code == 303 and owner.get("/me").status_code == 200


def test_tokens_are_shown_once_and_revoked(built: House) -> None:
    owner = built.owner()
    page = owner.post("/staff/tokens/make", label="<Grafana>", scope=["metrics", "health", "root"], until="2026-12-31")
    (secret,) = SECRET.findall(page.text)
    token = built.office.tokens.of(secret)
    assert token and token.scopes == {Scope.METRICS, Scope.HEALTH} and token.by == "owner"
    later = owner.get("/staff/tokens").text
    assert secret not in later and "&lt;Grafana&gt;" in later
    assert owner.post("/staff/tokens/make", label="", scope="health", until="").status_code == 409
    assert owner.post("/staff/tokens/make", label="x", until="").status_code == 409
    assert owner.post("/staff/tokens/revoke", token=token.token).status_code == 303
    assert built.office.tokens.of(secret) is None


def test_all_languages_say_the_same_with_the_same_gaps() -> None:
    gaps = re.compile(r"%\(\w+\)s")
    said = {}
    for language in Language:
        messages = [each for each in catalogue("console", language) if each.id]
        ours = [each for each in messages if str(each.id).startswith(("staff.", "('staff."))]
        said[language] = {
            str(each.id): set(gaps.findall(str(each.string))) for each in ours if each.string and all(each.string)
        }
    assert said[Language.ENGLISH] == said[Language.RUSSIAN] == said[Language.KAZAKH]
    assert len(said[Language.ENGLISH]) > 100
