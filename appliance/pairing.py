"""Which device a pairing code stands for: the part of ``appliance.session`` that a visitor at the desk needs.

A code counts for a quarter of an hour from when it was last shown; a device has one at a time. Whoever invents devices
must keep ten thousand of them asking to push one out that is looked at. Must not know: codes' letters, who types them.
"""

from __future__ import annotations

from msgspec.structs import replace

from appliance.crowd import without_oldest
from appliance.events import CodeAsked
from appliance.state import Code, Session, Visit
from appliance.status import status
from appliance.turn import Turn
from appliance.wire import Refusal

VALID_MS = 900_000
MOST_CODES = 10_000
"""So many devices may have one; the oldest go first."""


def device_of_code(session: Session, code: str, now_boot_ms: int) -> str | None:
    """The device on whose page this code stands."""
    found = session.codes.get(code)
    return found.device if found is not None and now_boot_ms < found.expires_boot_ms else None


def code_asked(turn: Turn, event: CodeAsked) -> None:
    """ "Ask at the desk": the device's code, the same for as long as it counts."""
    state = turn.session.devices.get(event.device)
    if isinstance(state, Visit) and state.online:
        return turn.refuse(Refusal.ALREADY_ONLINE)
    if not code_shown(turn, event.device):
        _give(turn, event.device, event.code)
    turn.answer(status(turn.session, event.device, event.at.boot_ms))


def code_shown(turn: Turn, device: str) -> bool:
    """The device's page is looked at, so its code counts on; False: it has none."""
    code = turn.session.coded.get(device)
    if code is None or device_of_code(turn.session, code, turn.at.boot_ms) is None:
        return False
    codes = turn.session.codes.set(code, Code(device, turn.at.boot_ms + VALID_MS))
    turn.session = replace(turn.session, codes=codes)
    return True


def forget_code(turn: Turn, device: str) -> None:
    """The device has no need of it any more."""
    code = turn.session.coded.get(device)
    if code is not None:
        session = turn.session
        turn.session = replace(session, codes=session.codes.delete(code), coded=session.coded.delete(device))


def _give(turn: Turn, device: str, code: str) -> None:
    forget_code(turn, device)
    before = turn.session.codes.get(code)
    if before is not None:
        forget_code(turn, before.device)
    session = turn.session
    codes = session.codes.set(code, Code(device, turn.at.boot_ms + VALID_MS))
    codes, gone = without_oldest(codes, MOST_CODES, lambda each: each.expires_boot_ms)
    coded = session.coded.set(device, code).mutate()
    for forgotten in gone:
        del coded[forgotten.device]
    turn.session = replace(session, codes=codes, coded=coded.finish())
