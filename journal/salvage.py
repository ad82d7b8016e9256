"""Opening the journal whatever happened to it: a damaged file is set aside, and a new one begun that says so.

Must not know: what the working state means, who goes on with it.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from journal import checkpoints
from journal.database import reading, translated
from journal.entries import JournalBegan, Sealed
from journal.errors import Cause, JournalCorrupt, JournalError, JournalUnavailable
from journal.opening import lock_writer, open_checked
from journal.store import Store

DAMAGED = "damaged"
"""What a file that was set aside is called, after the journal's name and before the time."""


@dataclass(frozen=True)
class Opened:
    """The journal, ready to be written to."""

    store: Store
    began: JournalBegan | None
    """What is to be recorded before anything else; None: it goes on where it stopped."""
    rescued: Mapping[str, bytes]
    """The working state of a damaged journal, to be written with ``began``; empty: none could be read."""


def open_or_begin(path: Path, now: datetime) -> Opened:
    """Open the journal, or begin another beside what is left of it.

    Raises:
        JournalUnavailable, JournalNewer: as ``Store.open``.
        JournalCorrupt: it could not be set aside either.
    """
    try:
        store = Store.open(path)
    except JournalCorrupt as error:
        return _begin_anew(path, now, error.problem)
    try:
        with translated(path):
            sealed = checkpoints.newest(path)
        if sealed is None:
            return Opened(store, _unaccompanied(path), {})
        if store.holds(sealed):
            return Opened(store, None, {})
        name = _name(path, now, "seal")
        with translated(path):
            checkpoints.beside(path).rename(name)
    except BaseException:
        store.close()
        raise
    why = f"entry {sealed.seq}, of which the checkpoint in {name.name} was made, is not in this file"
    return Opened(store, JournalBegan("", sealed.seq, sealed.head, why), {})


def _unaccompanied(path: Path) -> JournalBegan | None:
    """What is to be said of a journal that was sealed, while nothing lies beside it: its end may have been cut off, and
    the one witness of that taken away."""
    with reading(path) as connection:
        sealed = checkpoints.last_in(connection)
    if sealed is None:
        return None
    why = f"no checkpoint lies beside it any more: what came after entry {sealed.seq} may be missing"
    return JournalBegan("", sealed.seq, sealed.head, why)


def set_aside(path: Path) -> list[Path]:
    """The journals and checkpoints that lie beside this one because something was wrong with them."""
    return sorted(
        found
        for kind in (DAMAGED, "seal")
        for found in path.parent.glob(f"{path.name}-{kind}-*")
        if not found.name.endswith(("-wal", "-shm", "Z-seal"))
    )


def _begin_anew(path: Path, now: datetime, problem: str) -> Opened:
    aside = _name(path, now, DAMAGED)
    with translated(path):
        lock = lock_writer(path)
        try:
            try:
                with translated(path):
                    open_checked(path).close()
            except JournalCorrupt:
                pass
            else:
                raise JournalUnavailable(path, Cause.IN_USE, "another gate has just begun it anew")
            sealed, rescued = _last_seal(path), _kept(path)
            for suffix in ("-wal", "-shm"):  # SQLite drops a log whose file is gone: keep it before that
                with suppress(FileNotFoundError):
                    os.link(f"{path}{suffix}", f"{aside}{suffix}")
            path.rename(aside)
            for suffix in ("-wal", "-shm"):
                Path(f"{path}{suffix}").unlink(missing_ok=True)
            with suppress(FileNotFoundError):
                checkpoints.beside(path).rename(f"{aside}-seal")
        finally:
            os.close(lock)
    seq, head = (sealed.seq, sealed.head) if sealed else (0, "")
    return Opened(Store.open(path), JournalBegan(aside.name, seq, head, f"damaged: {problem}"), rescued)


def _name(path: Path, now: datetime, kind: str) -> Path:
    return path.with_name(f"{path.name}-{kind}-{now:%Y%m%dT%H%M%SZ}")


def _last_seal(path: Path) -> Sealed | None:
    """The newest genuine checkpoint that the damaged journal, or the file beside it, still shows."""
    found = [checkpoints.newest(path)]
    with suppress(JournalError), reading(path) as connection:
        found.append(checkpoints.last_in(connection))
    return max((sealed for sealed in found if sealed), key=lambda sealed: sealed.seq, default=None)


def _kept(path: Path) -> dict[str, bytes]:
    """All of the working state or nothing: half of it might be the wrong half."""
    try:
        with reading(path) as connection:
            rows = connection.execute("SELECT name, value FROM kept").fetchall()
            return {bytes(name).decode(): bytes(value) for name, value in rows}
    except (JournalError, UnicodeDecodeError, TypeError):
        return {}
