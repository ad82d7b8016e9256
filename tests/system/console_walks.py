"""What staff do at the console, page by page: walked by the tests, and by whoever takes its pictures.

Each walk tells ``seen`` the name of every page that it comes to. Must not know: what is looked at there.
"""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import expect

from tests.lab.venue import SMPP_PASSWORD, SMSC
from tests.system.guest import Guest
from tests.system.staffer import Staffer

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
    owner.send(
        "/setup/claim", code=code, name="Айгерім", login=OWNER, password=OWNER_PASSWORD, again=OWNER_PASSWORD
    )
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
    expect(port).to_have_class("seen up")
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
    expect(page.locator("#way .state")).to_be_visible()
    seen(owner, "sms-test")
    page.locator('a.btn.main[href="/setup/staff"]').click()
    owner.send("/setup/staff", name="Дана", login=DESK)
    password = page.locator("dl.once code").last.inner_text()
    seen(owner, "staff-made")
    page.locator('a.btn.main[href="/poster"]').click()
    page.wait_for_url("**/poster")
    seen(owner, "poster")
    page.locator('a.btn.main[href="/setup/finish"]').click()
    page.wait_for_url("**/setup/finish")
    expect(page.locator("#lights li").first).to_be_visible()
    seen(owner, "finish")
    owner.send("/setup/finish")
    owner.rest()
    seen(owner, "opened")
    return password
