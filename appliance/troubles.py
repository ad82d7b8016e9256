"""What keeps visitors from the Internet just now, as their pages and the owner are told; pure.

    >>> trouble_for(Map({Trouble.SMS: 0}), now_boot_ms=10_000, journal=True, sms=True)
    <Trouble.SMS: 'sms'>

Whoever can tell (the performer, ``sms.watch``, ``appliance.uplink``) says so by ``TroubleTold``; that the venue is
closed is the owner's word, and not kept here. Must not know: how anything is found out, sessions.
"""

from __future__ import annotations

from immutables import Map

from appliance.wire import Trouble

Troubles = Map[Trouble, int]
"""Since when, boot-clock milliseconds, as it was told."""

PATIENCE_MS = {Trouble.CLOSED: 0, Trouble.JOURNAL: 0, Trouble.SMS: 10_000, Trouble.UPLINK: 0}
"""How long each may last before it is one. Providers drop links at will and a lost one is bound again within seconds:
what is asked meanwhile waits in the queue, and nobody is sent to the desk. The uplink has its patience where it is
looked at."""


def told(troubles: Troubles, trouble: Trouble, present: bool, now_boot_ms: int) -> Troubles:
    """After somebody said whether it is there; said twice, it is as old as the first time."""
    if not present:
        return troubles.delete(trouble) if trouble in troubles else troubles
    return troubles if trouble in troubles else troubles.set(trouble, now_boot_ms)


def present(troubles: Troubles, now_boot_ms: int) -> tuple[Trouble, ...]:
    """All there are, the gravest first."""
    return tuple(
        trouble
        for trouble in Trouble
        if (since_ms := troubles.get(trouble)) is not None and now_boot_ms - since_ms >= PATIENCE_MS[trouble]
    )


def trouble_for(troubles: Troubles, now_boot_ms: int, *, journal: bool, sms: bool) -> Trouble | None:
    """The gravest that concerns somebody; the uplink concerns everybody.

    Args:
        journal: whether something must still be recorded for them.
        sms: whether they still wait for an SMS to go out.
    """
    concerned = {Trouble.CLOSED: journal, Trouble.JOURNAL: journal, Trouble.SMS: sms, Trouble.UPLINK: True}
    return next((trouble for trouble in present(troubles, now_boot_ms) if concerned[trouble]), None)
