"""Whether the console can read the journal, and nobody but the gate what only the gate may; for ``qaqpa doctor``.

Must not know: what is in any of the files.
"""

from __future__ import annotations

import pwd
import stat
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

READ = ("", "-wal", "-shm", "-seal", "-index", "-index-wal", "-index-shm")
"""Of the journal's files, those that the console reads, where they are there."""
ALONE = ("journal.db-writer", "seal.key", "password.key")
"""Whoever opens the first can keep the gate from starting; the others are secrets."""


@dataclass(frozen=True)
class Right:
    """What was found, and what to do about it."""

    ok: bool
    what: str
    remedy: str = ""


def findings(journal: Path, console_user: str) -> Iterable[Right]:
    """One finding, or one for each file that is wrong."""
    try:
        group = pwd.getpwnam(console_user).pw_gid
    except KeyError:
        return  # said of the users
    wrong = [*_unreadable(journal, group), *_open(journal.parent)]
    yield from wrong or [Right(True, "the console can read the journal, and no key")]


def _unreadable(journal: Path, group: int) -> Iterable[Right]:
    files = [journal.parent, *(Path(f"{journal}{suffix}") for suffix in READ)]
    for file in files:
        try:
            found = file.stat()
        except FileNotFoundError:
            continue
        wanted = stat.S_IRGRP | (stat.S_IXGRP if stat.S_ISDIR(found.st_mode) else 0)
        if found.st_gid != group:
            yield Right(False, f"{file} belongs to another group, so the console cannot read it", _TMPFILES)
        elif found.st_mode & wanted != wanted:
            yield Right(
                False,
                f"{file} has mode {found.st_mode & 0o777:04o}, so the console cannot read it: the gate takes the right "
                "away from a reader that stands in its way",
                "systemctl restart qaqpa-console, then qaqpa-gate; the log of qaqpa-gate says when it was",
            )


def _open(folder: Path) -> Iterable[Right]:
    for name in ALONE:
        file = folder / name
        if file.exists() and (mode := file.stat().st_mode & 0o777) & 0o077:
            yield Right(False, f"{file} has mode {mode:04o}: others than the gate may open it", f"chmod 0600 {file}")


_TMPFILES = "systemd-tmpfiles --create qaqpa.conf, then systemctl restart qaqpa-gate"
