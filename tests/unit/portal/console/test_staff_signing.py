"""Signing in and out at the console, by who works there and by who does not."""

from __future__ import annotations

from pathlib import Path

import pyotp
import pytest

from appliance.staff.roles import StaffRole
from appliance.wire_console import StaffAct
from portal.console.routes import own_path
from portal.console.sections.staff_signing import FAILURES_A_MINUTE
from portal.console.site import COOKIE
from tests.support.offices import PASSWORD, wrong_code
from tests.unit.portal.console.door import House, house

CHOSEN = "steppe wind 7"


@pytest.fixture
def built(tmp_path: Path) -> House:
    return house(tmp_path)


def test_in_and_out(built: House) -> None:
    browser = built.browser()
    assert "Sign in" in browser.get("/sign-in").text
    answer = browser.sign_in("owner", PASSWORD)
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith(f"{COOKIE}=")
    for word in ("Secure", "HttpOnly", "SameSite=Strict", "Path=/"):
        assert word in cookie
    assert "Domain" not in cookie and "Expires" not in cookie and "Max-Age" not in cookie
    assert browser.get("/me").status_code == 200
    token = browser.token
    assert browser.post("/sign-out").headers["Location"] == "/sign-in?done=signed_out"
    assert browser.token == ""
    assert built.office.sessions.of(token) is None, "the session outlived its cookie"
    assert built.noted() == [(StaffAct.SIGNED_IN, "owner"), (StaffAct.SIGNED_OUT, "owner")]


def test_unknown_login_and_wrong_password_read_alike(built: House) -> None:
    built.office.accounts.make("boss", "Boss", StaffRole.DESK, CHOSEN)
    pages = []
    for login in ("boss", "nobody"):
        answer = built.browser().sign_in(login, "wrong")
        assert answer.status_code == 401 and "Set-Cookie" not in answer.headers
        pages.append(answer.text.replace(login, "LOGIN"))
    assert pages[0] == pages[1]
    assert built.noted() == [(StaffAct.SIGN_IN_FAILED, "boss"), (StaffAct.SIGN_IN_FAILED, "unknown")]


def test_a_password_that_slipped_into_the_login_is_recorded_nowhere(built: House) -> None:
    built.browser().sign_in("my secret words", "")
    assert "secret" not in str(built.acts)


def test_no_session_is_fixed_beforehand(built: House) -> None:
    browser = built.browser()
    browser.client.set_cookie(COOKIE, "known-to-the-attacker", secure=True)
    assert browser.sign_in("owner", PASSWORD).status_code == 303
    assert browser.token != "known-to-the-attacker"
    first = browser.token
    browser.sign_in("owner", PASSWORD)
    assert browser.token != first and built.office.sessions.of(first) is None


def test_another_sites_form_signs_nobody_in(built: House) -> None:
    answer = built.browser().client.post(
        "/sign-in", data={"login": "owner", "password": PASSWORD}, headers={"Sec-Fetch-Site": "cross-site"}
    )
    assert answer.status_code == 403 and "Set-Cookie" not in answer.headers


@pytest.mark.parametrize(
    "path",
    ["//evil.example", "https://evil.example", "/\\evil.example", "\\\\evil", "/a\nb", "evil", "", "/\t/evil", "/ы"],
)
def test_after_signing_in_nobody_is_sent_elsewhere(built: House, path: str) -> None:
    assert own_path(path) == ""
    answer = built.browser().sign_in("owner", PASSWORD, next=path)
    assert answer.headers["Location"].startswith("/") and "evil" not in answer.headers["Location"]


def test_after_signing_in_the_page_is_the_one_that_was_wanted(built: House) -> None:
    browser = built.browser()
    assert browser.get("/staff/tokens").headers["Location"] == "/sign-in?next=/staff/tokens"
    assert 'name="next" value="/staff/tokens"' in browser.get("/sign-in?next=/staff/tokens").text
    assert browser.sign_in("owner", PASSWORD, next="/staff/tokens").headers["Location"] == "/staff/tokens"
    assert browser.get("/sign-in?next=/staff").headers["Location"] == "/staff"


