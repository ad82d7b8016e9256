"""Whether a password may be sent, and what each one is charged to: the arithmetic of limits and budget, on a session.

From the narrowest to the widest; the first that says no is the answer:

    terms, SMS                 the venue's terms were agreed to; some provider is there to carry it
    number, device, venue      ``allowances``: so many in a window of time
    the wait before another    ``allowances.resend_ms``
    the budget                 ``spending``: all of it for regulars, without the reserve for newcomers
    range, operator, newcomers ``spending``'s debts and patience, for newcomers alone

A newcomer is a number that never logged in here, not a device: invented MAC addresses cost nothing, and those of
regulars can be read from the air. Must not know: passwords, visits, what the answer looks like.
"""

from __future__ import annotations

from appliance import allowances, spending, troubles
from appliance.allowances import Scope
from appliance.console_events import SmsTested
from appliance.events import PasswordAsked
from appliance.spending import Day, Debtor, Ledger, Reach, Waiting
from appliance.state import Charge, Message, PasswordPending, Session, seconds_up
from appliance.turn import Turn
from appliance.wire import Delivery, Done, Refusal, Refused, Spending, Trouble

REFUSED_BY_SMSC = "0x"
"""How the reason begins when an SMSC refused an SMS with a status of SMPP: then it surely costs nothing."""
MOST_LISTED = 10
SAME_TAP_MS = 5_000
"""Asked twice within this, the same was meant once: two taps, two windows, a form sent again."""

_LIMITS = {
    Scope.NUMBER: Refusal.NUMBER_LIMIT,
    Scope.DEVICE: Refusal.DEVICE_LIMIT,
    Scope.VENUE: Refusal.VENUE_LIMIT,
}


def same_tap(session: Session, event: PasswordAsked) -> bool:
    """Whether this device asked for this number a moment ago, and that password is as good as a new one: then there is
    nothing to do, whatever the venue's own wait before another."""
    state = session.devices.get(event.device)
    if not isinstance(state, PasswordPending) or state.number != event.number or not state.tries_left:
        return False
    lost = session.messages[state.message].delivery is Delivery.FAILED
    return not lost and state.asked_boot_ms <= event.at.boot_ms < state.asked_boot_ms + SAME_TAP_MS


def refused(turn: Turn, event: PasswordAsked) -> Refused | None:
    """Why no password is sent now; None: it may be. Who is told to wait their turn is waiting from now on."""
    session = turn.session
    return (
        _by_conditions(session, event)
        or _by_limits(session, event)
        or _by_budget(session, event)
        or _by_debts(session, event)
        or _by_turn(turn, event)
    )


def _by_conditions(session: Session, event: PasswordAsked) -> Refused | None:
    digests = session.terms.terms_digests
    # At the desk staff takes the visitor's consent, and is recorded.
    if digests and event.terms not in digests and not event.staff:
        return Refused(Refusal.TERMS_NOT_ACCEPTED)
    if Trouble.SMS in troubles.present(session.troubles, event.at.boot_ms):
        return Refused(Refusal.SMS_UNAVAILABLE)
    return None


def _by_limits(session: Session, event: PasswordAsked) -> Refused | None:
    now = event.at.boot_ms
    for scope, key in _counted(event):
        limit = session.terms.allowances.of(scope)
        if wait_s := allowances.retry_in_s(session.asked.get((scope, key), ()), limit, now):
            return Refused(_LIMITS[scope], retry_in_s=wait_s)
    state = session.devices.get(event.device)
    # Another number may be asked for at once: the visitor mistyped it. The limits count it all the same.
    if isinstance(state, PasswordPending) and state.number == event.number and now < state.resend_boot_ms:
        return Refused(Refusal.TOO_SOON, retry_in_s=seconds_up(state.resend_boot_ms - now))
    return None


def _by_budget(session: Session, event: PasswordAsked) -> Refused | None:
    ledger = spending.turned(session.ledger, event.day, event.at.boot_ms)
    newcomer = event.subscriber not in session.regulars
    return None if spending.left(ledger, session.terms.budget, newcomer) > 0 else Refused(Refusal.BUDGET_SPENT)


def _by_debts(session: Session, event: PasswordAsked) -> Refused | None:
    if event.subscriber in session.regulars:
        return None
    for debtor in spending.debtors(event.number):
        if wait_ms := _wait_ms(session, debtor, event.at.boot_ms):
            refusal = Refusal.VENUE_LIMIT if debtor[0] is Reach.NEWCOMERS else Refusal.PREFIX_LIMIT
            return Refused(refusal, retry_in_s=seconds_up(wait_ms))
    return None


def _by_turn(turn: Turn, event: PasswordAsked) -> Refused | None:
    session, now = turn.session, event.at.boot_ms
    if event.subscriber in session.regulars or not any(
        spending.pressed(session.debts.get(debtor), debtor, now) for debtor in spending.debtors(event.number)
    ):
        return None
    wait_ms = spending.turn_in_ms(session.waiting.get(event.device), event.number, now)
    if not wait_ms:
        return None
    if wait_ms == spending.PATIENCE_MS and len(session.waiting) < spending.MOST_WAITING:
        turn.put_waiting(event.device, Waiting(event.number, now))
    return Refused(Refusal.NOT_YOUR_TURN, retry_in_s=seconds_up(wait_ms))


