"""What a visit has used: the kernel's counters summed up over its stretches, and what ends when it is too much.

The kernel counts by entry of its sets, from an admission until the gate is closed. So a closing tells what it ends
(``Closed``): that is recorded once and remembered by the visit. Between closings the counters are read now and then
(``Counted``), for the page, for the quota, and to have something to tell if the power fails. The part of
``appliance.session`` that counts. Must not know: sets, sockets, how often is read.
"""

from __future__ import annotations

import msgspec
from immutables import Map
from msgspec.structs import replace

from appliance.effects import Keep
from appliance.events import Closed, Counted, Usage
from appliance.kept import COUNTED_KEY, KeptReading
from appliance.state import Ending, Session, Visit, plus
from appliance.turn import Turn
from appliance.wire import Ended
from journal.entries import VisitUsed

KEEP_MS = 60_000
"""How often a reading is kept: a power cut costs the account of so much time. One row for all devices: 400 KB for
10,000 of them, 2 KB for fifty."""
TELL_MS = 600_000
"""How long a visitor is told why the visit ended."""


def time_is_up(session: Session, visit: Visit, now_boot_ms: int) -> bool:
    """Whether the visit has lasted as long as it may."""
    ends = session.visit_ends_boot_ms(visit)
    return ends is not None and now_boot_ms >= ends


def used_up(turn: Turn, device: str, visit: Visit, why: Ended) -> None:
    """The visit ends by the venue's terms."""
    limit = turn.session.max_s(visit) if why is Ended.TIME else turn.session.quota_bytes(visit)
    ended(turn, device, visit, turn.at.utc_ms, why, limit=limit)


def ended(
    turn: Turn, device: str, visit: Visit, left_utc_ms: int, why: Ended, *, limit: int = 0, staff: str = ""
) -> None:
    """The visit is over, and its visitor will be told why."""
    turn.end(device, visit, left_utc_ms, why.value, staff)
    turn.put_ending(device, Ending(why, turn.at.boot_ms + TELL_MS, limit))


def forget_endings(turn: Turn) -> None:
    """Whoever comes back so much later wonders no more."""
    for device, ending in turn.session.endings.items():
        if turn.at.boot_ms >= ending.forget_boot_ms:
            turn.put_ending(device, None)


def counted(turn: Turn, event: Counted) -> None:
    """A new reading: quotas are judged, and it is kept now and then."""
    before = turn.session
    turn.session = replace(before, counted=event.usage, counted_boot_ms=event.at.boot_ms)
    for device, usage in event.usage.items():
        if before.counted.get(device) == usage:
            continue
        state = before.devices.get(device)
        if not isinstance(state, Visit) or not state.online or event.at.boot_ms <= state.counted_from_boot_ms:
            continue  # it was read before the last closing
        last = before.stretch_usage(device, state)
        if last is not None and _fell(last, usage):
            # A stranger emptied the sets, or they timed out unseen: what was read before is all that is known of it.
            state = _carry(turn, device, state, last)
        quota = before.quota_bytes(state)
        if quota and plus(state.used, usage).total_bytes >= quota:
            used_up(turn, device, state, Ended.QUOTA)
    if event.at.boot_ms >= before.counted_kept_boot_ms + KEEP_MS and (event.usage or before.counted):
        turn.session = replace(turn.session, counted_kept_boot_ms=event.at.boot_ms)
        turn.do(Keep(COUNTED_KEY, msgspec.json.encode(KeptReading(event.at.boot_ms, event.usage))))


def closed(turn: Turn, event: Closed) -> None:
    """What a closing ended is recorded once, and stays with the visit if that goes on."""
    stretch, usage = event.stretch, event.usage
    complete = usage is not None and not (stretch.whole and stretch.last is not None and _fell(stretch.last, usage))
    # What was last read is of the whole device, so of no use when only an address went.
    known = usage if complete else stretch.last if stretch.whole else None
    turn.record(_used(stretch.visit, event.device, known, complete))
    state = turn.session.devices.get(event.device)
    if isinstance(state, Visit) and state.visit == stretch.visit:
        used = state.used if known is None else plus(state.used, known)
        turn.put(event.device, replace(state, used=used, counted_from_boot_ms=event.at.boot_ms))


def forget_counters(turn: Turn) -> None:
    """After a reboot: neither the kernel's counters nor the clock that readings were told on are those of before."""
    if turn.session.counted_boot_ms:
        turn.session = replace(turn.session, counted=Map(), counted_boot_ms=0)
        turn.do(Keep(COUNTED_KEY, None))


def _carry(turn: Turn, device: str, visit: Visit, last: Usage) -> Visit:
    """The kernel began to count anew without a closing of ours."""
    turn.record(_used(visit.visit, device, last, complete=False))
    # One millisecond before the new reading began: it belongs to what comes now.
    carried = replace(visit, used=plus(visit.used, last), counted_from_boot_ms=turn.at.boot_ms - 1)
    turn.put(device, carried)
    return carried


def _fell(last: Usage, now: Usage) -> bool:
    """Counters only rise while an entry lives."""
    return (
        now.up_packets < last.up_packets
        or now.up_bytes < last.up_bytes
        or now.down_packets < last.down_packets
        or now.down_bytes < last.down_bytes
    )


def _used(visit: str, device: str, usage: Usage | None, complete: bool) -> VisitUsed:
    if usage is None:
        return VisitUsed(visit, device, None, None, None, None, complete)
    return VisitUsed(visit, device, usage.up_packets, usage.up_bytes, usage.down_packets, usage.down_bytes, complete)
