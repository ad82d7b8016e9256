"""Vouchers in the session: made in batches, redeemed once, void when staff or time says so.

    made ──▶ waits for a device's password (voucher_needs_sms) ──▶ used, with a visit's beginning
      └────────────────────────────────────────────────────────────▶ used

A voucher's duration and quota take the place of the venue's for that visit. Unknown ones are counted by device, which
locks it out, and for the venue, which only tells; the others are no guesses. Must not know: codes, paper.
"""

from __future__ import annotations

from typing import assert_never

from msgspec.structs import replace

from appliance import allowances
from appliance.admission import WAITS_MS, admitted
from appliance.allowances import Limit, Times
from appliance.blocks import barred
from appliance.crowd import without_oldest
from appliance.desk_events import VoucherEntered, VouchersAsked, VouchersLooked, VouchersVoidAsked
from appliance.leaving import left_utc_ms
from appliance.state import Batch, Visit, Voucher
from appliance.status import status
from appliance.turn import Turn
from appliance.wire import Done, Refusal
from appliance.wire_desk import DeskRefusal, DeskRefused, MadeVouchers, VoucherBatch, Vouchers
from journal import entries

MOST_VOUCHERS = 20_000
WRONG_OF_DEVICE = Limit(10, 3600)
WRONG_OF_VENUE = Limit(1000, 3600)
"""Told, and no reason to refuse: a hundred invented devices would keep everybody who paid outside for an hour, while as
many guesses as 28 leases a second allow (280) hit one of 20,000 vouchers in 340 years."""
MOST_GUESSING = 10_000
"""So many devices are counted apart; the oldest go first."""
_VENUE = ""
FORGET_MS = 30 * 86_400_000
"""How long after it expired a voucher is still known as one."""


def vouchers_managed(turn: Turn, event: VouchersAsked | VouchersVoidAsked | VouchersLooked) -> None:
    """What staff does with batches."""
    match event:
        case VouchersAsked():
            _made(turn, event)
        case VouchersVoidAsked():
            _voided(turn, event)
        case VouchersLooked():
            _listed(turn)
        case _:
            assert_never(event)


def _made(turn: Turn, event: VouchersAsked) -> None:
    """The batch is recorded and kept before its codes are told."""
    if len(turn.session.vouchers) + len(event.digests) > MOST_VOUCHERS:
        return turn.answer(DeskRefused(DeskRefusal.TOO_MANY_VOUCHERS_OUT))
    expires_utc_ms = event.at.utc_ms + event.valid_ms
    made = Batch(event.label, len(event.digests), event.max_s, event.quota_bytes, event.at.utc_ms, expires_utc_ms)
    turn.put_batch(event.batch, made)
    for digest in event.digests:
        turn.put_voucher(digest, Voucher(event.batch))
    turn.record(
        entries.VouchersMade(
            batch=event.batch,
            label=event.label,
            count=made.count,
            max_s=made.max_s,
            quota_bytes=made.quota_bytes,
            expires_utc_ms=expires_utc_ms,
            staff=event.staff,
        )
    )
    turn.answer(MadeVouchers(event.batch, event.codes))


def _voided(turn: Turn, event: VouchersVoidAsked) -> None:
    """Visits that began with one go on: they were paid."""
    batch = turn.session.batches.get(event.batch)
    if batch is None:
        return turn.answer(DeskRefused(DeskRefusal.NO_SUCH_BATCH))
    if not batch.void:
        turn.put_batch(event.batch, replace(batch, void=True))
        unused = batch.count - batch.used
        turn.record(entries.VouchersVoided(batch=event.batch, unused=unused, staff=event.staff))
    turn.answer(Done())


def _listed(turn: Turn) -> None:
    """All batches, the oldest first."""
    batches = sorted(turn.session.batches.items(), key=lambda each: (each[1].made_utc_ms, each[0]))
    told = (
        VoucherBatch(name, b.label, b.count, b.used, b.max_s, b.quota_bytes, b.expires_utc_ms, b.void)
        for name, b in batches
    )
    turn.answer(Vouchers(tuple(told)))


