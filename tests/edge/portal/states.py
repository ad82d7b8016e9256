"""Every state that a visitor's page can be in, as the gate and the visitor make it; and how to have its page shown.

    bring(site, page, STATES["wrong"], Language.KAZAKH)

What checks all pages, and the pictures of those that a whole venue seldom shows, begin here. Must not know: what is
looked for on a page.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from playwright.sync_api import Page

from appliance.wire import Delivery, Ended, Language, Phase, Refusal, Refused, Trouble
from tests.edge.portal.window import Site
from tests.unit.portal.gate import CODE, NUMBER, VOUCHER, Device, GateWithState
from tests.unit.portal.phone import IP


@dataclass(frozen=True)
class State:
    """A page: how the device stands, and what the visitor does."""

    device: Device
    trouble: Trouble | None = None
    down: bool = False
    """The gate does not answer."""
    refusing: Refused | None = None
    """What the gate says to what is sent; None: what it says by itself."""
    number: str = ""
    """Typed into Login and sent."""
    password: str = ""
    """Typed and sent."""
    voucher: str = ""
    """The same."""


ASKED = Device(phase=Phase.ASKED, number=NUMBER)
ONLINE = Device(phase=Phase.ONLINE, number=NUMBER, online_for_s=400, seconds_remaining=3200, bytes_remaining=54_321_000)
STATES = {
    "stranger": State(Device()),
    "refused": State(Device(), number="12"),
    "limit": State(Device(), number=NUMBER, refusing=Refused(Refusal.NUMBER_LIMIT, retry_in_s=2400)),
    "asked": State(ASKED),
    "wrong": State(ASKED, password="12345"),
    "tries": State(replace(ASKED, tries_left=1), password="654321"),
    "failed": State(replace(ASKED, delivery=Delivery.FAILED)),
    "code": State(Device(code=CODE)),
    "no-sms": State(Device(), trouble=Trouble.SMS),
    "no-sms-code": State(Device(code=CODE), trouble=Trouble.SMS),
    "journal": State(Device(), trouble=Trouble.JOURNAL),
    "closed": State(Device(), trouble=Trouble.CLOSED),
    "blocked": State(Device(blocked=True, blocked_until_utc_ms=4_000_000_000_000)),
    "number-blocked": State(Device(), number=NUMBER, refusing=Refused(Refusal.BLOCKED, retry_in_s=86_400)),
    "no-gate": State(Device(), down=True),
    "no-uplink": State(Device(), trouble=Trouble.UPLINK),
    "no-uplink-online": State(ONLINE, trouble=Trouble.UPLINK),
    "away": State(Device(phase=Phase.AWAY, number=NUMBER)),
    "time-used-up": State(Device(ended=Ended.TIME, online_for_s=3600)),
    "voucher": State(Device(), voucher="KX7M-2QPV"),
}

_SEND = """([name, typed]) => {
    const field = document.getElementById(name);
    field.value = typed;
    field.form.submit();
}"""


def bring(site: Site, page: Page, state: State, language: Language) -> None:
    """Have the page of ``state`` shown, in this language."""
    # The page before asks how things are, and would go where it is told to in the middle of what follows.
    page.goto("about:blank")
    site.gate = GateWithState(trouble=state.trouble, vouchers={VOUCHER})
    site.gate.put(IP, replace(state.device, language=language))
    page.goto(f"{site.address}/")
    site.gate.refusing, site.gate.down = state.refusing, state.down
    for name, typed in (("number", state.number), ("password", state.password), ("voucher", state.voucher)):
        if typed:
            # By the form's own method, which no script hears: the page's would send six digits by itself.
            with page.expect_navigation():
                page.evaluate(_SEND, [name, typed])
    if state.down:
        page.goto(f"{site.address}/?lang={language}")
