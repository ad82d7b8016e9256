"""Every page and every form of the console in a browser without scripts: by owner, desk and inspector.

What the table of routes opens to a role must have been reached by following that role's walk, so a new page is missed
here by itself. Forms are worked as they stand on their pages: what is hidden in them is sent along.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pyotp
import pytest
from playwright.sync_api import Browser

from appliance.staff.roles import StaffRole
from appliance.wire import Phase
from appliance.wire_console import HeldBlock
from appliance.wire_journal import SignExtract
from tests.edge.portal.console.walker import Walker, walking
from tests.edge.portal.console.whole import NEWER, RUNNING, Whole, whole
from tests.support.first_hour import BIN, PASSWORD, PROVIDER
from tests.support.offices import HOME
from tests.unit.portal.console.staffed import CODE, NOW_MS, NUMBER
from tests.unit.portal.console.staffed import PASSWORD as SMS_PASSWORD

ZONE = "P<KAZERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\nL898902C36UTO7408122F1204159ZE184226B<<<<<10"
FOR_SCRIPTS = {
    "/today/part",
    "/settings/state",
    "/journal/proof/state",
    "/journal/extracts/<name>/state",
    "/journal/verify/<name>/state",
}
"""What pages with scripts ask for themselves; without them the page loads itself anew."""

SENTENCES = {"kk": "бәрін өшір", "ru": "стереть всё", "en": "forget everything"}

ROWS = "Array.from(document.querySelectorAll('header nav a'), each => each.getBoundingClientRect().top)"


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Whole]:
    with whole(tmp_path) as made:
        yield made


def hired(box: Whole, login: str, role: StaffRole, until_utc_ms: int | None = None) -> str:
    """An account at a venue that has an owner; its temporary password."""
    accounts = box.made.site.office.accounts
    accounts.make("owner", "Owner", StaffRole.OWNER, PASSWORD)
    return accounts.make(login, "Дана", role, None, until_utc_ms)


def claimed(who: Walker) -> None:
    who.look("/setup/claim?lang=kk")
    account = {"login": who.login, "password": PASSWORD, "again": PASSWORD}
    who.send("/setup/claim", code=who.box.made.site.office.claim.code(), name="Айгерім", **account)
    # The longest menu there is, in one row of a window of 1024 px.
    assert len(set(who.page.evaluate(ROWS))) == 1


def first_hour(who: Walker) -> None:
    who.look("/setup")
    who.look("/setup/venue")
    who.send("/setup/venue", name="Алатау кафесі", address="Алматы, Абай даңғылы, 1", owner_id=BIN)
    who.send("/setup/terms")
    who.send("/setup/network")
    who.send("/setup/network/undo")
    who.look("/setup/network")
    who.send("/setup/network")
    who.send("/setup/network/keep")
    who.send("/setup/wifi", name="Alatau Guest", security="psk", password="bulaq 2026")
    provider = {name: PROVIDER[name] for name in ("system_id", "password", "source")}
    who.send("/setup/sms", **provider)
    who.send("/setup/sms/test", number="8 701 123 45 67")
    who.look("/setup/staff")
    who.send("/setup/staff", name="Дана", login="dana")
    who.look("/poster")
    who.shown_inline('a[href="/poster.pdf"]')
    who.look("/setup/finish")
    who.send("/setup/finish")


def own_affairs(who: Walker) -> None:
    """What is everybody's."""
    sessions = who.box.made.site.office.sessions
    sessions.begin(who.login, HOME, "another")
    who.look("/me")
    who.send("/me/session")
    sessions.begin(who.login, HOME, "a third")
    who.look("/me")
    who.send("/me/sessions")
    who.send("/me/language", language="ru")
    who.look("/second-factor")
    who.send("/second-factor/begin", current=PASSWORD)
    secret = (who.page.text_content(".secret") or "").replace(" ", "")
    who.send("/second-factor/confirm", code=_code(who.box, secret))
    who.look("/second-factor")
    who.send("/second-factor/begin", button='[formaction="/second-factor/off"]', current=PASSWORD)
    who.look("/password")
    who.send("/password", current=PASSWORD, new=PASSWORD + "!", again=PASSWORD + "!")


