"""What SMS may cost the owner: the budget of day and month, and how long passwords that nobody enters are put up with.

Somebody who earns by SMS to numbers of their choice ("pumping") asks from thousands of invented MAC addresses, and
never enters a password. Four things stop them, from the cheapest to the dearest:

    debts       each password sent to a newcomer is a debt of its number's range (all but the last 4 digits), of its
                operator (all but the last 7) and of the newcomers as a whole, until one is entered, which pays for two,
                or time forgives it. A prefix that owes a whole share gets no more; others do.
    patience    the second half of an operator's and the newcomers' share is for devices that wait a minute for it: an
                address invented for one request is gone by then, a visitor is not.
    reserve     the last part of the budget is for numbers that logged in here before.
    budget      so many SMS a day and a month, whatever happens; neither a restart nor a reboot begins it anew.

Pure. Time is the boot clock, which no setting moves; the calendar comes in as ``Day``. Must not know: who asks, what is
answered, sessions.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec

DAY_MS = 86_400_000
HOUR_MS = 3_600_000
FORGIVEN_MS = DAY_MS // 2
"""In so much time a whole share of debts is forgiven: one mistake must not shut out a range for good."""
WATCHED_HOURS = 6
"""How far back the ratio of entered to sent is looked at."""
FEWEST_WATCHED = 30
"""With fewer SMS than this a bad ratio is chance."""
TIGHT = 4
"""By so much smaller is the share of a range where nobody enters anything, while the ratio is bad..."""
LEAST_OWED = 3
"""...but never smaller than this: a visitor whose SMS was lost must be able to ask again."""
PATIENCE_MS = 60_000
"""How long a device waits its turn while many passwords are owed."""
TURN_MS = 180_000
"""How long after it came it may take its turn."""
MOST_WAITING = 5_000
"""So many devices may wait; others are told to, and begin later. More do not come in that time for long: 28 new
addresses a second are more than a /16 has leases for in an hour."""
MOST_REGULARS = 20_000
"""So many numbers are remembered at the turn of a day, the newest: some 2 MB."""


class Day(msgspec.Struct, frozen=True, order=True):
    """A day of the venue's own calendar."""

    ordinal: int = 0
    """Days since 0001-01-01, which is 1."""
    month: str = ""
    """Such as ``2026-11``."""


class Budget(msgspec.Struct, frozen=True):
    """What the owner is ready to pay for, in SMS. A password takes one: longer texts are refused at configuration."""

    daily_sms: int = 1000
    monthly_sms: int = 20_000
    reserved_percent: int = 30
    """How much of both is only for numbers that logged in here before."""
    remember_days: int = 90
    """How long such a number is remembered; 0: none is, and nothing is reserved."""

    def for_newcomers(self, sms: int) -> int:
        """The part of ``sms`` that is not reserved."""
        return sms * (100 - self.reserved_percent) // 100 if self.remember_days else sms


# ── the budget ──────────────────────────────────────────────────────────────────────────────────────────────────────


class Hour(msgspec.Struct, frozen=True, array_like=True):
    """What happened in one hour of the boot clock."""

    hour: int
    sent: int = 0
    entered: int = 0


class Ledger(msgspec.Struct, frozen=True):
    """What was spent on the venue's current day and in its month, and what came of it lately."""

    day: Day = Day()
    opened_boot_ms: int = 0
    """When this day's page was opened."""
    day_sms: int = 0
    month_sms: int = 0
    hours: tuple[Hour, ...] = ()


def turned(ledger: Ledger, day: Day, now_ms: int) -> Ledger:
    """The ledger on the page of ``day``.

    A page is turned when a later day comes. A clock that went back turns none, since the day it says was paid for;
    only when 24 hours have passed by the boot clock it is believed: it had been ahead, and would shut out everybody
    until it gets there again.
    """
    if day == ledger.day or (day < ledger.day and now_ms - ledger.opened_boot_ms < DAY_MS):
        return ledger
    month_sms = ledger.month_sms if day.month == ledger.day.month else 0
    return Ledger(day, now_ms, 0, month_sms, ledger.hours)


