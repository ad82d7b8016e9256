"""A visit begins: the one way in, whoever authorised it. The part of ``appliance.session`` for that.

Law 2: the record comes before the gate opens. Must not know: why the visitor is let in.
"""

from __future__ import annotations

from typing import Protocol

from msgspec.structs import replace

from appliance.effects import Admit
from appliance.events import Moment
from appliance.pairing import forget_code
from appliance.state import Visit
from appliance.turn import Turn
from journal import entries

WAITS_MS = 3_600_000
"""How long after it expired a voucher that was entered in time may still be waiting for its device's password."""


class Arrival(Protocol):
    """What every event that lets somebody in tells."""

    @property
    def at(self) -> Moment: ...
    @property
    def device(self) -> str: ...
    @property
    def addresses(self) -> tuple[str, ...]: ...
    @property
    def visit(self) -> str: ...


def admitted(
    turn: Turn,
    event: Arrival,
    port: str,
    method: str,
    *,
    number: str = "",
    staff: str = "",
    also: entries.Entry | None = None,
) -> None:
    """The device is online: recorded, kept, opened. The voucher that waited for it is used up.

    Args:
        port: the bridge port the device is behind; "" if no source knows.
        number: the subscriber number; "": the visitor has shown none.
        also: what else is recorded with it.
    """
    at = event.at
    visit = Visit(event.visit, number, event.addresses, at, port, counted_from_boot_ms=at.boot_ms, method=method)
    turn.record(
        entries.VisitBegan(
            visit=visit.visit,
            device=event.device,
            addresses=visit.addresses,
            number=number,
            method=method,
            staff=staff,
        )
    )
    if also is not None:
        turn.record(also)
    if (digest := turn.session.held.get(event.device)) is not None:
        visit = _with_voucher(turn, event.device, visit, digest)
    forget_code(turn, event.device)
    turn.put(event.device, visit)
    turn.do(Admit(event.device, visit.addresses))


def _with_voucher(turn: Turn, device: str, visit: Visit, digest: str) -> Visit:
    voucher = turn.session.vouchers[digest]
    batch = turn.session.batches[voucher.batch]
    turn.session = replace(turn.session, held=turn.session.held.delete(device))
    if batch.void or turn.at.utc_ms >= batch.expires_utc_ms + WAITS_MS:
        turn.put_voucher(digest, replace(voucher, device=""))
        return visit
    turn.put_voucher(digest, replace(voucher, used=True))
    turn.put_batch(voucher.batch, replace(batch, used=batch.used + 1))
    turn.record(entries.VoucherRedeemed(batch=voucher.batch, device=device, visit=visit.visit))
    return replace(visit, max_s=batch.max_s, quota_bytes=batch.quota_bytes)
