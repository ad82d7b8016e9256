"""Every sentence that the visitor's pages say, as one frozen type: a language that lacks one does not type-check.

    >>> from portal.visitor.english import ENGLISH
    >>> ENGLISH.form.tries_left.format(count=4)
    'Tries left: 4'

A number's spaces are no-break ones. Counts stand after a colon and durations are abbreviated, so that no sentence
needs plural forms yet. Must not know: requests, HTML, which sentence is said when.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Told:
    """A page that only tells: what is the matter, and what to do."""

    heading: str
    sentence: str


@dataclass(frozen=True)
class Durations:
    """Abbreviated units, each with ``{n}``."""

    seconds: str
    minutes: str
    hours: str


@dataclass(frozen=True)
class Sizes:
    """Abbreviated units of 1000, 1000² and 1000³ bytes, each with ``{n}``."""

    kilobytes: str
    megabytes: str
    gigabytes: str
    decimal: str
    """What stands before the first decimal."""


@dataclass(frozen=True)
class FormWords:
    """The page with ¶4's three elements."""

    heading: str
    intro: str
    time_used_up: str
    """With ``{time}``: why the last visit ended."""
    data_used_up: str
    """With ``{data}``."""
    login: str
    """¶4's «Логин»."""
    login_help: str
    get_password: str
    """¶4's «Парольды алу»."""
    password: str
    """¶4's «Пароль»."""
    password_help: str
    enter: str
    change_number: str
    another_in: str
    """With ``{wait}``: until a new password may be asked."""
    another_now: str
    tries_left: str
    """With ``{count}``."""
    valid_for: str
    """With ``{wait}``."""
    look_again: str


@dataclass(frozen=True)
class DeliveryWords:
    """How far the SMS has come, a sentence for each ``appliance.wire.Delivery``."""

    queued: str
    sent: str
    delivered: str
    failed: str
    unknown: str


@dataclass(frozen=True)
class OnlineWords:
    """The page of an admitted device."""

    heading: str
    sentence: str
    login: str
    online_for: str
    used: str
    time_left: str
    data_left: str
    until: str
    """¶8: the password counts until the device disconnects."""
    until_limit: str
    """The same where the venue limits time or data."""


@dataclass(frozen=True)
class AwayWords:
    """The page of a device that left and is back within the grace."""

    heading: str
    sentence: str
    get_password: str


@dataclass(frozen=True)
class RefusalWords:
    """A sentence that says what to do, for each ``appliance.wire.Refusal``."""

    bad_request: str
    too_large: str
    forbidden: str
    busy: str
    not_on_lan: str
    unknown_device: str
    not_a_number: str
    not_mobile: str
    country_not_allowed: str
    too_soon: str
    number_limit: str
    device_limit: str
    venue_limit: str
    prefix_limit: str
    not_your_turn: str
    budget_spent: str
    already_online: str
    no_password_asked: str
    password_malformed: str
    password_wrong: str
    password_expired: str
    too_many_tries: str
    journal_unavailable: str
    no_such_visit: str
    voucher_malformed: str
    voucher_unknown: str
    voucher_used: str
    voucher_expired: str
    too_many_vouchers: str
    terms_not_accepted: str
    sms_unavailable: str
    again_in: str
    """With ``{wait}``; follows a refusal that says when."""


@dataclass(frozen=True)
class NoticeWords:
    """Headings of refusals that fill a page, and pages that are no answer of the gate."""

    cannot_heading: str
    wifi_heading: str
    moment_heading: str
    closed_heading: str
    no_gate: Told
    not_behind_gateway: Told
    another_site: Told
    not_found: Told
    not_allowed: Told
    too_large: Told
    bad_request: Told
    broken: Told
    to_start: str
    """The link that every such page has."""


@dataclass(frozen=True)
class Words:
    """All that the pages say in one language."""

    name: str
    """The language's own name for itself."""
    languages: str
    """What the row of languages is called, for screen readers."""
    durations: Durations
    sizes: Sizes
    form: FormWords
    delivery: DeliveryWords
    online: OnlineWords
    away: AwayWords
    refusal: RefusalWords
    notice: NoticeWords
