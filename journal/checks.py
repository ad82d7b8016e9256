"""What ``qaqpa doctor`` says of the journal: each finding with what to do about it. Reads only; changes nothing."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from journal import seal
from journal.database import reading, translated
from journal.errors import JournalError

FREE_BYTES_WANTED = 64 * 1024 * 1024
"""Room for some 100,000 entries."""


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at."""

    ok: bool
    what: str
    """What was found, a sentence."""
    remedy: str
    """What to do; empty when ``ok``."""


def findings(path: Path) -> list[Finding]:
    """Look at the file, its bytes, its chain and its disk. Reads the whole journal: about 5 s for 1,000,000 entries."""
    found: list[Finding] = []
    for look in (_file, _integrity, _chain, _space):
        try:
            found.extend(look(path))
        except JournalError as error:
            found.append(Finding(False, str(error), "do as the sentence says, then run this again"))
            break  # the others would only say the same in other words
    return found


def _file(path: Path) -> Iterator[Finding]:
    with translated(path):
        mode = path.stat().st_mode & 0o777
    if mode & 0o027:
        yield Finding(False, f"the journal {path} has mode {mode:04o}: others may see it", f"chmod 0640 {path}")
    else:
        yield Finding(True, f"the journal {path} is there and closed to others", "")


def _integrity(path: Path) -> Iterator[Finding]:
    with reading(path) as connection:
        problems = [bytes(row[0]).decode(errors="replace") for row in connection.execute("PRAGMA quick_check(3)")]
    if problems == ["ok"]:
        yield Finding(True, "its pages are whole", "")
    else:
        yield Finding(False, f"its pages are damaged: {'; '.join(problems)}", f"stop the gate, keep a copy of {path}*")


def _chain(path: Path) -> Iterator[Finding]:
    verdict = seal.verify(path)
    if verdict.first_bad is None:
        yield Finding(True, f"its chain holds: {verdict.entries} entries, head {verdict.head}", "")
    else:
        yield Finding(False, f"its chain is broken: {verdict.problem}", f"keep a copy of {path}* for the inspector")


def _space(path: Path) -> Iterator[Finding]:
    with translated(path):
        free = shutil.disk_usage(path.parent).free
    free_mib, wanted_mib = free // 2**20, FREE_BYTES_WANTED // 2**20
    if free >= FREE_BYTES_WANTED:
        yield Finding(True, f"its disk has {free_mib} MiB free", "")
    else:
        yield Finding(
            False, f"its disk has only {free_mib} MiB free", f"free at least {wanted_mib} MiB on {path.parent}"
        )
