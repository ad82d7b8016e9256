"""Pure: what a refusal of the gate means for the page: which sentence, where it stands, which HTTP status.

A new member of ``Refusal`` does not type-check until it has its arm in both functions. Must not know: Flask, HTML,
the gate's socket.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from http import HTTPStatus
from typing import assert_never

from appliance.wire import Refusal, Refused
from portal.words import Words

_SAY_THE_TIME_S = 600
"""Who waits longer goes away and comes back by the clock."""
_SAY_THE_DAY_S = 43_200
"""And by the calendar."""

_TO_THE_DESK = frozenset(
    {
        Refusal.NUMBER_LIMIT,
        Refusal.DEVICE_LIMIT,
        Refusal.VENUE_LIMIT,
        Refusal.PREFIX_LIMIT,
        Refusal.BUDGET_SPENT,
        Refusal.COUNTRY_NOT_ALLOWED,
        Refusal.SMS_UNAVAILABLE,
        Refusal.BLOCKED,
    }
)
"""No SMS will come of asking again; whoever is at the desk can help."""


class Place(StrEnum):
    """Where on the page a refusal's sentence belongs."""

    NUMBER = "number"
    """At Login and Get password."""
    PASSWORD = "password"
    """At Password."""
    PASSWORD_VOID = "password_void"
    """At Get password, because the password that was sent no longer counts."""
    VOUCHER = "voucher"
    """At the voucher's field."""
    WHOLE_PAGE = "whole_page"
    """No field can mend it."""
    ONLINE = "online"
    """The device is online: its page is the online page."""


@dataclass(frozen=True)
class Saying:
    """A refusal in a person's words."""

    place: Place
    sentence: str
    heading: str = ""
    """Of a whole page."""
    passes: bool = False
    """It mends itself in moments, so the page may look again by itself."""
    to_the_desk: bool = False
    """Its page offers the desk first."""


@dataclass(frozen=True)
class _Where:
    place: Place
    heading: str = ""
    passes: bool = False


def saying(refused: Refused, words: Words, now: datetime) -> Saying:
    """What to say about this refusal, and where.

    Args:
        now: in the venue's time zone.
    """
    where = _where(refused.refusal)
    said = [words.say(f"refusal.{refused.refusal}")]
    if refused.retry_in_s:
        said.append(when(refused.retry_in_s, words, now))
    if refused.tries_left and where.place is Place.PASSWORD:
        said.append(words.count("form.tries_left", refused.tries_left))
    heading = words.say(where.heading) if where.heading else ""
    return Saying(where.place, " ".join(said), heading, where.passes, refused.refusal in _TO_THE_DESK)


def when(retry_in_s: int, words: Words, now: datetime) -> str:
    """How long is to be waited, as a sentence of its own; ``now``: in the venue's time zone."""
    told = {"in": words.wait_told(retry_in_s)}
    if retry_in_s < _SAY_THE_TIME_S:
        return words.say("refusal.again_in", **told)
    # Up to the next minute: whoever comes back at the time we said must not be sent away again.
    ends = now + timedelta(seconds=retry_in_s + 59)
    at = words.time_of_day(ends)
    if retry_in_s >= _SAY_THE_DAY_S:
        return words.say("refusal.again_on", day=words.day(ends), time=at)
    return words.say("refusal.again_at", **told, time=at)


