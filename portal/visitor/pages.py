"""Pure: the gate's answer and a language in, what the page says out.

    >>> of_status(Status(phase=Phase.STRANGER), words("visitor", Language.ENGLISH), now).focus   # doctest: +SKIP
    <Focus.NUMBER: 'number'>

Every decision about a page is here, in ``forms`` or in ``refusals``; templates only lay out. Must not know: Flask,
HTTP, HTML, the gate's socket.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import assert_never

from appliance.wire import Phase, Status, Trouble
from portal.visitor import forms
from portal.visitor.forms import Form
from portal.visitor.refusals import Place, Saying, when
from portal.words import Words

AWAY_REFRESH_S = 3
"""An away device is seen again within a second or two; asking more often would only cost battery."""
MOMENT_REFRESH_S = 5
"""A restarted gate answers again in about a second; five keep a full venue from asking in step too often."""
TROUBLE_REFRESH_S = 15
"""A journal that cannot be written is mended by a person, and so is a line; a venue is opened by one."""
_ANY_ANSWER = "-"
"""The mark of a page that is stale as soon as the gate says anything."""


@dataclass(frozen=True)
class Online:
    """The page of an admitted device."""

    heading: str
    """Who has no Internet is not told of being online, nor to close the window."""
    login_shown: str
    """Empty: it was admitted without a number."""
    trouble: str
    online_for: str
    used: str
    time_left: str | None
    """None: unlimited, as the next."""
    data_left: str | None
    until: str
    """How long access lasts, and what is needed then."""
    mark: str
    refresh_s: int | None
    """Not None while the venue has no Internet: the page says by itself when it has."""


@dataclass(frozen=True)
class Away:
    """The page of a device that is back within the grace; it looks again by itself."""

    mark: str
    refresh_s: int = AWAY_REFRESH_S


@dataclass(frozen=True)
class Notice:
    """A page that only tells; ``refresh_s`` = None: it stays until the visitor does something."""

    heading: str
    sentence: str
    refresh_s: int | None = None
    mark: str = ""


Page = Form | Online | Away | Notice


def of_status(status: Status, words: Words, now: datetime, *, wants_form: bool = False, voucher: str = "") -> Page:
    """The page of a device's phase.

    Args:
        now: in the venue's time zone.
        wants_form: the visitor asked to type another number, so Login is open whatever the phase (online excepted).
        voucher: what the QR code of a printed voucher brought along.
    """
    if status.phase is not Phase.ONLINE and (shut := _shut(status, words, now)):
        heading, sentence = shut
        return Notice(heading, sentence, TROUBLE_REFRESH_S, forms.mark_of(status))
    match status.phase:
        case Phase.ONLINE:
            return _online(status, words)
        case Phase.AWAY if not wants_form:
            return Away(forms.mark_of(status))
        case Phase.STRANGER | Phase.ASKED | Phase.AWAY:
            page = forms.form(status, words, open_login=wants_form)
            return replace(page, voucher_typed=voucher) if page.voucher else page
        case _:
            assert_never(status.phase)


def with_problem(status: Status, saying: Saying, typed: str | None, words: Words, now: datetime) -> Page:
    """The page after a refusal that belongs to one field: the same page, with the sentence at that field.

    Args:
        typed: the number or voucher as the visitor typed it, None where a password was refused.
    """
    number = typed if saying.place is not Place.VOUCHER else None
    # A number other than the one the password went to stays in its field to be corrected, not thrown away.
    other_number = number is not None and number != status.number
    page = of_status(status, words, now, wants_form=other_number or status.phase is Phase.AWAY)
    if not isinstance(page, Form):
        return page
    if number is not None:
        page = replace(page, login=number)
    return forms.with_problem(page, saying, typed)


def of_whole_page(saying: Saying) -> Notice:
    """The page of a refusal that no field can mend."""
    if saying.passes:
        return Notice(saying.heading, saying.sentence, MOMENT_REFRESH_S, _ANY_ANSWER)
    return Notice(saying.heading, saying.sentence)


def told(key: str, words: Words) -> Notice:
    """A page that only tells and waits for the visitor; ``key``: of the catalogue, below ``notice.``."""
    return Notice(words.say(f"notice.{key}.heading"), words.say(f"notice.{key}.sentence"))


def moment(words: Words) -> Notice:
    """The gate does not answer: it is starting, or has more to do than it can."""
    return replace(told("no_gate", words), refresh_s=MOMENT_REFRESH_S, mark=_ANY_ANSWER)


def _shut(status: Status, words: Words, now: datetime) -> tuple[str, str] | None:
    """Heading and sentence, where no field would help; None: one may."""
    if status.trouble is Trouble.CLOSED:
        return words.say("notice.not_open"), words.say("trouble.closed")
    if status.blocked:
        told = words.say("notice.blocked.sentence")
        if status.blocked_until_utc_ms is not None:
            left_s = int(status.blocked_until_utc_ms / 1000 - now.timestamp())
            told = f"{told} {when(max(1, left_s), words, now)}"
        return words.say("notice.blocked.heading"), told
    if status.trouble is Trouble.JOURNAL:
        return words.say("notice.closed"), words.say("trouble.journal")
    return None


def _online(status: Status, words: Words) -> Online:
    time_left, data_left = status.seconds_remaining, status.bytes_remaining
    unlimited = time_left is None and data_left is None
    until = words.say("online.until" if unlimited else "online.until_limit")
    without = status.trouble is Trouble.UPLINK
    return Online(
        heading=words.say("online.heading_without" if without else "online.heading"),
        login_shown=forms.number_for_reading(status.number or ""),
        trouble=words.say("trouble.uplink_online") if without else "",
        online_for=words.elapsed(status.online_for_s or 0),
        used=words.size(status.bytes_used or 0),
        time_left=None if time_left is None else words.elapsed(time_left),
        data_left=None if data_left is None else words.size(data_left),
        until=f"{until} {words.say(_then(status.method))}",
        mark=forms.mark_of(status) if without else "",
        refresh_s=TROUBLE_REFRESH_S if without else None,
    )


def _then(method: str | None) -> str:
    match method:
        case "document":
            return "online.then_desk"
        case "voucher":
            return "online.then_voucher"
        case _:
            return "online.then_password"
