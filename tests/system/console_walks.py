"""What staff do at the console, page by page: walked by the tests, and by whoever takes its pictures.

Each walk tells ``seen`` the name of every page that it comes to. Must not know: what is looked at there.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import expect

from tests.lab.venue import SMPP_PASSWORD, SMSC
from tests.system.guest import PAGE, Guest
from tests.system.staffer import PATIENCE_MS, Staffer

Seen = Callable[[Staffer, str], None]

OWNER, OWNER_PASSWORD = "aigerim", "alma agashy 7 bulaq"
DESK, INSPECTOR = "dana", "serik"
VENUE, BIN = "Алатау кафесі", "990140000384"
TEST_NUMBER = "8 701 765 43 21"


def first_hour(owner: Staffer, code: str, language: str, phone: Guest, seen: Seen) -> str:
    """From the claim code to the open venue.

    Args:
        phone: not connected yet; it is while the network's page is open.

    Returns:
        The temporary password of ``DESK``.
    """
    page = owner.page
    owner.open(f"/setup/claim?lang={language}")
    seen(owner, "claim")
    owner.send("/setup/claim", code=code, name="Айгерім", login=OWNER, password=OWNER_PASSWORD, again=OWNER_PASSWORD)
    owner.is_at("/setup/venue")
    seen(owner, "venue")
    owner.send("/setup/venue", name=VENUE, address="Алматы, Абай даңғылы, 1", owner_id=BIN)
    owner.is_at("/setup/terms")
    owner.rest()
    seen(owner, "terms")
    owner.send("/setup/terms")
    owner.is_at("/setup/network")
    owner.rest()
    port = page.locator("#seen-lan-port1")
    expect(port).to_have_class("seen down")
    phone.phone.connect()
    expect(port).to_have_class("seen up", timeout=PATIENCE_MS)
    seen(owner, "network")
    owner.send("/setup/network")
    owner.is_at("/setup/wifi")
    owner.rest()
    seen(owner, "wifi")
    owner.send("/setup/wifi", name="Alatau Guest")
    owner.is_at("/setup/sms")
    owner.rest()
    owner.open("/setup/sms?preset=plain")
    seen(owner, "sms")
    owner.send("/setup/sms", host=SMSC, port="2775", system_id="qaqpa", password=SMPP_PASSWORD, source="Qaqpa")
    owner.is_at("/setup/sms/test")
    owner.rest()
    owner.send("/setup/sms/test", number=TEST_NUMBER)
    expect(page.locator("#way .state")).to_be_visible(timeout=PATIENCE_MS)
    seen(owner, "sms-test")
    owner.take_in()
    page.locator('a.btn.main[href="/setup/staff"]').click()
    owner.send("/setup/staff", name="Дана", login=DESK)
    password = page.locator("dl.once code").last.inner_text()
    seen(owner, "staff-made")
    owner.take_in()
    page.locator('a.btn.main[href="/poster"]').click()
    page.wait_for_url("**/poster")
    seen(owner, "poster")
    owner.take_in()
    page.locator('a.btn.main[href="/setup/finish"]').click()
    page.wait_for_url("**/setup/finish")
    seen(owner, "finish")
    owner.send("/setup/finish")
    owner.rest()
    seen(owner, "opened")
    return password


def signed_in(somebody: Staffer, login: str, password: str, seen: Seen) -> None:
    """From the door to the page that their role begins with; a temporary password is changed on the way."""
    somebody.open("/sign-in")
    seen(somebody, "sign-in")
    somebody.send("/sign-in", login=login, password=password)
    if somebody.page.url.endswith("/password"):
        seen(somebody, "new-password")
        somebody.send("/password", current=password, new=OWNER_PASSWORD, again=OWNER_PASSWORD)


def by_document(desk: Staffer, code: str, seen: Seen) -> int:
    """Admit whoever shows this code, by a document and without a mouse; the keys that were pressed."""
    page = desk.page
    desk.open("/desk")
    expect(page.locator(":focus[name=code]")).to_have_count(1)
    seen(desk, "desk")
    keys = _typed(desk, code.lower(), "Enter")
    expect(page.locator(":focus[name=surname]")).to_have_count(1, timeout=PATIENCE_MS)
    page.wait_for_load_state()
    seen(desk, "desk-document")
    page.locator("[name=surname]").focus()  # whoever looked at the page may have taken it
    keys += _typed(desk, "Ахметов", "Enter", "Ерлан", "Enter", "Enter")
    expect(page.locator(".done[role=status]")).to_be_visible(timeout=PATIENCE_MS)
    seen(desk, "desk-admitted")
    return keys


def _typed(desk: Staffer, *texts: str) -> int:
    desk.take_in()
    for text in texts:
        desk.press(text)
    return sum(1 if text == "Enter" else len(text) for text in texts)


def inspector_made(owner: Staffer, until: str, seen: Seen) -> str:
    """An account that ends with the day ``until`` (ISO 8601); its temporary password."""
    owner.open("/staff")
    seen(owner, "staff")
    owner.page.locator("input[name=role][value=inspector]").check()
    owner.send("/staff/make", name="Серік", login=INSPECTOR, until=until)
    return owner.page.locator("dd.secret").inner_text()


def extract_made(inspector: Staffer, folder: Path, why: str, seen: Seen) -> Path:
    """Everything of today as a file, downloaded and then judged by the console itself."""
    page = inspector.page
    inspector.open("/journal?period=today")
    seen(inspector, "journal")
    inspector.open("/journal/extracts?period=today")
    inspector.send("/journal/extracts", why=why)
    expect(page.locator('a[href$="/download"]')).to_be_visible(timeout=PATIENCE_MS)
    seen(inspector, "extract")
    with page.expect_download() as download:
        page.locator('a[href$="/download"]').click()
    extract = folder / download.value.suggested_filename
    download.value.save_as(extract)
    inspector.open("/journal/verify")
    page.locator("#extract").set_input_files(extract)
    inspector.send("/journal/verify")
    expect(page.locator("main .done[role=status]")).to_be_visible(timeout=PATIENCE_MS)
    seen(inspector, "verified")
    return extract


def changed(owner: Staffer, key: str, text: str, seen: Seen) -> None:
    """One setting, from its line to its being in force on trial."""
    owner.open(f"/settings?q={key.rpartition('.')[2]}")
    owner.page.locator(f'[name="{key}"]').fill(text)
    with owner.page.expect_navigation():
        owner.page.locator("#settings-form button.main").click()
    seen(owner, "settings-preview")
    owner.send("/settings/apply")
    owner.is_at("/settings/pending")
    owner.rest()
    # The page sees by itself that everything runs again.
    expect(owner.page.locator('#pending[data-starting=""]')).to_be_visible(timeout=PATIENCE_MS)
    seen(owner, "settings-pending")


def pairing_code(guest: Guest) -> str:
    """As the phone's page shows it."""
    guest.phone.connect()
    guest.phone.fetch(f"{PAGE}/code", form={}, headers={"Accept-Language": "en"})
    shown = re.search(r'class="code" dir="ltr"><span aria-hidden="true">([^<]+)<', guest.page().body)
    assert shown, "no code on the phone's page"
    return shown[1]


def agreed_and_online(guest: Guest) -> None:
    """A connected phone agrees to the terms that the owner has left in the wizard, and goes online."""
    agreed = re.search(r'name="terms" value="([^"]+)"', guest.page().body)
    assert agreed, "the page has no terms"
    asked = guest.phone.fetch(f"{PAGE}/password", form={"number": guest.number, "terms": agreed[1]})
    assert asked.status == 303, asked.body
    entered = guest.enter(guest.venue.password_for(guest.number))
    assert entered.status == 303, entered.body
