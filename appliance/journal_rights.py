"""Whether the console can read the journal, and nobody but the gate what only the gate may; for ``qaqpa doctor``.

Must not know: what is in any of the files.
"""

from __future__ import annotations

import pwd
import stat
from collections.abc import Iterable
from pathlib import Path

from appliance.found import Found, right, wrong

READ = ("", "-wal", "-shm", "-seal", "-index", "-index-wal", "-index-shm")
"""Of the journal's files, those that the console reads, where they are there."""
ALONE = ("journal.db-writer", "seal.key", "password.key")
"""Whoever opens the first can keep the gate from starting; the others are secrets."""


def findings(journal: Path, console_user: str) -> Iterable[Found]:
    """One finding, or one for each file that is wrong."""
    try:
        group = pwd.getpwnam(console_user).pw_gid
    except KeyError:
        return  # said of the users
    faults = [*_unreadable(journal, group), *_open(journal.parent)]
    yield from faults or [right("the console can read the journal, and no key")]


def _unreadable(journal: Path, group: int) -> Iterable[Found]:
    files = [journal.parent, *(Path(f"{journal}{suffix}") for suffix in READ)]
    for file in files:
        try:
            found = file.stat()
        except FileNotFoundError:
            continue
        wanted = stat.S_IRGRP | (stat.S_IXGRP if stat.S_ISDIR(found.st_mode) else 0)
        if found.st_gid != group:
            yield wrong("rights.group", path=file)
        elif found.st_mode & wanted != wanted:
            yield wrong("rights.mode", path=file, mode=f"{found.st_mode & 0o777:04o}")


def _open(folder: Path) -> Iterable[Found]:
    for name in ALONE:
        file = folder / name
        if file.exists() and (mode := file.stat().st_mode & 0o777) & 0o077:
            yield wrong("rights.open", path=file, mode=f"{mode:04o}")