def _where(refusal: Refusal) -> _Where:
    match refusal:
        case (
            Refusal.NOT_A_NUMBER
            | Refusal.NOT_MOBILE
            | Refusal.COUNTRY_NOT_ALLOWED
            | Refusal.TOO_SOON
            | Refusal.NUMBER_LIMIT
            | Refusal.DEVICE_LIMIT
            | Refusal.VENUE_LIMIT
            | Refusal.PREFIX_LIMIT
            | Refusal.NOT_YOUR_TURN
            | Refusal.BUDGET_SPENT
            | Refusal.SMS_UNAVAILABLE
            | Refusal.TERMS_NOT_ACCEPTED
            | Refusal.NO_PASSWORD_ASKED
            | Refusal.BLOCKED
        ):
            return _Where(Place.NUMBER)
        case Refusal.PASSWORD_MALFORMED | Refusal.PASSWORD_WRONG:
            return _Where(Place.PASSWORD)
        case Refusal.PASSWORD_EXPIRED | Refusal.TOO_MANY_TRIES:
            return _Where(Place.PASSWORD_VOID)
        case (
            Refusal.VOUCHER_UNKNOWN
            | Refusal.VOUCHER_USED
            | Refusal.VOUCHER_EXPIRED
            | Refusal.VOUCHER_MALFORMED
            | Refusal.TOO_MANY_VOUCHERS
        ):
            return _Where(Place.VOUCHER)
        case Refusal.ALREADY_ONLINE:
            return _Where(Place.ONLINE)
        case (
            Refusal.BAD_REQUEST
            | Refusal.TOO_LARGE
            | Refusal.NO_SUCH_VISIT
            | Refusal.NO_SUCH_BLOCK
            | Refusal.TOO_MANY_BLOCKS
        ):
            return _Where(Place.WHOLE_PAGE, "notice.cannot")
        case Refusal.VENUE_CLOSED:
            return _Where(Place.WHOLE_PAGE, "notice.not_open")
        case Refusal.FORBIDDEN | Refusal.JOURNAL_UNAVAILABLE:
            return _Where(Place.WHOLE_PAGE, "notice.closed")
        case Refusal.BUSY:
            return _Where(Place.WHOLE_PAGE, "notice.moment", passes=True)
        case Refusal.NOT_ON_LAN | Refusal.UNKNOWN_DEVICE:
            return _Where(Place.WHOLE_PAGE, "notice.wifi")
        case _:
            assert_never(refusal)


def http_status(refusal: Refusal) -> HTTPStatus:
    """The status that a page with this refusal carries (RFC 9110 §15.5; 429: RFC 6585 §4)."""
    match refusal:
        case (
            Refusal.NOT_A_NUMBER
            | Refusal.NOT_MOBILE
            | Refusal.COUNTRY_NOT_ALLOWED
            | Refusal.NO_PASSWORD_ASKED
            | Refusal.PASSWORD_MALFORMED
            | Refusal.PASSWORD_WRONG
            | Refusal.PASSWORD_EXPIRED
            | Refusal.TERMS_NOT_ACCEPTED
            | Refusal.VOUCHER_UNKNOWN
            | Refusal.VOUCHER_USED
            | Refusal.VOUCHER_EXPIRED
            | Refusal.VOUCHER_MALFORMED
            | Refusal.BAD_REQUEST
        ):
            return HTTPStatus.UNPROCESSABLE_ENTITY
        case Refusal.TOO_LARGE:
            return HTTPStatus.REQUEST_ENTITY_TOO_LARGE
        case (
            Refusal.TOO_SOON
            | Refusal.NUMBER_LIMIT
            | Refusal.DEVICE_LIMIT
            | Refusal.VENUE_LIMIT
            | Refusal.PREFIX_LIMIT
            | Refusal.NOT_YOUR_TURN
            | Refusal.TOO_MANY_TRIES
            | Refusal.TOO_MANY_VOUCHERS
        ):
            return HTTPStatus.TOO_MANY_REQUESTS
        case Refusal.ALREADY_ONLINE | Refusal.NO_SUCH_VISIT | Refusal.NO_SUCH_BLOCK | Refusal.TOO_MANY_BLOCKS:
            return HTTPStatus.CONFLICT
        case Refusal.NOT_ON_LAN | Refusal.UNKNOWN_DEVICE | Refusal.BLOCKED:
            return HTTPStatus.FORBIDDEN
        case (
            Refusal.BUSY
            | Refusal.JOURNAL_UNAVAILABLE
            | Refusal.FORBIDDEN
            | Refusal.BUDGET_SPENT
            | Refusal.SMS_UNAVAILABLE
            | Refusal.VENUE_CLOSED
        ):
            return HTTPStatus.SERVICE_UNAVAILABLE
        case _:
            assert_never(refusal)
