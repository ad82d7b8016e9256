"""Pure: what a refusal of the gate means for the page: which sentence, where it stands, which HTTP status.

A new member of ``Refusal`` does not type-check until it has its arm in both functions. Must not know: Flask, HTML,
the gate's socket.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from http import HTTPStatus
from typing import assert_never

from appliance.wire import Refusal, Refused
from portal.visitor.spans import wait
from portal.visitor.words import Words


class Place(StrEnum):
    """Where on the page a refusal's sentence belongs."""

    NUMBER = "number"
    """At Login and Get password."""
    PASSWORD = "password"
    """At Password."""
    PASSWORD_VOID = "password_void"
    """At Get password, because the password that was sent no longer counts."""
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


def saying(refused: Refused, words: Words) -> Saying:
    """What to say about this refusal, and where."""
    said = _saying(refused.refusal, words)
    more = []
    if refused.retry_in_s:
        more.append(words.refusal.again_in.format(wait=wait(refused.retry_in_s, words.durations)))
    if refused.tries_left and said.place is Place.PASSWORD:
        more.append(words.form.tries_left.format(count=refused.tries_left) + ".")
    return Saying(said.place, " ".join((said.sentence, *more)), said.heading, said.passes)


def _saying(refusal: Refusal, words: Words) -> Saying:
    told, heads = words.refusal, words.notice
    match refusal:
        case Refusal.NOT_A_NUMBER:
            return Saying(Place.NUMBER, told.not_a_number)
        case Refusal.NOT_MOBILE:
            return Saying(Place.NUMBER, told.not_mobile)
        case Refusal.COUNTRY_NOT_ALLOWED:
            return Saying(Place.NUMBER, told.country_not_allowed)
        case Refusal.TOO_SOON:
            return Saying(Place.NUMBER, told.too_soon)
        case Refusal.NUMBER_LIMIT:
            return Saying(Place.NUMBER, told.number_limit)
        case Refusal.DEVICE_LIMIT:
            return Saying(Place.NUMBER, told.device_limit)
        case Refusal.VENUE_LIMIT:
            return Saying(Place.NUMBER, told.venue_limit)
        case Refusal.PREFIX_LIMIT:
            return Saying(Place.NUMBER, told.prefix_limit)
        case Refusal.NOT_YOUR_TURN:
            return Saying(Place.NUMBER, told.not_your_turn)
        case Refusal.BUDGET_SPENT:
            return Saying(Place.NUMBER, told.budget_spent)
        case Refusal.NO_PASSWORD_ASKED:
            return Saying(Place.NUMBER, told.no_password_asked)
        case Refusal.PASSWORD_MALFORMED:
            return Saying(Place.PASSWORD, told.password_malformed)
        case Refusal.PASSWORD_WRONG:
            return Saying(Place.PASSWORD, told.password_wrong)
        case Refusal.PASSWORD_EXPIRED:
            return Saying(Place.PASSWORD_VOID, told.password_expired)
        case Refusal.TOO_MANY_TRIES:
            return Saying(Place.PASSWORD_VOID, told.too_many_tries)
        case Refusal.ALREADY_ONLINE:
            return Saying(Place.ONLINE, told.already_online)
        case Refusal.BAD_REQUEST:
            return Saying(Place.WHOLE_PAGE, told.bad_request, heads.cannot_heading)
        case Refusal.TOO_LARGE:
            return Saying(Place.WHOLE_PAGE, told.too_large, heads.cannot_heading)
        case Refusal.FORBIDDEN:
            return Saying(Place.WHOLE_PAGE, told.forbidden, heads.closed_heading)
        case Refusal.BUSY:
            return Saying(Place.WHOLE_PAGE, told.busy, heads.moment_heading, passes=True)
        case Refusal.NOT_ON_LAN:
            return Saying(Place.WHOLE_PAGE, told.not_on_lan, heads.wifi_heading)
        case Refusal.UNKNOWN_DEVICE:
            return Saying(Place.WHOLE_PAGE, told.unknown_device, heads.wifi_heading)
        case Refusal.JOURNAL_UNAVAILABLE:
            return Saying(Place.WHOLE_PAGE, told.journal_unavailable, heads.closed_heading)
        case Refusal.NO_SUCH_VISIT:
            return Saying(Place.WHOLE_PAGE, told.no_such_visit, heads.cannot_heading)
        case Refusal.SMS_UNAVAILABLE:
            return Saying(Place.NUMBER, told.sms_unavailable)
        case Refusal.TERMS_NOT_ACCEPTED:
            return Saying(Place.NUMBER, told.terms_not_accepted)
        case Refusal.VOUCHER_MALFORMED:
            return Saying(Place.NUMBER, told.voucher_malformed)
        case Refusal.VOUCHER_UNKNOWN:
            return Saying(Place.NUMBER, told.voucher_unknown)
        case Refusal.VOUCHER_USED:
            return Saying(Place.NUMBER, told.voucher_used)
        case Refusal.VOUCHER_EXPIRED:
            return Saying(Place.NUMBER, told.voucher_expired)
        case Refusal.TOO_MANY_VOUCHERS:
            return Saying(Place.NUMBER, told.too_many_vouchers)
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
            | Refusal.BAD_REQUEST
            | Refusal.VOUCHER_MALFORMED
            | Refusal.VOUCHER_UNKNOWN
            | Refusal.VOUCHER_USED
            | Refusal.VOUCHER_EXPIRED
            | Refusal.TERMS_NOT_ACCEPTED
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
        case Refusal.ALREADY_ONLINE | Refusal.NO_SUCH_VISIT:
            return HTTPStatus.CONFLICT
        case Refusal.NOT_ON_LAN | Refusal.UNKNOWN_DEVICE:
            return HTTPStatus.FORBIDDEN
        case (
            Refusal.BUSY
            | Refusal.JOURNAL_UNAVAILABLE
            | Refusal.FORBIDDEN
            | Refusal.BUDGET_SPENT
            | Refusal.SMS_UNAVAILABLE
        ):
            return HTTPStatus.SERVICE_UNAVAILABLE
        case _:
            assert_never(refusal)
