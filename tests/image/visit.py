"""What a visitor does on the box's page, and what the box says of visits. Must not know: which kind of box it is."""

from __future__ import annotations

import json
import re

from tests.image.site import PAGE, WEB, Site
from tests.lab.steps import hold
from tests.lab.visitor import Probe, Visitor
from tests.lab.waiting import until

_PATIENCE_S = 120.0
_LOOK_EVERY_S = 1.0
"""Each look costs the emulated box what it is waited for."""


def goes_online(site: Site, phone: Visitor, number: str, e164: str = "") -> None:
    """¶4 to ¶6, for a phone that has its lease.

    Args:
        number: as its owner types it; ``e164``, as the SMSC is given it, if that is another.
    """
    to = e164 or number
    before = len(site.texts(to))
    agreed = until(lambda: terms(phone), "the page with the venue's terms", _PATIENCE_S, _LOOK_EVERY_S)
    wanted = {"number": number, "terms": agreed}
    answer = phone.fetch(f"{PAGE}/password", method="POST", form=wanted, timeout_s=60)
    hold(answer.status == 303, f"the page answered {answer.status}")
    secret = site.password_for(to, after=before, timeout_s=_PATIENCE_S)
    answer = phone.fetch(f"{PAGE}/login", method="POST", form={"password": secret}, timeout_s=60)
    hold(answer.status == 303, f"the page answered {answer.status}: {answer.body[:300]}")
    hold(phone.probe(Probe.APPLE, 60).online, "the phone is not online")
    hold(phone.tcp_echo(WEB, 4242, 20), "TCP does not get through")


def terms(phone: Visitor) -> str | None:
    """What somebody agrees to who presses the button; nothing while the page says that it comes in a moment."""
    found = re.search(r'name="terms" value="([^"]+)"', phone.fetch(f"{PAGE}/", timeout_s=60).body)
    return found[1] if found else None


def redirected(phone: Visitor) -> str | None:
    """Where its probe was sent."""
    result = phone.probe(Probe.APPLE)
    return result.location if result.status == 302 else None


def visits(site: Site) -> dict[str, str]:
    """Where each live one stands, by its device."""
    told = json.loads(site.machine.shell.run("qaqpa visits --json").text)
    return {visit["device"]: visit["phase"] for visit in told}
