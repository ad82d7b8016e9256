"""Pure: the gate's answer and a language in, what the page says out.

    >>> of_status(Status(phase=Phase.STRANGER), ENGLISH).focus                      # doctest: +SKIP
    <Focus.NUMBER: 'number'>

Every decision about a page is here or in ``refusals``; templates only lay out. Must not know: Flask, HTTP, HTML, the
gate's socket.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import assert_never

from appliance.wire import Delivery, Ended, Phase, Status
from portal.visitor.refusals import Place, Saying
from portal.visitor.spans import elapsed, size, wait
from portal.visitor.words import DeliveryWords, Told, Words

AWAY_REFRESH_S = 3
"""An away device is seen again within a second or two; asking more often would only cost battery."""
MOMENT_REFRESH_S = 5
"""A restarted gate answers again in about a second; five keep a full venue from asking in step too often."""


class Focus(StrEnum):
    """The element that the visitor needs next."""

    NUMBER = "number"
    PASSWORD = "password"
    GET_PASSWORD = "get_password"


@dataclass(frozen=True)
class Form:
    """¶4's page: Login, Get password, Password."""

    login: str
    """What stands in Login: as the visitor typed it, or the number that the password went to."""
    login_shown: str | None
    """The number for reading, when the password went to it; None = Login can be typed into."""
    ended: str
    """Why the last visit ended, if its visitor may wonder."""
    delivery: str
    delivery_failed: bool
    tries_left: str
    valid_for: str
    another_in_s: int
    """Whole seconds until another password may be asked; 0 with Login open, where the gate judges."""
    another_in: str
    may_look_again: bool
    """The delivery state can still change, so a link offers to look again."""
    number_problem: str
    password_problem: str
    password_first: bool
    """A password is out, so entering it is the main thing on the page."""
    focus: Focus


@dataclass(frozen=True)
class Online:
    """The page of an admitted device."""

    login_shown: str
    online_for: str
    used: str
    time_left: str | None
    """None: unlimited, as the next."""
    data_left: str | None


@dataclass(frozen=True)
class Away:
    """The page of a device that is back within the grace; it looks again by itself."""

    refresh_s: int = AWAY_REFRESH_S


@dataclass(frozen=True)
class Notice:
    """A page that only tells; ``refresh_s`` = None: it stays until the visitor does something."""

    heading: str
    sentence: str
    refresh_s: int | None = None


Page = Form | Online | Away | Notice


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


def of_status(status: Status, words: Words, *, wants_form: bool = False) -> Page:
    """The page of a device's phase.

    Args:
        wants_form: the visitor asked to type another number, so Login is open whatever the phase (online excepted).
    """
    match status.phase:
        case Phase.ONLINE:
            return _online(status, words)
        case Phase.ASKED if not wants_form:
            return _asked(status, words)
        case Phase.AWAY if not wants_form:
            return Away()
        case Phase.STRANGER | Phase.ASKED | Phase.AWAY:
            return _empty(status, words)
        case _:
            assert_never(status.phase)


def with_problem(status: Status, saying: Saying, typed: str | None, words: Words) -> Page:
    """The page after a refusal that belongs to one field: the same page, with the sentence at that field.

    Args:
        typed: the number as the visitor typed it when asking for a password was refused, None after other refusals.
    """
    # A number other than the one the password went to stays in its field to be corrected, not thrown away.
    other_number = typed is not None and typed != status.number
    page = of_status(status, words, wants_form=other_number or status.phase is Phase.AWAY)
    if not isinstance(page, Form):
        return page
    if typed is not None:
        page = replace(page, login=typed)
    match saying.place:
        case Place.PASSWORD:
            told_already = page.tries_left and page.tries_left in saying.sentence
            page = replace(page, tries_left="" if told_already else page.tries_left)
            return replace(page, password_problem=saying.sentence, focus=Focus.PASSWORD)
        case Place.NUMBER:
            focus = Focus.NUMBER if page.login_shown is None else Focus.GET_PASSWORD
            return replace(page, number_problem=saying.sentence, focus=focus)
        case Place.PASSWORD_VOID:
            # Only a new password helps: Get password is next, and no wait for the old one's state is shown.
            focus = Focus.NUMBER if page.login_shown is None else Focus.GET_PASSWORD
            page = replace(page, delivery="", tries_left="", valid_for="", may_look_again=False, password_first=False)
            return replace(page, number_problem=saying.sentence, focus=focus)
        case Place.WHOLE_PAGE | Place.ONLINE:
            return page
        case _:
            assert_never(saying.place)


