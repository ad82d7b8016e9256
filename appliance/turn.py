"""One step being taken: the state so far and the effects gathered. The words that ``appliance.session`` is written in.

Must not know: which event is being answered, or when which transition is allowed.
"""

from __future__ import annotations

import msgspec

from appliance.allowances import Scope, Times, within
from appliance.effects import Admit, Answer, Effect, Keep, Record, Revoke, SendPassword
from appliance.events import Moment, Stretch
from appliance.kept import (
    LEDGER_KEY,
    asked_key,
    batch_key,
    block_key,
    debt_key,
    device_key,
    message_key,
    regular_key,
    voucher_key,
)
from appliance.spending import Debt, Debtor, Ledger, Waiting
from appliance.state import Batch, Block, Device, Ending, Message, PasswordPending, Session, Visit, Voucher
from appliance.wire import Refusal, Refused, Reply
from journal.entries import Entry, VisitEnded, VisitMoved


class Turn:
    """Starts from ``session``; every change is kept and every effect gathered in the order it was said."""

    def __init__(self, session: Session, at: Moment) -> None:
        self.session = session
        self.at = at
        self.effects: list[Effect] = []

    def put(self, device: str, state: Device) -> None:
        """The device's state is this now; its visitor's language is kept with it."""
        chosen = self.session.languages.get(device)
        if chosen is not None and state.language is not chosen.language:
            state = msgspec.structs.replace(state, language=chosen.language)
        self._replace(device, state)
        self.effects.append(Keep(device_key(device), msgspec.json.encode(state)))

    def forget(self, device: str) -> None:
        """The device is a stranger now."""
        self._replace(device, None)
        self.effects.append(Keep(device_key(device), None))

    def put_message(self, message: str, state: Message | None) -> None:
        """What became of an SMS; None: it is forgotten."""
        messages = self.session.messages
        messages = messages.delete(message) if state is None else messages.set(message, state)
        self.session = msgspec.structs.replace(self.session, messages=messages)
        self.effects.append(Keep(message_key(message), None if state is None else msgspec.json.encode(state)))

    def count(self, scope: Scope, key: str) -> None:
        """One more password was asked now."""
        limit = self.session.terms.allowances.of(scope)
        times = (*within(self.session.asked.get((scope, key), ()), limit, self.at.boot_ms), self.at.boot_ms)
        self._keep_asked(scope, key, times)

    def uncount(self, scope: Scope, key: str) -> None:
        """The newest time of asking was for nothing."""
        if times := self.session.asked.get((scope, key), ()):
            self._keep_asked(scope, key, times[:-1])

    def uncount_old(self) -> None:
        """Forget the times of asking that no limit looks at any more."""
        for (scope, key), times in self.session.asked.items():
            if times[-1] <= self.at.boot_ms - self.session.terms.allowances.of(scope).window_s * 1000:
                self._keep_asked(scope, key, ())

    def uncount_all(self) -> None:
        """Forget every time of asking: the clock they were told on has begun anew."""
        for scope, key in self.session.asked:
            self._keep_asked(scope, key, ())

    def put_ledger(self, ledger: Ledger) -> None:
        """What was spent is this now."""
        self.session = msgspec.structs.replace(self.session, ledger=ledger)
        self.effects.append(Keep(LEDGER_KEY, msgspec.json.encode(ledger)))

    def put_debt(self, debtor: Debtor, debt: Debt | None) -> None:
        """The prefix owes this now; None: nothing."""
        debts = self.session.debts
        debts = debts.delete(debtor) if debt is None else debts.set(debtor, debt)
        self.session = msgspec.structs.replace(self.session, debts=debts)
        self.effects.append(Keep(debt_key(debtor), None if debt is None else msgspec.json.encode(debt)))

    def put_regular(self, subscriber: str, ordinal: int | None) -> None:
        """The number last logged in on this day; None: it is remembered no longer."""
        regulars = self.session.regulars
        regulars = regulars.delete(subscriber) if ordinal is None else regulars.set(subscriber, ordinal)
        self.session = msgspec.structs.replace(self.session, regulars=regulars)
        self.effects.append(Keep(regular_key(subscriber), None if ordinal is None else msgspec.json.encode(ordinal)))

    def put_waiting(self, device: str, waiting: Waiting | None) -> None:
        """The device waits its turn; None: no longer."""
        devices = self.session.waiting
        devices = devices.delete(device) if waiting is None else devices.set(device, waiting)
        self.session = msgspec.structs.replace(self.session, waiting=devices)

    def put_ending(self, device: str, ending: Ending | None) -> None:
        """Why the device's visit ended; None: it is remembered no longer."""
        endings = self.session.endings
        endings = endings.delete(device) if ending is None else endings.set(device, ending)
        self.session = msgspec.structs.replace(self.session, endings=endings)

    def put_batch(self, batch: str, state: Batch | None) -> None:
        """The batch of vouchers is this now; None: it is forgotten."""
        batches = self.session.batches
        batches = batches.delete(batch) if state is None else batches.set(batch, state)
        self.session = msgspec.structs.replace(self.session, batches=batches)
        self.effects.append(Keep(batch_key(batch), None if state is None else msgspec.json.encode(state)))

    def put_voucher(self, digest: str, state: Voucher | None) -> None:
        """The voucher is this now; None: it is forgotten."""
        vouchers = self.session.vouchers
        vouchers = vouchers.delete(digest) if state is None else vouchers.set(digest, state)
        self.session = msgspec.structs.replace(self.session, vouchers=vouchers)
        self.effects.append(Keep(voucher_key(digest), None if state is None else msgspec.json.encode(state)))

    def put_block(self, whom: str, state: Block | None) -> None:
        """This device or number is kept out; None: no longer."""
        blocks = self.session.blocks
        blocks = blocks.delete(whom) if state is None else blocks.set(whom, state)
        self.session = msgspec.structs.replace(self.session, blocks=blocks)
        self.effects.append(Keep(block_key(whom), None if state is None else msgspec.json.encode(state)))

    def readdress(self, device: str, visit: Visit, gone: tuple[str, ...] = (), come: str = "") -> None:
        """The visit has lost the addresses ``gone`` and has ``come``; the kernel follows if it is online."""
        addresses = tuple(address for address in visit.addresses if address not in gone) + ((come,) if come else ())
        if visit.online and gone:
            self.shut(device, visit, gone)
        self.record(VisitMoved(visit=visit.visit, device=device, addresses=addresses))
        self.put(device, msgspec.structs.replace(visit, addresses=addresses))
        if visit.online and come:
            self.do(Admit(device, (come,)))

    def shut(self, device: str, visit: Visit, gone: tuple[str, ...]) -> None:
        """Close the gate for the visit's addresses ``gone``; what they used will be told by ``Closed``."""
        if gone:
            whole = set(visit.addresses) <= set(gone)
            self.do(Revoke(device, gone, Stretch(visit.visit, whole, self.session.stretch_usage(device, visit))))

    def end(self, device: str, visit: Visit, left_utc_ms: int, proof: str, staff: str = "") -> None:
        """The visit is over: closed, recorded, forgotten."""
        if visit.online:
            self.shut(device, visit, visit.addresses)
        elif visit.addresses:
            self.do(Revoke(device, visit.addresses, stretch=None))
        self.record(VisitEnded(visit=visit.visit, device=device, left_utc_ms=left_utc_ms, proof=proof, staff=staff))
        self.forget(device)

    def send(self, device: str, pending: PasswordPending) -> None:
        """Hand over the SMS with the device's password; said again, it is the same SMS."""
        expires_utc_ms = self.at.utc_ms + pending.expires_boot_ms - self.at.boot_ms
        self.do(SendPassword(device, pending.message, pending.number, pending.language, expires_utc_ms))

    def do(self, effect: Effect) -> None:
        self.effects.append(effect)

    def record(self, entry: Entry) -> None:
        self.do(Record(entry))

    def answer(self, reply: Reply) -> None:
        self.do(Answer(reply))

    def refuse(self, refusal: Refusal, retry_in_s: int | None = None, tries_left: int | None = None) -> None:
        self.answer(Refused(refusal, retry_in_s=retry_in_s, tries_left=tries_left))

    def _replace(self, device: str, state: Device | None) -> None:
        devices = self.session.devices
        devices = devices.delete(device) if state is None else devices.set(device, state)
        self.session = msgspec.structs.replace(self.session, devices=devices)

    def _keep_asked(self, scope: Scope, key: str, times: Times) -> None:
        asked = self.session.asked
        asked = asked.set((scope, key), times) if times else asked.delete((scope, key))
        self.session = msgspec.structs.replace(self.session, asked=asked)
        self.effects.append(Keep(asked_key(scope, key), msgspec.json.encode(times) if times else None))
