"""What the section's parts share: telling the gate what is done, and saying why something cannot be.

Must not know: any page.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from babel.dates import format_date
from flask import request

from appliance.errors import ApplianceError, GateUnreachable, WireError
from appliance.staff.accounts import Record
from appliance.staff.errors import HashingBusy, StaffFileDamaged, StaffFileNewer, StaffRefused
from appliance.staff.roles import SignedIn
from appliance.staff.signing_in import Proved, Refused, Why
from appliance.wire import Done
from appliance.wire_console import NoteStaff, StaffAct
from portal.console.site import Site

_TEXT, _DETAIL = 64, 200
# The first that fits: each of them says the names of those after it, too.
_BROWSERS = (
    ("YaBrowser/", "Yandex"),
    ("Edg/", "Edge"),
    ("OPR/", "Opera"),
    ("Firefox/", "Firefox"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
_SYSTEMS = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Macintosh", "macOS"),
    ("Linux", "Linux"),
)


class Unrecorded(ApplianceError):
    """The gate did not record what was to be done, so it was not done."""

    def __init__(self) -> None:
        super().__init__("the gate does not record what staff does; `qaqpa doctor` says why")


def note(site: Site, act: StaffAct, detail: str = "", *, login: str, role: str) -> None:
    """Have it recorded.

    Raises:
        Unrecorded: it is not.
    """
    try:
        reply = site.gate.ask(NoteStaff(staff=login[:_TEXT], act=act, role=role, detail=detail[:_DETAIL]))
    except (GateUnreachable, WireError) as error:
        raise Unrecorded from error
    if not isinstance(reply, Done):
        raise Unrecorded


def recording(site: Site, act: StaffAct, detail: str = "", who: SignedIn | None = None) -> Record:
    """The same for who is signed in, when the time has come."""
    by = who or site.who()
    return lambda: note(site, act, detail, login=by.login, role=by.role)


def address() -> str:
    """From where the request comes, as nginx says."""
    return request.headers.get("X-Real-IP", request.remote_addr or "")


def browser() -> str:
    """What the browser says it is, as far as a person can tell one of theirs from another by it; "" if nothing."""
    said = request.headers.get("User-Agent", "")
    known = (next((name for mark, name in each if mark in said), "") for each in (_BROWSERS, _SYSTEMS))
    return " · ".join(filter(None, known))


def field(name: str, longest: int = 200) -> str:
    """What was typed into a line of the form; longer than sensible is cut, and refused as what it is then."""
    return request.form.get(name, "")[:longest]


def problem(site: Site, error: ApplianceError) -> str:
    """A sentence for the person, which says what to do."""
    say = site.words().say
    match error:
        case StaffRefused():
            return say(f"staff.problem.{error.why}")
        case HashingBusy():
            return say("staff.problem.busy")
        case StaffFileNewer():
            return say("frame.refused.office_newer.do")
        case StaffFileDamaged():
            return say("staff.problem.damaged", file=error.path)
        case _:
            return say("staff.problem.unrecorded")


def attempted(site: Site, act: Callable[[], None]) -> str:
    """Do it; what is in the way as a sentence, "" if nothing was."""
    try:
        act()
    except (StaffRefused, HashingBusy, StaffFileDamaged, Unrecorded) as error:
        return problem(site, error)
    return ""


def not_known(site: Site, password: str) -> str:
    """Why this is not the password of who is signed in, as a sentence; "": it is."""
    match site.office.signing_in.again(site.who().login, password, address()):
        case Proved():
            return ""
        case Refused(why=Why.WRONG):
            return site.words().say("staff.problem.not_yours")
        case refused:
            return not_proved(site, refused)


def not_proved(site: Site, refused: Refused) -> str:
    """Why a password or a code was not taken, as a sentence."""
    words = site.words()
    if refused.why is Why.WAIT:
        return words.say("staff.problem.wait", wait=words.wait_told(refused.retry_in_s))
    return words.say(f"staff.problem.{refused.why}")


def day(site: Site, utc_ms: float) -> str:
    """A day as its people write it."""
    return str(format_date(local(site, utc_ms), "medium", locale=site.words().locale))


def moment(site: Site, utc_ms: float) -> str:
    """A day and the time of the day."""
    return f"{day(site, utc_ms)}, {site.words().time_of_day(local(site, utc_ms))}"


def end_of_day(site: Site, typed: str) -> int | None:
    """The end of the day that a date field names, at the venue; None: none was given.

    Raises:
        ValueError: it is no date.
    """
    if not typed:
        return None
    last = datetime.strptime(typed, "%Y-%m-%d").replace(hour=23, minute=59, second=59, tzinfo=site.config.venue.zone)
    return round(last.timestamp() * 1000)


def local(site: Site, utc_ms: float) -> datetime:
    """By the venue's clock."""
    return datetime.fromtimestamp(utc_ms / 1000, UTC).astimezone(site.config.venue.zone)