def charge(turn: Turn, event: PasswordAsked) -> Charge:
    """One more SMS is sent: count it wherever it counts."""
    now = turn.at.boot_ms
    for scope, key in _counted(event):
        turn.count(scope, key)
    ledger = spending.turned(turn.session.ledger, event.day, now)
    if ledger.day != turn.session.ledger.day:
        _forget_regulars(turn, ledger.day)
    turn.put_ledger(spending.spent(ledger, now))
    if event.device in turn.session.waiting:
        turn.put_waiting(event.device, None)
    newcomer = event.subscriber not in turn.session.regulars
    if newcomer:
        for debtor in spending.debtors(event.number):
            debt = turn.session.debts.get(debtor)
            turn.put_debt(debtor, spending.owing(debt, debtor, turn.session.terms.budget, now))
    return Charge(ledger.day, event.subscriber, newcomer)


def tested(turn: Turn, event: SmsTested) -> None:
    """A test SMS costs like any other, and tells nothing of visitors: no limit but the budget counts it."""
    ledger = spending.turned(turn.session.ledger, event.day, turn.at.boot_ms)
    if spending.left(ledger, turn.session.terms.budget, newcomer=False) <= 0:
        return turn.refuse(Refusal.BUDGET_SPENT)
    if ledger.day != turn.session.ledger.day:
        _forget_regulars(turn, ledger.day)
    turn.put_ledger(spending.tested(ledger))
    turn.record(event.act)
    return turn.answer(Done())


def resend_boot_ms(session: Session, event: PasswordAsked) -> int:
    """When the device may ask for this number again; to be asked after ``charge``."""
    times = session.asked.get((Scope.NUMBER, event.number), ())
    return event.at.boot_ms + allowances.resend_ms(session.terms.resend_s, len(times))


def entered(turn: Turn, message: str) -> None:
    """The password of this SMS was entered: its debts are paid, its number is a regular's."""
    sms = turn.session.messages.get(message)
    if sms is None or sms.charge is None:
        return
    turn.put_ledger(spending.entered(turn.session.ledger, turn.at.boot_ms))
    if sms.charge.newcomer:
        for debtor in spending.debtors(sms.number):
            debt = turn.session.debts.get(debtor)
            turn.put_debt(debtor, spending.paid(debt, debtor, turn.session.terms.budget, turn.at.boot_ms))
    if turn.session.terms.budget.remember_days:
        turn.put_regular(sms.charge.subscriber, turn.session.ledger.day.ordinal)


def never_left(turn: Turn, sms: Message, reason: str) -> None:
    """No SMSC took it. Nobody owes it; the budget gets it back only where that is certain: an SMS that was given up
    unanswered may have been sent, and paid for."""
    turn.uncount(Scope.NUMBER, sms.number)
    if sms.charge is None:
        return
    if sms.charge.newcomer:
        for debtor in spending.debtors(sms.number):
            if debt := turn.session.debts.get(debtor):
                budget = turn.session.terms.budget
                turn.put_debt(debtor, spending.excused(debt, debtor, budget, turn.at.boot_ms))
    if reason.startswith(REFUSED_BY_SMSC):
        turn.put_ledger(spending.refunded(turn.session.ledger, sms.charge.day))


def forget_old(turn: Turn) -> None:
    """Time has passed: what no longer counts takes no room."""
    turn.uncount_old()
    for debtor, debt in turn.session.debts.items():
        if spending.settled(debt, turn.at.boot_ms):
            turn.put_debt(debtor, None)
    for device, waiting in turn.session.waiting.items():
        if spending.over(waiting, turn.at.boot_ms):
            turn.put_waiting(device, None)


def rebooted(turn: Turn) -> None:
    """The boot clock began anew: limits in windows of time are void; what was spent and what is owed are not."""
    turn.uncount_all()
    if turn.session.ledger != Ledger():
        turn.put_ledger(spending.rebooted(turn.session.ledger, turn.at.boot_ms))
    for debtor, debt in turn.session.debts.items():
        turn.put_debt(debtor, spending.carried_over(debt, turn.at.boot_ms))


def figures(session: Session, day: Day, now_ms: int) -> Spending:
    """What the owner sees."""
    ledger, budget = spending.turned(session.ledger, day, now_ms), session.terms.budget
    sent, entered_ = spending.watched(ledger, now_ms)
    waits = [(_wait_ms(session, debtor, now_ms), debtor[1]) for debtor in session.debts]
    waiting = sorted(((wait_ms, prefix) for wait_ms, prefix in waits if wait_ms), reverse=True)
    return Spending(
        day_sms=ledger.day_sms,
        month_sms=ledger.month_sms,
        left=max(0, spending.left(ledger, budget, newcomer=False)),
        left_to_newcomers=max(0, spending.left(ledger, budget, newcomer=True)),
        sent=sent,
        entered=entered_,
        alarming=spending.alarming(ledger, now_ms),
        waiting=tuple(prefix for _, prefix in waiting[:MOST_LISTED]),
    )


def _counted(event: PasswordAsked) -> tuple[tuple[Scope, str], ...]:
    return (Scope.NUMBER, event.number), (Scope.DEVICE, event.device), (Scope.VENUE, "")


def _wait_ms(session: Session, debtor: Debtor, now_ms: int) -> int:
    tight = spending.alarming(session.ledger, now_ms)
    return spending.wait_ms(session.debts.get(debtor), debtor, session.terms.budget, now_ms, tight)


def _forget_regulars(turn: Turn, day: Day) -> None:
    """At the turn of a day: whoever was not here for long, or the oldest if there are too many, is forgotten.

    A day in the future was written while the clock was ahead; nobody could say when it would be over.
    """
    oldest = day.ordinal - turn.session.terms.budget.remember_days
    newest_first = sorted(turn.session.regulars.items(), key=lambda regular: (-regular[1], regular[0]))
    for place, (subscriber, ordinal) in enumerate(newest_first):
        if place >= spending.MOST_REGULARS or not oldest <= ordinal <= day.ordinal:
            turn.put_regular(subscriber, None)
