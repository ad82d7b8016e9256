"""What of the state of a venue its visitors and staff may see.

Must not know: how one state follows another, who asks.
"""

from __future__ import annotations

from typing import assert_never

from msgspec.structs import replace

from appliance import troubles
from appliance.numbers import masked
from appliance.state import PasswordPending, Session, Visit, seconds_up
from appliance.wire import Delivery, Ended, LiveVisit, Phase, Status, Trouble, Visits


def status(session: Session, device: str, now_boot_ms: int) -> Status:
    """Where the device stands, as its visitor may know."""
    told = _of_phase(session, device, now_boot_ms)
    chosen = session.languages.get(device)
    online = told.phase is Phase.ONLINE
    code = None if online else session.coded.get(device)
    code_ends_ms = session.codes[code].expires_boot_ms if code else 0
    if code_ends_ms <= now_boot_ms:
        code = None
    # Whoever has the SMS needs none any more; whoever is away comes back without one.
    waits_for_sms = told.phase is Phase.STRANGER or told.delivery in _NOT_OUT
    trouble = troubles.trouble_for(session.troubles, now_boot_ms, journal=not online, sms=waits_for_sms)
    begun = online or told.phase is Phase.AWAY  # who comes back within the grace is nobody new
    block = None if online else session.blocks.get(device)
    return replace(
        told,
        language=chosen.language if chosen else None,
        code=code,
        code_expires_in_s=seconds_up(code_ends_ms - now_boot_ms) if code else None,
        voucher=session.terms.vouchers and not begun,
        trouble=trouble if session.terms.is_open or begun else Trouble.CLOSED,
        blocked=block is not None,
        blocked_until_utc_ms=block.until_utc_ms if block else None,
    )


_NOT_OUT = (Delivery.QUEUED, Delivery.FAILED)


def _of_phase(session: Session, device: str, now_boot_ms: int) -> Status:
    match session.devices.get(device):
        case PasswordPending() as state if now_boot_ms < state.expires_boot_ms:
            return Status(
                Phase.ASKED,
                # Whole, for its visitor must be able to see a mistyped digit.
                number=state.number,
                delivery=session.messages[state.message].delivery,
                tries_left=state.tries_left,
                expires_in_s=seconds_up(state.expires_boot_ms - now_boot_ms),
                resend_in_s=seconds_up(state.resend_boot_ms - now_boot_ms),
            )
        case Visit() as state:
            used, ends = session.usage(device, state).total_bytes, session.visit_ends_boot_ms(state)
            quota = session.quota_bytes(state)
            return Status(
                Phase.ONLINE if state.online else Phase.AWAY,
                # Whoever took this device's MAC and IP address sees its page: enough to know one's own number by.
                number=masked(state.number) if state.online and state.number else None,
                online_for_s=max(0, now_boot_ms - state.began.boot_ms) // 1000,
                bytes_used=used,
                seconds_remaining=None if ends is None else seconds_up(ends - now_boot_ms),
                bytes_remaining=max(0, quota - used) if quota else None,
                method=state.method,
            )
        case _:
            return _stranger(session, device)


def _stranger(session: Session, device: str) -> Status:
    """Nobody, or somebody whose visit is over and who wonders why."""
    ending = session.endings.get(device)
    if ending is None:
        return Status(Phase.STRANGER)
    match ending.why:
        case Ended.TIME:
            return Status(Phase.STRANGER, online_for_s=ending.limit, ended=Ended.TIME)
        case Ended.QUOTA:
            return Status(Phase.STRANGER, bytes_used=ending.limit, ended=Ended.QUOTA)
        case Ended.VISITOR | Ended.STAFF | Ended.BLOCKED as why:
            return Status(Phase.STRANGER, ended=why)
        case _ as never:
            assert_never(never)


def in_the_way(session: Session, now_boot_ms: int) -> tuple[Trouble, ...]:
    """What keeps visitors from the Internet just now, the gravest first."""
    present = troubles.present(session.troubles, now_boot_ms)
    return present if session.terms.is_open else (Trouble.CLOSED, *present)


def live_visit(session: Session, device: str, state: Visit) -> LiveVisit:
    """One line of a list of visits."""
    used = session.usage(device, state)
    return LiveVisit(
        visit=state.visit,
        device=device,
        number=state.number,
        phase=Phase.ONLINE if state.online else Phase.AWAY,
        addresses=state.addresses,
        began_utc_ms=state.began.utc_ms,
        left_utc_ms=state.left_utc_ms,
        up_bytes=used.up_bytes,
        down_bytes=used.down_bytes,
        method=state.method,
    )


def live_visits(session: Session, now_boot_ms: int) -> Visits:
    """All live visits, oldest first, and what keeps others from having one."""
    live = (live_visit(session, device, state) for device, state in session.devices.items() if isinstance(state, Visit))
    return Visits(
        tuple(sorted(live, key=lambda visit: (visit.began_utc_ms, visit.visit))), in_the_way(session, now_boot_ms)
    )
