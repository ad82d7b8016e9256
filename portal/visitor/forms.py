"""Pure: ¶4's page (Login, Get password, Password) with the desk and vouchers beside it, as the gate's Status needs it.

Must not know: Flask, HTTP, HTML, which refusal led here.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import assert_never

from appliance.wire import Delivery, Ended, Phase, Status, Trouble
from portal.visitor.refusals import Place, Saying
from portal.words import Words


class Focus(StrEnum):
    """The element that the visitor needs next."""

    NUMBER = "number"
    PASSWORD = "password"
    GET_PASSWORD = "get_password"
    VOUCHER = "voucher"
    NOTHING = ""
    """It is read first."""


@dataclass(frozen=True)
class Desk:
    """How staff can help: by a pairing code, asked for with a button."""

    code: str
    """In groups, for reading aloud; "": not asked for."""
    spelled: str
    """The same, a sign at a time, for screen readers."""
    valid_for_s: int
    first: bool
    """It is what helps now, so it stands above the form."""


@dataclass(frozen=True)
class Form:
    """¶4's page. What is said in seconds counts down where scripts run."""

    mark: str
    """What the page stands on. When the gate says another, the page is stale; "": nothing is waited for, as below."""
    login: str
    """What stands in Login: as the visitor typed it, or the number that the password went to."""
    login_shown: str | None
    """The number for reading, when the password went to it; None = Login can be typed into."""
    ended: str
    """Why the last visit ended, if its visitor may wonder."""
    trouble: str
    """What stops visitors from logging in just now."""
    delivery: str
    delivery_failed: bool
    tries_left: str
    valid_for_s: int | None
    another_in_s: int
    """Whole seconds until another password may be asked; 0 with Login open, where the gate judges."""
    may_look_again: bool
    """The delivery state can still change, so a link offers to look again."""
    number_problem: str
    password_problem: str
    password_first: bool
    """A password is out, so entering it is the main thing on the page."""
    focus: Focus
    desk: Desk
    voucher: bool
    """The venue has vouchers."""
    voucher_typed: str
    voucher_problem: str
    refresh_s: None = None
    """It holds what is being typed, so it is never loaded anew by itself."""


def number_for_reading(number: str) -> str:
    """An E.164 number in the groups that people of +7 say it in; others as they are.

    >>> number_for_reading("+77011234567").replace(chr(0xA0), " ")
    '+7 701 123 45 67'
    """
    digits = number.removeprefix("+7")
    if len(number) != 12 or len(digits) != 10 or not digits.isascii() or not digits.isdigit():
        return number
    # No-break spaces: a number must not be torn at a line's end in a 320 px window.
    return "\u00a0".join(("+7", digits[:3], digits[3:6], digits[6:8], digits[8:]))


def mark_of(status: Status) -> str:
    """What a page made of this status stands on; the delivery is not in it, since that can change in place."""
    void = status.tries_left == 0 or status.expires_in_s == 0 or status.delivery is Delivery.FAILED
    parts = (
        status.phase,
        status.number,
        "void" if void else "",
        status.code,
        status.trouble,
        f"blocked {status.blocked_until_utc_ms}" if status.blocked else "",
    )
    return "/".join(part or "" for part in parts)


def form(status: Status, words: Words, *, open_login: bool) -> Form:
    """The form of whoever is not online.

    Args:
        open_login: Login can be typed into, also where a password is out.
    """
    waits = status.phase is Phase.ASKED or status.code or status.trouble
    # Whose SMS is under way already is not stopped by a provider that is gone since.
    on_its_way = status.trouble is Trouble.SMS and status.delivery in {Delivery.SENT, Delivery.DELIVERED}
    empty = Form(
        mark=mark_of(status) if waits else "",
        login=status.number or "",
        login_shown=None,
        ended=_ended(status, words),
        trouble=words.say(f"trouble.{status.trouble}") if status.trouble and not on_its_way else "",
        delivery="",
        delivery_failed=False,
        tries_left="",
        valid_for_s=None,
        another_in_s=0,
        may_look_again=False,
        number_problem="",
        password_problem="",
        password_first=False,
        focus=Focus.NUMBER,
        desk=_desk(status),
        voucher=status.voucher,
        voucher_typed="",
        voucher_problem="",
    )
    if status.phase is Phase.ASKED and not open_login:
        return _asked(empty, status, words)
    # A code that the visitor came to read, or what stops everybody, is not to hide above an open keyboard.
    return replace(empty, focus=Focus.NOTHING) if status.code or status.trouble else empty