def _code(box: Whole, secret: str) -> str:
    return pyotp.TOTP(secret).generate_otp(int(box.made.clock.now_s) // 30)


def at_the_counter(who: Walker) -> None:
    gate = who.box.gate
    gate.phase = Phase.STRANGER
    who.look("/desk")
    who.send("/desk", code=CODE)
    who.open("#zone")
    who.send("/desk", button="button[name=scan]", zone=ZONE)
    who.send("/desk", surname="Ахметов", given_name="Ерлан")
    gate.phase = Phase.STRANGER
    who.look("/desk")
    who.send("/desk", button="button[name=workstation]")
    who.send("/desk", number=NUMBER)
    who.send("/desk", button="button[name=again]")
    who.send("/desk", number=NUMBER)
    who.send("/desk", password=SMS_PASSWORD)
    who.look("/desk/vouchers")
    who.send("/desk/vouchers", label="Жаз")
    who.fetch('form[action="/desk/vouchers/sheet"] button')
    who.look("/desk/vouchers")
    who.send("/desk/vouchers/void")
    who.send("/desk/vouchers/void", button="button[name=sure]")


def visits(who: Walker) -> None:
    gate = who.box.gate
    gate.blocks = [HeldBlock("b1", "", NUMBER, "noise", "aigerim", NOW_MS - 60_000, None)]
    who.look("/")
    who.look("/today")
    who.look("/visits")
    who.send("/visits", query="67")
    who.send("/visits", button="button[name=whole]")
    who.look(f"/visits/{RUNNING}")
    who.send(f"/visits/{RUNNING}", button="button[name=whole]")
    who.send(f"/visits/{RUNNING}/end")
    who.look(f"/visits/{RUNNING}")
    who.send(f"/visits/{RUNNING}/block", why="noise")
    who.look("/visits/blocks")
    who.send("/visits/blocks/lift")
    who.send("/visits/blocks", whom=NUMBER, why="noise")


def records(who: Walker) -> None:
    """What an inspector does, and an owner may."""
    who.look("/journal?period=today")
    who.send("/journal", period="month", number=NUMBER)
    who.send("/journal/whole")
    who.look("/journal?period=today")
    who.send("/journal", button='[formaction="/journal/extracts/of-this"]')
    answers, go_on = who.box.made.gate.answers, threading.Event()
    sign = answers[SignExtract]
    answers[SignExtract] = lambda request: (go_on.wait(120), sign(request))[1]
    try:
        who.look("/journal/extracts")
        who.send("/journal/extracts", why="inspection 7")
        who.send(f"{who.page.url.removeprefix(who.box.address)}/cancel")
    finally:
        go_on.set()
        answers[SignExtract] = sign
    who.look("/journal/extracts")
    who.send("/journal/extracts", why="inspection 7")
    who.wait_for('a[href$="/download"]')
    extract = who.fetch('a[href$="/download"]')
    who.look("/journal/verify")
    who.fetch('a[href="/journal/verify/verify.html"]')
    who.look("/journal/verify")
    who.send("/journal/verify", extract={"name": "extract.zip", "mimeType": "", "buffer": extract.read_bytes()})
    who.wait_for("main .done[role=status]")
    who.look("/journal/proof")
    who.send("/journal/proof")
    who.wait_for("main .done[role=status]")


def people(who: Walker) -> None:
    office = who.box.made.site.office
    who.look("/staff")
    who.send("/staff/make", name="Болат", login="bolat", role="desk")
    factor = office.factors.begin("bolat")
    office.factors.confirm("bolat", _code(who.box, factor))
    here = "/staff/account/bolat"
    office.sessions.begin("bolat", HOME, "")
    who.look(here)
    who.send(f"{here}/change", name="Болат Е.")
    who.look(here)
    who.send(f"{here}/sessions")
    for act in ("second-factor", "disable", "enable"):
        who.look(here)
        who.send(f"{here}/password", button=f'[formaction="{here}/{act}"]')
    who.look(here)
    who.send(f"{here}/password")
    who.look(here)
    who.open(f'form[action="{here}/remove"]')
    who.send(f"{here}/remove")
    who.look("/staff/tokens")
    who.send("/staff/tokens/make", label="watcher", scope="metrics")
    who.look("/staff/tokens")
    who.send("/staff/tokens/revoke")


def configuration(who: Walker) -> None:
    key = "visit.quota_mb"
    who.look("/settings?q=quota_mb")
    who.send("/settings/try", **{key: "500"})
    who.send("/settings/apply")
    who.look("/settings/pending")
    who.send("/settings/keep")
    who.look("/settings/text")
    text = who.page.input_value("#toml")
    assert "quota_mb = 500" in text
    who.send("/settings/try-text", toml=text.replace("quota_mb = 500", "quota_mb = 600"))
    who.send("/settings/apply")
    who.send("/settings/undo")
    who.look("/settings/text")
    text = who.page.input_value("#toml")
    # Another SMSC is given the password anew.
    who.send("/settings/try-text", toml=text.replace("smpp.smsc.kz", "smpp.example.kz"))
    who.send("/settings/apply", **{"password.smsc": "secret9"})
    who.send("/settings/keep")
    who.look("/settings/secrets")
    who.send("/settings/secret", content="secret8")
    who.send("/settings/secret", button="[value=wifi_password] ~ p button", content="bulaq 2027")
    who.look("/settings/backup")
    who.send("/settings/backup")


def versions(who: Walker) -> None:
    """A newer one on a USB stick, a back-up before it, and the restart after it."""
    who.look("/updates")
    who.send("/updates/look", button="[name=csrf] + button")
    who.send("/updates/look", button="[name=stick] ~ button")
    who.send("/updates/stick")
    who.send("/updates/install")
    assert NEWER in who.page.inner_text("main")
    who.send("/updates/restart")
    assert who.box.steward.restarted


def bad_days(who: Walker) -> None:
    """Settings from before, and everything forgotten, but not after all."""
    who.look("/mend")
    who.send("/settings/former")
    who.look("/reset")
    who.send("/reset", sentence=SENTENCES[who.page.get_attribute("html", "lang") or ""], current=PASSWORD)
    who.send("/reset/withdraw")


def signed_in(who: Walker, password: str) -> None:
    """With a temporary password, which is changed on the way."""
    who.look("/sign-in")
    who.send("/sign-in", login=who.login, password=password)
    who.send("/password", current=password, new=PASSWORD, again=PASSWORD)


def signed_out(who: Walker) -> None:
    who.look("/me")
    who.send("/sign-out")
    who.send("/language", button="button[value=en]")
    assert who.page.get_attribute("html", "lang") == "en"


def left_out(box: Whole, role: StaffRole) -> set[tuple[str, str]]:
    """The routes that are open to the role and were not reached by it."""
    may = {(each.method, each.path) for each in box.routes if each.roles and role in each.roles}
    return {each for each in may - box.answered.get(role, set()) if each[1] not in FOR_SCRIPTS}


def test_the_owner_does_all_of_it(browser: Browser, box: Whole) -> None:
    with walking(browser, box, "aigerim") as owner:
        claimed(owner)
        first_hour(owner)
        visits(owner)
        at_the_counter(owner)
        records(owner)
        people(owner)
        configuration(owner)
        bad_days(owner)
        versions(owner)
        own_affairs(owner)
        signed_out(owner)
    assert left_out(box, StaffRole.OWNER) == set()


def test_the_desk_does_all_of_its_own(browser: Browser, box: Whole) -> None:
    temporary = hired(box, "desk", StaffRole.DESK)
    with walking(browser, box, "desk") as desk:
        signed_in(desk, temporary)
        visits(desk)
        at_the_counter(desk)
        own_affairs(desk)
        signed_out(desk)
    assert left_out(box, StaffRole.DESK) == set()


def test_an_inspector_does_all_of_theirs(browser: Browser, box: Whole) -> None:
    temporary = hired(box, "serik", StaffRole.INSPECTOR, NOW_MS + 7 * 86_400_000)
    with walking(browser, box, "serik") as inspector:
        signed_in(inspector, temporary)
        inspector.look("/")
        records(inspector)
        own_affairs(inspector)
        signed_out(inspector)
    assert left_out(box, StaffRole.INSPECTOR) == set()