def of_whole_page(saying: Saying) -> Notice:
    """The page of a refusal that no field can mend."""
    return Notice(saying.heading, saying.sentence, MOMENT_REFRESH_S if saying.passes else None)


def of_told(told: Told) -> Notice:
    """A page that only tells and waits for the visitor."""
    return Notice(told.heading, told.sentence)


def moment(words: Words) -> Notice:
    """The gate does not answer: it is starting, or has more to do than it can."""
    told = words.notice.no_gate
    return Notice(told.heading, told.sentence, MOMENT_REFRESH_S)


def _empty(status: Status, words: Words) -> Form:
    return Form(
        login=status.number or "",
        login_shown=None,
        ended=_ended(status, words),
        delivery="",
        delivery_failed=False,
        tries_left="",
        valid_for="",
        another_in_s=0,
        another_in="",
        may_look_again=False,
        number_problem="",
        password_problem="",
        password_first=False,
        focus=Focus.NUMBER,
    )


def _ended(status: Status, words: Words) -> str:
    match status.ended:
        case None:
            return ""
        case Ended.TIME:
            return words.form.time_used_up.format(time=elapsed(status.online_for_s or 0, words.durations))
        case Ended.QUOTA:
            return words.form.data_used_up.format(data=size(status.bytes_used or 0, words.sizes))
        case Ended.VISITOR | Ended.STAFF:
            return ""
        case _:
            assert_never(status.ended)


def _online(status: Status, words: Words) -> Online:
    time_left, data_left = status.seconds_remaining, status.bytes_remaining
    return Online(
        login_shown=number_for_reading(status.number or ""),
        online_for=elapsed(status.online_for_s or 0, words.durations),
        used=size(status.bytes_used or 0, words.sizes),
        time_left=None if time_left is None else elapsed(time_left, words.durations),
        data_left=None if data_left is None else size(data_left, words.sizes),
    )


def _asked(status: Status, words: Words) -> Form:
    delivery = status.delivery or Delivery.QUEUED
    number = status.number or ""
    another_in_s = max(0, status.resend_in_s or 0)
    failed = delivery is Delivery.FAILED
    valid_for = tries_left = ""
    if status.expires_in_s is not None and not failed:
        valid_for = words.form.valid_for.format(wait=wait(status.expires_in_s, words.durations))
    if status.tries_left is not None and not failed:
        tries_left = words.form.tries_left.format(count=status.tries_left)
    void = status.tries_left == 0 or status.expires_in_s == 0
    return Form(
        login=number,
        # The number is shown whole: Status is of the device behind this very IP address and nobody else's, and the
        # visitor must be able to see a mistyped digit.
        login_shown=number_for_reading(number),
        ended="",
        delivery=_delivery(delivery, words.delivery),
        delivery_failed=failed,
        tries_left=tries_left,
        valid_for=valid_for,
        another_in_s=another_in_s,
        another_in=words.form.another_in.format(wait=wait(another_in_s, words.durations)),
        may_look_again=delivery in {Delivery.QUEUED, Delivery.SENT},
        number_problem="",
        password_problem="",
        password_first=not failed and not void,
        focus=Focus.GET_PASSWORD if failed or void else Focus.PASSWORD,
    )


def _delivery(delivery: Delivery, words: DeliveryWords) -> str:
    match delivery:
        case Delivery.QUEUED:
            return words.queued
        case Delivery.SENT:
            return words.sent
        case Delivery.DELIVERED:
            return words.delivered
        case Delivery.FAILED:
            return words.failed
        case _:
            assert_never(delivery)