def with_problem(page: Form, saying: Saying, typed: str | None) -> Form:
    """The same page with a refusal's sentence at the field that it belongs to."""
    page = replace(page, desk=replace(page.desk, first=page.desk.first or saying.to_the_desk))
    getting = Focus.NUMBER if page.login_shown is None else Focus.GET_PASSWORD
    match saying.place:
        case Place.PASSWORD:
            told_already = page.tries_left and page.tries_left in saying.sentence
            page = replace(page, tries_left="" if told_already else page.tries_left)
            return replace(page, password_problem=saying.sentence, focus=Focus.PASSWORD)
        case Place.NUMBER:
            return replace(page, number_problem=saying.sentence, focus=getting)
        case Place.PASSWORD_VOID:
            # Only a new password helps: Get password is next, and no wait for the old one's state is shown.
            page = replace(page, delivery="", tries_left="", valid_for_s=None, may_look_again=False)
            return replace(page, number_problem=saying.sentence, focus=getting, password_first=False)
        case Place.VOUCHER:
            # Shown even if the gate has just stopped taking vouchers: the sentence must stand somewhere.
            page = replace(page, voucher=True, voucher_typed=typed or "")
            return replace(page, voucher_problem=saying.sentence, focus=Focus.VOUCHER)
        case Place.WHOLE_PAGE | Place.ONLINE:
            return page
        case _:
            assert_never(saying.place)


def _asked(empty: Form, status: Status, words: Words) -> Form:
    delivery = status.delivery or Delivery.QUEUED
    said = words.say(f"delivery.{delivery}")
    failed = delivery is Delivery.FAILED
    if status.tries_left == 0:
        said, failed = words.say("refusal.too_many_tries"), True
    elif status.expires_in_s == 0:
        said, failed = words.say("refusal.password_expired"), True
    return replace(
        empty,
        # The number is shown whole: Status is of the device behind this very IP address and nobody else's, and the
        # visitor must be able to see a mistyped digit.
        login_shown=number_for_reading(empty.login),
        delivery=said,
        delivery_failed=failed,
        tries_left="" if failed or status.tries_left is None else words.count("form.tries_left", status.tries_left),
        valid_for_s=None if failed else status.expires_in_s,
        another_in_s=max(0, status.resend_in_s or 0),
        may_look_again=not failed and delivery in {Delivery.QUEUED, Delivery.SENT},
        password_first=not failed,
        focus=Focus.NOTHING if status.code else Focus.GET_PASSWORD if failed else Focus.PASSWORD,
        # Its SMS may still come, so the password's field stays the first thing.
        desk=replace(empty.desk, first=bool(status.code) or (empty.desk.first and failed)),
    )


def _ended(status: Status, words: Words) -> str:
    match status.ended:
        case None:
            return ""
        case Ended.TIME:
            return words.say("ended.time", time=words.elapsed(status.online_for_s or 0))
        case Ended.QUOTA:
            return words.say("ended.quota", data=words.size(status.bytes_used or 0))
        case Ended.VISITOR | Ended.STAFF | Ended.BLOCKED:
            return words.say(f"ended.{status.ended}")
        case _:
            assert_never(status.ended)


def _desk(status: Status) -> Desk:
    code = status.code or ""
    return Desk(
        # A no-break space: the code must not be torn at a line's end.
        code="\u00a0".join(code[at : at + 3] for at in range(0, len(code), 3)),
        spelled=" ".join(code),
        valid_for_s=max(0, status.code_expires_in_s or 0),
        first=bool(code) or status.trouble is Trouble.SMS,
    )
