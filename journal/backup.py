"""A copy of the journal, made while the gate writes, and how it becomes the journal again.

A copy carries the chain and its checkpoints and proves itself. Must not know: who asks, what the working state means.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from contextlib import closing, suppress
from datetime import datetime
from pathlib import Path

from journal import checkpoints
from journal.database import reading, translated
from journal.entries import JournalBegan
from journal.errors import Cause, JournalCorrupt, JournalUnavailable
from journal.opening import FILE_MODE, lock_writer
from journal.seal import Verdict, verify

COPY_MODE = 0o600


def back_up(path: Path, copy: Path) -> Verdict:
    """Write the journal as it is at one moment to a file of its own, and verify that.

    The file is there under its name only when it is whole and its chain holds; it needs no other file.

    Raises:
        FileExistsError: there is a file of that name.
        JournalUnavailable: the journal cannot be read, or the copy not be written.
        JournalCorrupt: the journal's chain is broken; there is no copy.
    """
    if copy.exists():
        raise FileExistsError(17, "there is such a file already", str(copy))
    draft = copy.with_name(f"{copy.name}.part")
    try:
        with translated(draft):
            draft.unlink(missing_ok=True)
            os.close(os.open(draft, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, COPY_MODE))
        with reading(path) as source, translated(draft), closing(sqlite3.connect(draft)) as target:
            source.backup(target)
            # One file, no log beside it: what is carried on a stick must not depend on a second name.
            target.execute("PRAGMA journal_mode = DELETE")
        verdict = verify(draft)
        if verdict.first_bad is not None:
            raise JournalCorrupt(path, verdict.problem)
        with translated(copy):
            _sync(draft)
            os.link(draft, copy)  # unlike a rename, never over a file that is there
            _sync(copy.parent)
    finally:
        for suffix in ("", "-journal", "-wal", "-shm"):
            with suppress(OSError):
                Path(f"{draft}{suffix}").unlink(missing_ok=True)
    return verdict


def put_back(copy: Path, path: Path, now: datetime) -> tuple[Verdict, JournalBegan]:
    """Make the copy the journal, while no gate runs; the one that was there is set aside.

    Returns:
        What the copy proves, and what is to be recorded in it before anything else.

    Raises:
        JournalUnavailable: a gate runs, or a file cannot be written; nothing was changed.
        JournalCorrupt: the copy's chain is broken; nothing was changed.
    """
    verdict = verify(copy)
    if verdict.first_bad is not None:
        raise JournalCorrupt(copy, verdict.problem)
    with translated(path):
        lock = lock_writer(path)
        try:
            draft = path.with_name(f"{path.name}-restoring")
            shutil.copyfile(copy, draft)
            draft.chmod(FILE_MODE)
            owner = path.parent.stat()
            for file in (draft, Path(f"{path}-writer")):
                os.chown(file, owner.st_uid, owner.st_gid)
            _sync(draft)
            if verify(draft) != verdict:
                draft.unlink()
                raise JournalUnavailable(path, Cause.IO, "what was copied is not what is read back")
            aside = _set_aside(path, now)
            draft.rename(path)
            _sync(path.parent)
            with reading(path) as connection:
                sealed = checkpoints.last_in(connection)
            if sealed is not None:
                checkpoints.remember(path, sealed, FILE_MODE)
                os.chown(checkpoints.beside(path), owner.st_uid, owner.st_gid)
        finally:
            os.close(lock)
    previous = aside.name if aside else ""
    return verdict, JournalBegan(previous, verdict.entries, verdict.head, f"put back from the back-up {copy.name}")


def _set_aside(path: Path, now: datetime) -> Path | None:
    if not path.exists():
        checkpoints.beside(path).unlink(missing_ok=True)
        return None
    aside = path.with_name(f"{path.name}-before-{now:%Y%m%dT%H%M%SZ}")
    with suppress(FileNotFoundError):
        os.link(f"{path}-wal", f"{aside}-wal")
    path.rename(aside)
    for suffix in ("-wal", "-shm"):
        Path(f"{path}{suffix}").unlink(missing_ok=True)
    with suppress(FileNotFoundError):
        checkpoints.beside(path).rename(f"{aside}-seal")
    return aside


def _sync(path: Path) -> None:
    opened = os.open(path, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