def voucher_entered(turn: Turn, event: VoucherEntered) -> None:
    """Right, and the device goes online, or is ready for its password; nobody can use the voucher twice."""
    state, terms, now = turn.session.devices.get(event.device), turn.session.terms, event.at.boot_ms
    if isinstance(state, Visit) and state.online:  # a second tap on the same button
        return turn.answer(status(turn.session, event.device, now))
    if kept_out := barred(turn, event.device):
        return turn.answer(kept_out)
    if terms.terms_digests and event.terms not in terms.terms_digests:
        return turn.refuse(Refusal.TERMS_NOT_ACCEPTED)
    if wait_s := _wait_s(turn, event.device):
        return turn.refuse(Refusal.TOO_MANY_VOUCHERS, retry_in_s=wait_s)
    voucher = turn.session.vouchers.get(event.digest) if terms.vouchers else None
    if voucher is None:
        _count_wrong(turn, event.device)
        return turn.refuse(Refusal.VOUCHER_UNKNOWN)
    if voucher.used:
        return turn.refuse(Refusal.VOUCHER_USED)
    batch = turn.session.batches[voucher.batch]
    # Whoever entered it in time may enter it again while the password is on its way, and nobody else.
    ends_utc_ms = batch.expires_utc_ms + (WAITS_MS if voucher.device == event.device else 0)
    if batch.void or event.at.utc_ms >= ends_utc_ms:
        return turn.refuse(Refusal.VOUCHER_EXPIRED)
    if event.port is None:
        return turn.refuse(Refusal.UNKNOWN_DEVICE)
    _hold(turn, event.device, event.digest, voucher)
    if not terms.voucher_needs_sms:
        if isinstance(state, Visit):  # away
            turn.end(event.device, state, left_utc_ms(state, event), state.left_proof)
        if event.device in turn.session.endings:
            turn.put_ending(event.device, None)
        admitted(turn, event, event.port, "voucher")
    turn.answer(status(turn.session, event.device, now))


def forget_vouchers(turn: Turn) -> None:
    """Batches long over, and tries that no limit looks at any more."""
    old = [name for name, batch in turn.session.batches.items() if turn.at.utc_ms >= batch.expires_utc_ms + FORGET_MS]
    for name in old:
        turn.put_batch(name, None)
    for digest, voucher in turn.session.vouchers.items() if old else ():
        if voucher.batch in old:
            turn.put_voucher(digest, None)
            if turn.session.held.get(voucher.device) == digest:
                turn.session = replace(turn.session, held=turn.session.held.delete(voucher.device))
    for who, times in turn.session.wrong_vouchers.items():
        if times[-1] <= turn.at.boot_ms - WRONG_OF_VENUE.window_s * 1000:
            turn.session = replace(turn.session, wrong_vouchers=turn.session.wrong_vouchers.delete(who))


def _hold(turn: Turn, device: str, digest: str, voucher: Voucher) -> None:
    """The voucher waits for this device, no longer for another: who has the paper has the voucher, whatever MAC address
    the phone takes. Another voucher that waited for this device is free again."""
    before = turn.session.held.get(device)
    if before != digest and (before is not None or voucher.device):
        _count(turn, device, WRONG_OF_DEVICE)  # no guess, but each is kept: it must not go on without end
    if before is not None and before != digest:
        turn.put_voucher(before, replace(turn.session.vouchers[before], device=""))
    if before != digest:
        turn.put_voucher(digest, replace(voucher, device=device))
        held = turn.session.held.delete(voucher.device) if voucher.device else turn.session.held
        turn.session = replace(turn.session, held=held.set(device, digest))


def _wait_s(turn: Turn, device: str) -> int:
    return allowances.retry_in_s(turn.session.wrong_vouchers.get(device, ()), WRONG_OF_DEVICE, turn.at.boot_ms)


def _count_wrong(turn: Turn, device: str) -> None:
    """Too many are recorded, of a device and of the venue. After the latter, devices are no news as long as it goes on:
    whoever invents them must not make the journal write."""
    told = len(_wrong(turn, _VENUE, WRONG_OF_VENUE)) == WRONG_OF_VENUE.count
    for who, limit in ((device, WRONG_OF_DEVICE), (_VENUE, WRONG_OF_VENUE)):
        if _count(turn, who, limit) == limit.count and not told:
            turn.record(entries.DeskFailed(what="voucher", staff="", device=who, tries=limit.count))


def _count(turn: Turn, who: str, limit: Limit) -> int:
    times = (*_wrong(turn, who, limit), turn.at.boot_ms)[-limit.count :]
    wrong = turn.session.wrong_vouchers.set(who, times)
    wrong, _ = without_oldest(wrong, MOST_GUESSING, lambda each: each[-1], spared=(_VENUE,))
    turn.session = replace(turn.session, wrong_vouchers=wrong)
    return len(times)


def _wrong(turn: Turn, who: str, limit: Limit) -> Times:
    return allowances.within(turn.session.wrong_vouchers.get(who, ()), limit, turn.at.boot_ms)