def left(ledger: Ledger, budget: Budget, newcomer: bool) -> int:
    """How many SMS may still be sent to a number that is, or is not, a newcomer; 0 or less = none."""
    daily, monthly = budget.daily_sms, budget.monthly_sms
    if newcomer:
        daily, monthly = budget.for_newcomers(daily), budget.for_newcomers(monthly)
    return min(daily - ledger.day_sms, monthly - ledger.month_sms)


def spent(ledger: Ledger, now_ms: int) -> Ledger:
    """One more SMS."""
    return msgspec.structs.replace(
        ledger,
        day_sms=ledger.day_sms + 1,
        month_sms=ledger.month_sms + 1,
        hours=_tallied(ledger, Hour(now_ms // HOUR_MS, sent=1)),
    )


def tested(ledger: Ledger) -> Ledger:
    """One more SMS whose password nobody will enter, nor should."""
    return msgspec.structs.replace(ledger, day_sms=ledger.day_sms + 1, month_sms=ledger.month_sms + 1)


def refunded(ledger: Ledger, day: Day) -> Ledger:
    """An SMS of ``day`` was refused by the SMSC: it costs nothing."""
    return msgspec.structs.replace(
        ledger,
        day_sms=ledger.day_sms - (day == ledger.day),
        month_sms=ledger.month_sms - (day.month == ledger.day.month),
    )


def entered(ledger: Ledger, now_ms: int) -> Ledger:
    """A password was entered."""
    return msgspec.structs.replace(ledger, hours=_tallied(ledger, Hour(now_ms // HOUR_MS, entered=1)))


def watched(ledger: Ledger, now_ms: int) -> tuple[int, int]:
    """(sent, entered) in the last hours."""
    hours = _recent(ledger, now_ms // HOUR_MS)
    return sum(hour.sent for hour in hours), sum(hour.entered for hour in hours)


def alarming(ledger: Ledger, now_ms: int) -> bool:
    """Whether less than a third of what was sent lately was entered: visitors enter four of five, pumps none."""
    sent, entered_ = watched(ledger, now_ms)
    return sent >= FEWEST_WATCHED and entered_ * 3 < sent


def rebooted(ledger: Ledger, now_ms: int) -> Ledger:
    """After a reboot: the boot clock began anew, the budget did not."""
    return msgspec.structs.replace(ledger, opened_boot_ms=now_ms, hours=())


def _tallied(ledger: Ledger, more: Hour) -> tuple[Hour, ...]:
    *before, last = _recent(ledger, more.hour) or (Hour(more.hour),)
    if last.hour != more.hour:
        return (*before, last, more)
    return (*before, Hour(more.hour, last.sent + more.sent, last.entered + more.entered))


def _recent(ledger: Ledger, hour: int) -> tuple[Hour, ...]:
    return tuple(each for each in ledger.hours if each.hour > hour - WATCHED_HOURS)


# ── debts ───────────────────────────────────────────────────────────────────────────────────────────────────────────


class Reach(StrEnum):
    """Whose debts are counted together."""

    RANGE = "range"
    OPERATOR = "operator"
    NEWCOMERS = "newcomers"


Debtor = tuple[Reach, str]
"""With the prefix in E.164, such as ``+7701123`` or ``+7701``; "" for the newcomers as a whole."""

# The part of a day's budget that each may owe, in percent, and the least: a small budget must not refuse a family.
_SHARES = {Reach.RANGE: (2, 5), Reach.OPERATOR: (10, 10), Reach.NEWCOMERS: (25, 20)}


class Debt(msgspec.Struct, frozen=True, array_like=True):
    """Passwords sent and not entered, as the time it takes to forgive them: one number, however many they are."""

    until_boot_ms: int
    """When all will be forgiven."""
    changed_boot_ms: int
    answered_boot_ms: int | None = None
    """When somebody last entered a password here."""


def debtors(number: str) -> tuple[Debtor, ...]:
    """Whose debts grow by an SMS to ``number``, the narrowest first."""
    return (Reach.RANGE, number[:-4]), (Reach.OPERATOR, number[:-7]), (Reach.NEWCOMERS, "")


def most_owed(reach: Reach, budget: Budget) -> int:
    """How many SMS may be owed at once."""
    percent, least = _SHARES[reach]
    return max(least, budget.daily_sms * percent // 100)


def wait_ms(debt: Debt | None, debtor: Debtor, budget: Budget, now_ms: int, tight: bool) -> int:
    """How long until time alone makes room for one more SMS; 0 = now. ``tight``: the ratio is alarming."""
    reach, _ = debtor
    answered = debt is not None and _answered_lately(debt, now_ms)
    each_ms, patience_ms = _each_ms(reach, budget), FORGIVEN_MS
    if tight and reach is Reach.RANGE and not answered:
        patience_ms = max(FORGIVEN_MS // TIGHT, LEAST_OWED * each_ms)
    ahead_ms = (max(debt.until_boot_ms - now_ms, 0) if debt else 0) + each_ms
    return max(0, ahead_ms - patience_ms)


def pressed(debt: Debt | None, debtor: Debtor, now_ms: int) -> bool:
    """Whether half a share is owed, so that the other half is for the patient. A range is too small to be halved."""
    return debt is not None and debtor[0] is not Reach.RANGE and debt.until_boot_ms - now_ms >= FORGIVEN_MS // 2


class Waiting(msgspec.Struct, frozen=True):
    """A device that waits its turn to be sent a password."""

    number: str
    since_boot_ms: int


def turn_in_ms(waiting: Waiting | None, number: str, now_ms: int) -> int:
    """How long until it is the turn of a device that asks for ``number``; 0 = now."""
    if waiting is None or waiting.number != number or over(waiting, now_ms):
        return PATIENCE_MS
    return max(0, waiting.since_boot_ms + PATIENCE_MS - now_ms)


def over(waiting: Waiting, now_ms: int) -> bool:
    """Whether it let its turn pass."""
    return now_ms - waiting.since_boot_ms >= TURN_MS


def owing(debt: Debt | None, debtor: Debtor, budget: Budget, now_ms: int) -> Debt:
    """One more SMS was sent."""
    before = debt or Debt(now_ms, now_ms)
    until_ms = max(before.until_boot_ms, now_ms) + _each_ms(debtor[0], budget)
    return Debt(until_ms, now_ms, before.answered_boot_ms)


def paid(debt: Debt | None, debtor: Debtor, budget: Budget, now_ms: int) -> Debt:
    """A password was entered: its own SMS is settled and one of another is forgiven, so that a crowd of honest
    visitors with numbers of one range (a company's) is never held up for long."""
    until_ms = debt.until_boot_ms if debt else now_ms
    return Debt(max(now_ms, until_ms - 2 * _each_ms(debtor[0], budget)), now_ms, now_ms)


def excused(debt: Debt, debtor: Debtor, budget: Budget, now_ms: int) -> Debt:
    """An SMS did not leave: nobody could enter it."""
    return Debt(debt.until_boot_ms - _each_ms(debtor[0], budget), now_ms, debt.answered_boot_ms)


def settled(debt: Debt, now_ms: int) -> bool:
    """Whether it may be forgotten."""
    return debt.until_boot_ms <= now_ms and not _answered_lately(debt, now_ms)


def carried_over(debt: Debt, now_ms: int) -> Debt:
    """After a reboot: what was owed when last counted is owed still."""
    return Debt(now_ms + max(0, debt.until_boot_ms - debt.changed_boot_ms), now_ms)


def _answered_lately(debt: Debt, now_ms: int) -> bool:
    return debt.answered_boot_ms is not None and now_ms - debt.answered_boot_ms < DAY_MS


def _each_ms(reach: Reach, budget: Budget) -> int:
    return FORGIVEN_MS // most_owed(reach, budget)
