"""How long people take at the console of a whole venue, in a browser, at a person's speed: the first hour of a box, and
a visitor whom the desk admits by document.

Every key and every page takes its time (``Pace``), and so does what the box does meanwhile: its parts begin anew after
each step of the wizard, an SMS goes out and its receipt comes back. Must not know: what is on a page.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from appliance.wire import Language
from tests.bench.effort import QUICK, Effort
from tests.bench.report import Better, Row, percentile
from tests.lab.venue import Venue
from tests.system.browser import browser_in
from tests.system.console_pictures import NEW_BOX
from tests.system.console_walks import DESK, by_document, first_hour, pairing_code, signed_in
from tests.system.guest import Guest
from tests.system.staffer import Pace, Staffer, staffer

NEWCOMER = Pace(key_s=0.3, glance_s=1.5, words_per_min=150)
"""An owner who types 40 words a minute and reads every word of a page before touching it."""
PRACTISED = Pace(key_s=0.3, glance_s=1.5)
"""Somebody of the desk who types as fast and knows the two pages."""
VISITORS = 5


def measure(effort: Effort) -> list[Row]:
    """From the claim code to the open venue; and from a code that is read out to a visitor who is online."""
    newcomer, practised, visitors = (Pace(), Pace(), 1) if effort is QUICK else (NEWCOMER, PRACTISED, VISITORS)
    with (
        Venue.open("qh-", visitors=0, changes=NEW_BOX, office=True) as venue,
        tempfile.TemporaryDirectory() as scratch,
        browser_in(venue.office, Path(scratch)) as browser,
    ):
        with staffer(venue, browser, Language.KAZAKH) as owner:
            owner.pace = newcomer
            phone, code = Guest.new(venue), venue.qaqpa("claim").strip()
            begin_s = time.monotonic()
            password = first_hour(owner, code, "kk", phone, _nobody_looks)
            wizard_s = time.monotonic() - begin_s
        admitted_s = []
        with staffer(venue, browser, Language.RUSSIAN) as desk:
            signed_in(desk, DESK, password, _nobody_looks)
            desk.pace = practised
            for _ in range(visitors):
                admitted_s.append(_admitted(desk, Guest.new(venue)))
    return [
        Row("people: the wizard, from the code to the open venue", wizard_s / 60, "min", Better.LOWER),
        Row("people: admitted by document, p50", percentile(admitted_s, 50), "s", Better.LOWER),
        Row(f"people: admitted by document, slowest of {visitors}", max(admitted_s), "s", Better.LOWER),
    ]


def _admitted(desk: Staffer, guest: Guest) -> float:
    code = pairing_code(guest)
    begin_s = time.monotonic()
    by_document(desk, code, _nobody_looks)
    took_s = time.monotonic() - begin_s
    assert guest.online()
    return took_s


def _nobody_looks(_: Staffer, __: str) -> None:
    """At a page that the walk has come to."""
