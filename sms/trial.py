"""One SMS sent on purpose, and followed: each step with what it means for a person who set up a provider.

    >>> for step in follow(socket_path, message, patience_s=120):
    ...     print(step.what, step.means)

Must not know: how steps are shown.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import assert_never

from sms.client import Client
from sms.message import Message, Report, State
from sms.standing import ProviderStanding, ask
from sms.texts import split


@dataclass(frozen=True, slots=True)
class Step:
    """What happened, and what it means; ``ok`` False: the way ends here."""

    ok: bool
    what: str
    means: str


# A report's reason begins with one of these.
_MEANINGS = (
    ("expired", "no SMSC took it, or the phone could not be reached, before the password would have ended"),
    ("no provider", "no [[sms.provider]] serves this number: see prefixes"),
    ("unanswered", "the SMSC took it and never answered, twice: ask the provider; the phone may have it all the same"),
    ("undeliverable", "the network could not reach this phone: switched off, wrong number, or the operator blocks it"),
    ("rejected", "the operator refused it after it was taken: the sender name may not be registered, or a filter acts"),
    ("deleted", "the SMSC deleted it before it arrived"),
    ("text too long", "the text needs more parts than sms.max_parts allows"),
    ("outbox full", "10,000 messages wait already"),
    ("0x0a", "the SMSC does not accept the sender name: register it, or correct source, source_ton and source_npi"),
    ("0x0b", "the SMSC does not accept the number: see dest_plus, or the provider does not serve this network"),
    ("0x45", "the SMSC failed to take it; the provider's log says why"),
    ("0x48", "see source_ton"),
    ("0x49", "see source_npi"),
    ("0x", "the SMSC refused it with this command_status; the provider's manual says what it means"),
)


def explain(reason: str) -> str:
    """A report's reason in a sentence for a person."""
    found = (meaning for begin, meaning in _MEANINGS if reason.startswith(begin))
    return next(found, "the log of qaqpa-sms may say more")


def follow(socket_path: str, message: Message, patience_s: float) -> Iterator[Step]:
    """The message's way, step by step, until its receipt, its failure or the end of patience.

    Raises:
        SenderSilent: there is no sender to give it to.
    """
    standing = ask(socket_path)
    yield Step(True, "the SMS sender answers", f"running for {standing.up_s} s, {standing.waiting} messages wait")
    yield from (_provider(provider) for provider in standing.providers)
    pieces = split(message.text)
    many = f"{len(pieces)} parts" if len(pieces) > 1 else "one part"
    yield Step(True, f"the text is {many} in {pieces[0].coding.name}", "this is what one password costs")
    reports: SimpleQueue[Report] = SimpleQueue()
    client = Client(socket_path, reports.put)
    client.start()
    try:
        client.send(message)
        yield from _followed(message.id, reports, patience_s)
    finally:
        client.stop()


def _provider(provider: ProviderStanding) -> Step:
    troubles = [f"{link.role} {link.phase}: {link.trouble}" for link in provider.links if link.phase != "bound"]
    if troubles:
        return Step(True, f"provider {provider.name} is not ready ({'; '.join(troubles)})", "another must carry it")
    steady = "it takes messages" if provider.steady else "it is slow or throttles; another is preferred"
    return Step(True, f"provider {provider.name} is bound", f"{steady}; {provider.under_way} wait for its answer")


def _followed(message_id: str, reports: SimpleQueue[Report], patience_s: float) -> Iterator[Step]:
    began_s = time.monotonic()
    sent = False
    while True:
        try:
            report = reports.get(timeout=max(0.0, began_s + patience_s - time.monotonic()))
        except Empty:
            break
        if report.id != message_id:  # another's, from before
            continue
        after = f"after {time.monotonic() - began_s:.1f} s"
        match report.state:
            case State.SENT:
                sent = True
                yield Step(True, f"the SMSC took it {after}, as {report.smsc_id or '(no identifier)'}", _TAKEN)
            case State.DELIVERED:
                yield Step(True, f"delivered {after}", "the phone has it: all is well")
                return
            case State.FAILED:
                yield Step(False, f"failed {after}: {report.reason}", explain(report.reason))
                return
            case _:
                assert_never(report.state)
    yield Step(False, f"no news within {patience_s:g} s", _NO_RECEIPT if sent else _NOT_TAKEN)


_TAKEN = "it is paid for now; whether it arrives, its receipt will say"
_NO_RECEIPT = "the provider may send no receipts, or the phone is off; if the SMS is there, visitors get theirs too"
_NOT_TAKEN = "no provider could take it: `qaqpa sms status` says how the links are"
