"""What ``qaqpa doctor`` says of the journal: each finding with what to do about it. Reads only; changes nothing."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from journal import seal
from journal.ballast import free_bytes, used_percent
from journal.database import reading, translated
from journal.errors import JournalError
from journal.found import Finding, right, wrong
from journal.salvage import set_aside

WARNED_PERCENT = 80
"""A disk that is so full is worth a word."""


def findings(path: Path) -> list[Finding]:
    """Look at the file, its bytes, its chain and its disk. Reads the whole journal: about 5 s for 1,000,000 entries."""
    found: list[Finding] = []
    for look in (_file, _writable, _integrity, _chain, _left, _space):
        try:
            found.extend(look(path))
        except JournalError as error:
            found.append(wrong("journal", said=error))
            break  # the others would only say the same in other words
    return found


def _file(path: Path) -> Iterator[Finding]:
    with translated(path):
        mode = path.stat().st_mode & 0o777
    if mode & 0o027:
        yield wrong("journal.mode", path=path, mode=f"{mode:04o}")
    else:
        yield right(f"the journal {path} is there and closed to others")


def _writable(path: Path) -> Iterator[Finding]:
    with translated(path):
        flags = os.statvfs(path.parent).f_flag
    if flags & os.ST_RDONLY:
        yield wrong("disk.read_only", path=path.parent)


def _integrity(path: Path) -> Iterator[Finding]:
    with reading(path) as connection:
        problems = [bytes(row[0]).decode(errors="replace") for row in connection.execute("PRAGMA quick_check(3)")]
    if problems == ["ok"]:
        yield right("its pages are whole")
    else:
        yield wrong("journal.pages", said="; ".join(problems), path=path)


def _chain(path: Path) -> Iterator[Finding]:
    verdict = seal.verify(path)
    if verdict.first_bad is None:
        expired = f", {verdict.expired} expired after {verdict.days} days or more" if verdict.expired else ""
        told = f"{verdict.entries} entries{expired}, head {verdict.head}"
        yield right(f"its chain holds: {told}; sealed up to entry {verdict.sealed}{_by(verdict)}")
    else:
        yield wrong("journal.chain", said=verdict.problem, path=path)


def _left(path: Path) -> Iterator[Finding]:
    for found in set_aside(path):
        yield wrong("journal.aside", name=found.name, path=found)


def _by(verdict: seal.Verdict) -> str:
    return f" by the key {verdict.signers[-1]}" if verdict.signers else ""


def _space(path: Path) -> Iterator[Finding]:
    with translated(path):
        free_mib, percent = free_bytes(path) // 2**20, used_percent(path)
    if percent < WARNED_PERCENT:
        yield right(f"its disk is {percent} % full, {free_mib} MiB are free")
    else:
        yield wrong("disk.full", percent=percent, free=free_mib, path=path.parent)
