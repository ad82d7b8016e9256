"""Who may not begin a visit: whom staff keep out, and everybody while the venue is closed. The part of
``appliance.session`` for that.

    barred(turn, device, number="+77011234567")  → Refused(Refusal.BLOCKED, retry_in_s=3600)

A block is of a device or of a number, for a time or until it is lifted. It ends the visits that it concerns in the
batch that records it (law 2); what else they hold (an SMS that is under way, a voucher) is theirs when it is over.
Must not know: how numbers are judged, who may block.
"""

from __future__ import annotations

from appliance.console_events import BlockAsked, UnblockAsked
from appliance.leaving import left_utc_ms
from appliance.state import Block, Session, Visit, seconds_up
from appliance.turn import Turn
from appliance.usage import ended
from appliance.wire import Done, Ended, Refusal, Refused
from appliance.wire_console import Blocks, HeldBlock
from journal import entries

MOST_BLOCKS = 1_000
LONGEST_MS = 5 * 366 * 86_400_000
"""After so long a block that nobody lifted is over too: a number is kept no longer."""


def barred(turn: Turn, device: str, number: str = "") -> Refused | None:
    """Why this device may not begin a visit under this number now; None: it may.

    Args:
        number: "": none is needed.
    """
    session = turn.session
    if not session.terms.is_open:
        return Refused(Refusal.VENUE_CLOSED)
    block = session.blocks.get(device) or session.blocks.get(number)
    if block is None:
        return None
    if block.until_utc_ms is None:
        return Refused(Refusal.BLOCKED)
    return Refused(Refusal.BLOCKED, retry_in_s=max(1, seconds_up(block.until_utc_ms - turn.at.utc_ms)))


def block_asked(turn: Turn, event: BlockAsked) -> None:
    """From now on; whoever is blocked already is so by these words, under the same name."""
    session, whom = turn.session, event.whom
    before = session.blocks.get(whom)
    if before is None and len(session.blocks) >= MOST_BLOCKS:
        return turn.refuse(Refusal.TOO_MANY_BLOCKS)
    name, since_utc_ms = (before.block, before.since_utc_ms) if before else (event.block, event.at.utc_ms)
    turn.put_block(whom, Block(name, event.why, event.staff, since_utc_ms, event.until_utc_ms))
    device, number = device_or_number(whom)
    turn.record(entries.Blocked(name, device, number, event.why, event.until_utc_ms, event.staff))
    for mac, state in session.devices.items():
        if isinstance(state, Visit) and whom in (mac, state.number):
            ended(turn, mac, state, left_utc_ms(state, event), Ended.BLOCKED, staff=event.staff)
    turn.answer(Done())


def unblock_asked(turn: Turn, event: UnblockAsked) -> None:
    """Lifted."""
    for whom, block in turn.session.blocks.items():
        if block.block == event.block:
            _lift(turn, whom, block, event.staff)
            return turn.answer(Done())
    turn.refuse(Refusal.NO_SUCH_BLOCK)


def forget_blocks(turn: Turn) -> None:
    """Time has passed: what is over is lifted by nobody."""
    for whom, block in turn.session.blocks.items():
        if turn.at.utc_ms >= _over_utc_ms(block):
            _lift(turn, whom, block, staff="")


def held_blocks(session: Session) -> Blocks:
    """All that hold, the newest first."""
    newest_first = sorted(session.blocks.items(), key=lambda each: (-each[1].since_utc_ms, each[0]))
    return Blocks(
        tuple(
            HeldBlock(each.block, *device_or_number(whom), each.why, each.staff, each.since_utc_ms, each.until_utc_ms)
            for whom, each in newest_first
        )
    )


def device_or_number(whom: str) -> tuple[str, str]:
    """Which of the two it is; the other is empty."""
    return (whom, "") if ":" in whom else ("", whom)


def _lift(turn: Turn, whom: str, block: Block, staff: str) -> None:
    turn.put_block(whom, None)
    turn.record(entries.Unblocked(block.block, *device_or_number(whom), staff))


def _over_utc_ms(block: Block) -> int:
    return block.since_utc_ms + LONGEST_MS if block.until_utc_ms is None else block.until_utc_ms