def test_the_code_is_asked_for_and_counts_once(built: House) -> None:
    secret = built.office.factors.begin("owner")
    codes = pyotp.TOTP(secret)
    step = int(built.made.clock.now_s) // 30
    built.office.factors.confirm("owner", codes.generate_otp(step - 1))
    browser = built.browser()
    asked = browser.sign_in("owner", PASSWORD)
    assert asked.status_code == 200 and 'name="code"' in asked.text and "Set-Cookie" not in asked.headers
    assert PASSWORD not in asked.text
    half = asked.text.split('name="half" value="')[1].split('"')[0]
    wrong = browser.post("/sign-in", half=half, code=wrong_code(secret, built.made.clock.now_s))
    assert wrong.status_code == 401 and half in wrong.text and "Set-Cookie" not in wrong.headers
    assert browser.post("/sign-in", half=half, code=codes.generate_otp(step)).status_code == 303
    assert browser.get("/me").status_code == 200
    replayed = built.browser().post("/sign-in", half=half, code=codes.generate_otp(step))
    assert replayed.status_code == 401 and "Set-Cookie" not in replayed.headers


def test_without_a_gate_owners_come_in_and_are_told_and_nobody_else(built: House) -> None:
    built.office.accounts.make("desk", "Desk", StaffRole.DESK, CHOSEN)
    built.mute()
    browser = built.browser()
    answer = browser.sign_in("owner", PASSWORD)
    assert answer.headers["Location"] == "/me?told=unrecorded"
    assert "could not record it" in browser.get(answer.headers["Location"]).text
    refused = built.browser().sign_in("desk", CHOSEN)
    assert refused.status_code == 503 and "could not record" in refused.text and "Set-Cookie" not in refused.headers
    assert len(built.office.sessions.all()) == 1
    assert browser.post("/sign-out").status_code == 303 and browser.token == ""


def test_who_guesses_waits_and_does_not_fill_the_journal(built: House) -> None:
    for each in range(40):
        answer = built.browser().sign_in("owner", f"guess {each}")
    assert answer.status_code == 429 and "in 60\N{NO-BREAK SPACE}seconds" in answer.text
    assert len(built.noted()) == FAILURES_A_MINUTE


def test_a_temporary_password_opens_nothing_but_its_change(built: House) -> None:
    told = built.office.accounts.make("desk", "Desk", StaffRole.DESK, None)
    browser = built.browser()
    assert browser.sign_in("desk", told.lower(), next="/me").headers["Location"] == "/password"
    for path in ("/me", "/staff", "/second-factor"):
        assert browser.get(path).headers["Location"] == "/password"
    assert "somebody else" in browser.get("/password?lang=en").text
    before = browser.token
    same = browser.post("/password", current=told, new=told, again=told)
    assert same.status_code == 409
    unlike = browser.post("/password", current=told, new=CHOSEN, again="something else")
    assert unlike.status_code == 400
    assert browser.post("/password", current="wrong", new=CHOSEN, again=CHOSEN).status_code == 403
    assert browser.post("/password", current=told, new=CHOSEN, again=CHOSEN).status_code == 303
    assert browser.get("/me").status_code == 200
    assert built.office.sessions.of(before) is None


def test_a_stolen_session_ends_with_the_password(built: House) -> None:
    thief, owner = built.owner(), built.owner()
    assert thief.get("/staff").status_code == 200
    built.noted()
    assert owner.post("/password", current=PASSWORD, new=CHOSEN, again=CHOSEN).status_code == 303
    assert thief.get("/staff").status_code == 303
    assert owner.get("/staff").status_code == 200
    assert built.noted() == [(StaffAct.PASSWORD_CHANGED, "owner")]


def test_who_sits_at_an_open_browser_guesses_the_password_no_faster(built: House) -> None:
    browser = built.owner()
    said = [
        browser.post("/password", current=f"guess {each}", new=CHOSEN, again=CHOSEN).status_code for each in range(11)
    ]
    assert set(said) == {403}
    refused = browser.post("/password", current=PASSWORD, new=CHOSEN, again=CHOSEN)
    assert refused.status_code == 403 and "Too many" in refused.text
