"""What an SMSC's command_status means for a message and for the link: SMPP 3.4 §5.1.3, as data.

    >>> judge(0x58).verdict, judge(0x0403, {0x0403: Verdict.CREDENTIALS}).verdict, reason(0x0B)
    (<Verdict.RETRY: 'retry'>, <Verdict.CREDENTIALS: 'credentials'>, '0x0b invalid destination')

Must not know: messages, links.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """What became of a submit_sm, or what the answer to a bind means."""

    ACCEPTED = "accepted"
    RETRY = "retry"
    """The SMSC cannot take it now: the same again after a pause."""
    PERMANENT = "permanent"
    """This message will never be taken."""
    REBIND = "rebind"
    """The session is not what we think it is: drop it, bind again, submit again."""
    CREDENTIALS = "credentials"
    """The account is refused, a person must mend it: system_id, password, by a provider's own codes also credit."""
    AMBIGUOUS = "ambiguous"
    """No answer came: the SMSC may have it or not. Never an SMSC's status."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """One row of the table."""

    verdict: Verdict
    name: str


_POLICY: dict[int, Judgement] = {
    0x00: Judgement(Verdict.ACCEPTED, "accepted"),
    0x01: Judgement(Verdict.PERMANENT, "invalid message length"),
    0x04: Judgement(Verdict.REBIND, "not bound"),
    0x05: Judgement(Verdict.REBIND, "already bound"),
    0x08: Judgement(Verdict.RETRY, "system error"),
    0x0A: Judgement(Verdict.PERMANENT, "invalid source"),
    0x0B: Judgement(Verdict.PERMANENT, "invalid destination"),
    0x0D: Judgement(Verdict.REBIND, "bind failed"),
    0x0E: Judgement(Verdict.CREDENTIALS, "invalid password"),
    0x0F: Judgement(Verdict.CREDENTIALS, "invalid system_id"),
    0x14: Judgement(Verdict.RETRY, "queue full"),
    0x43: Judgement(Verdict.PERMANENT, "invalid esm_class"),
    0x45: Judgement(Verdict.PERMANENT, "submit failed"),
    0x48: Judgement(Verdict.PERMANENT, "invalid source TON"),
    0x49: Judgement(Verdict.PERMANENT, "invalid source NPI"),
    0x50: Judgement(Verdict.PERMANENT, "invalid destination TON"),
    0x51: Judgement(Verdict.PERMANENT, "invalid destination NPI"),
    0x58: Judgement(Verdict.RETRY, "throttled"),
    0x61: Judgement(Verdict.RETRY, "invalid schedule"),
}
# A code outside the table is a provider's own. Taking it as permanent errs towards one visitor asking again;
# retrying it errs towards an SMS bill.
_UNKNOWN = Judgement(Verdict.PERMANENT, "refused")

CHOICES = frozenset({Verdict.RETRY, Verdict.PERMANENT, Verdict.REBIND, Verdict.CREDENTIALS})
"""What a provider's own row may say."""


def judge(status: int, own: Mapping[int, Verdict] | None = None) -> Judgement:
    """The row for a command_status, a provider's ``own`` before the standard's; never AMBIGUOUS."""
    standard = _POLICY.get(status, _UNKNOWN)
    verdict = own.get(status) if own and status else None
    return Judgement(verdict, standard.name) if verdict is not None else standard


def reason(status: int) -> str:
    """A report's reason code, for example ``0x0b invalid destination``."""
    return f"0x{status:02x} {judge(status).name}"
