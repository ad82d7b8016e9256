"""The process that judges: an extract somebody uploaded, or the journal itself. One line of JSON at a time says how far
it is, the last one what it found.

    python -m portal.console.judge extract FILE JOURNAL FINGERPRINT
    python -m portal.console.judge journal JOURNAL

A process of its own, because what was uploaded is whatever its maker liked: memory and processor time are bounded by
the kernel, it can be ended at any moment, and pages do not wait for its hashing. Must not know: pages, who asks.
"""

from __future__ import annotations

import resource
import sys
from pathlib import Path
from typing import cast

import msgspec

from journal import checkpoints
from journal.against import compare
from journal.entries import ClockSet, ExtractMade, JournalBegan
from journal.errors import ExtractUnreadable, JournalError
from journal.monsters import refuse_monsters
from journal.notary import chain_end
from journal.proof import Finding, check
from journal.recently import recently
from journal.seal import verify
from journal.signing import fingerprint

MEMORY_BYTES = 1 << 30
PROCESSOR_S = 300


class Reached(msgspec.Struct, frozen=True, tag="reached"):
    """How far it is, 0 to 1."""

    part: float


class Judged(msgspec.Struct, frozen=True, tag="judged"):
    """What was found in an extract."""

    findings: tuple[Finding, ...]
    """Empty: it is no extract."""
    whole: bool
    fingerprint: str = ""
    record: str = ""
    notes: tuple[str, ...] = ()
    against: tuple[Finding, ...] = ()
    """What the journal here says; empty: the extract is not this venue's, or not whole."""
    unread: str = ""
    """Why the journal here could not be asked."""


class Made(msgspec.Struct, frozen=True):
    """An extract that was made."""

    utc_ms: int
    by: str
    why: str
    since_utc_ms: int | None
    until_utc_ms: int | None


class Clock(msgspec.Struct, frozen=True):
    """The clock was wrong, or nobody vouched for it."""

    before_utc_ms: int
    after_utc_ms: int
    reason: str


class Proved(msgspec.Struct, frozen=True, tag="proved"):
    """What was found in the journal."""

    entries: int
    problem: str
    """Empty: the chain holds."""
    first_bad: int | None
    expired: int
    sealed: int
    signers: tuple[str, ...]
    extracts: tuple[Made, ...]
    clocks: tuple[Clock, ...]
    breaks: tuple[str, ...]


class Failed(msgspec.Struct, frozen=True, tag="failed"):
    """It could not be judged."""

    why: str


Said = Reached | Judged | Proved | Failed


def main(words: list[str]) -> Said:
    """What is found."""
    try:
        match words:
            case ["extract", file, journal, own]:
                return _extract(Path(file), Path(journal), own)
            case ["journal", journal]:
                return _journal(Path(journal))
    except (JournalError, OSError, MemoryError, RecursionError) as error:
        return Failed(str(error) or type(error).__name__)
    raise ValueError(f"not to be judged: {words}")


def _extract(file: Path, journal: Path, own: str) -> Judged:
    try:
        refuse_monsters(file)
        verdict = check(file)
    except (ExtractUnreadable, MemoryError):
        return Judged((), whole=False)
    judged = Judged(verdict.findings, verdict.whole, verdict.fingerprint, verdict.record, verdict.notes)
    if not verdict.whole or verdict.fingerprint != own:
        return judged
    try:
        return msgspec.structs.replace(judged, against=compare(journal, file))
    except JournalError as error:
        return msgspec.structs.replace(judged, unread=str(error))


def _journal(journal: Path) -> Proved:
    total, _ = chain_end(journal)
    verdict = verify(journal, reached=lambda seq: say(Reached(seq / max(1, total))))
    beside = checkpoints.newest(journal)
    extracts = recently(journal, "extract_made")
    clocks = [cast(ClockSet, entry) for _, _, entry in recently(journal, "clock_set")]
    breaks = [cast(JournalBegan, entry) for _, _, entry in recently(journal, "journal_began")]
    return Proved(
        verdict.entries,
        verdict.problem,
        verdict.first_bad,
        verdict.expired,
        verdict.sealed,
        verdict.signers or ((fingerprint(bytes.fromhex(beside.public)),) if beside else ()),
        tuple(_made(stamp.utc_ms, cast(ExtractMade, entry)) for _, stamp, entry in extracts),
        tuple(Clock(entry.before_utc_ms, entry.after_utc_ms, entry.reason) for entry in clocks),
        tuple(entry.why for entry in breaks),
    )


def _made(utc_ms: int, entry: ExtractMade) -> Made:
    return Made(utc_ms, entry.by, entry.why, entry.since_utc_ms, entry.until_utc_ms)


def say(what: Said) -> None:
    """One line."""
    sys.stdout.buffer.write(msgspec.json.encode(what) + b"\n")
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (PROCESSOR_S, PROCESSOR_S))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    say(main(sys.argv[1:]))
