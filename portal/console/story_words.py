"""A visit's story in words: what each entry says to staff. Pure.

Must not know: where entries come from, pages.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import assert_never

from journal import masking
from journal.desk_entries import VisitorIdentified, VoucherRedeemed
from journal.entries import (
    AddressClaimed,
    PasswordAsked,
    PasswordDelivered,
    PasswordSent,
    PasswordUndelivered,
    PasswordWrong,
    VisitAway,
    VisitBegan,
    VisitEnded,
    VisitMoved,
    VisitResumed,
    VisitUsed,
)
from journal.story import Told
from portal.words import Words

PROOFS = ("port", "station", "lease", "silence", "reboot", "time", "quota", "visitor", "staff", "blocked")
METHODS = ("sms", "desk", "document", "voucher")


def proof(name: str, words: Words) -> str:
    """Which source said so; one that is new here by its own name."""
    return words.say(f"visits.proof.{name}") if name in PROOFS else name


def method(name: str, words: Words) -> str:
    """How a visitor was authorised."""
    return words.say(f"visits.method.{name}") if name in METHODS else name


def number(whole: str, shown: bool) -> str:
    """A subscriber number as a page has it."""
    return whole if shown else masking.masked_number(whole)


def name(entry: VisitorIdentified, shown: bool) -> str:
    """Whom a document showed."""
    parts = (entry.surname, entry.given_name, entry.patronymic)
    return " ".join(part if shown else masking.masked_name(part) for part in parts if part)


def sentence(entry: Told, words: Words, shown: bool) -> str:
    """What happened, with its particulars.

    Args:
        shown: numbers and names whole; whoever asks for that has had it recorded.
    """
    return " · ".join(part for part in _parts(entry, words.say, words, shown) if part)


def _parts(entry: Told, say: Callable[..., str], words: Words, shown: bool) -> tuple[str, ...]:
    match entry:
        case PasswordAsked():
            return say("visits.told.asked", number=number(entry.number, shown)), _by(entry.staff, say)
        case PasswordSent(provider=provider, parts=parts):
            sent = say("visits.told.sent_by", provider=provider) if provider else say("visits.told.sent")
            return sent, words.count("visits.told.parts", parts) if parts > 1 else ""
        case PasswordDelivered(delay_ms=delay_ms):
            after = "" if delay_ms is None else say("visits.told.after", wait=words.elapsed(delay_ms // 1000))
            return say("visits.told.delivered"), after
        case PasswordUndelivered(reason=reason):
            return (say("visits.told.undelivered", reason=reason),)
        case PasswordWrong():
            return say("visits.told.wrong"), words.count("desk.tries_left", entry.tries_left), _by(entry.staff, say)
        case VisitorIdentified():
            at = say("visits.told.workstation", number=entry.workstation) if entry.workstation else ""
            return say("visits.told.identified", name=name(entry, shown)), at
        case VoucherRedeemed(batch=batch):
            return (say("visits.told.voucher", batch=batch),)
        case VisitBegan():
            how = say("visits.told.began", method=method(entry.method, words))
            return how, _addresses(entry.addresses, say), _by(entry.staff, say)
        case VisitAway():
            return (say("visits.told.away", proof=proof(entry.proof, words)),)
        case VisitResumed():
            return say("visits.told.resumed", proof=proof(entry.proof, words)), _addresses(entry.addresses, say)
        case VisitMoved():
            return say("visits.told.moved"), _addresses(entry.addresses, say)
        case AddressClaimed(kept=kept):
            key = "visits.told.claimed_kept" if kept else "visits.told.claimed_closed"
            return (say(key, by=entry.by, address=entry.address),)
        case VisitUsed():
            return _used(entry, words)
        case VisitEnded():
            return say("visits.told.ended", proof=proof(entry.proof, words)), _by(entry.staff, say)
        case _:
            assert_never(entry)


def _by(staff: str, say: Callable[..., str]) -> str:
    return say("visits.told.by", staff=staff) if staff else ""


def _addresses(addresses: tuple[str, ...], say: Callable[..., str]) -> str:
    return say("visits.told.addresses", addresses=", ".join(addresses)) if addresses else ""


def _used(entry: VisitUsed, words: Words) -> tuple[str, ...]:
    if entry.up_bytes is None or entry.down_bytes is None:
        return (words.say("visits.told.used_unknown"),)
    used = words.say("visits.told.used", up=words.size(entry.up_bytes), down=words.size(entry.down_bytes))
    return used, "" if entry.complete else words.say("visits.told.at_least")
