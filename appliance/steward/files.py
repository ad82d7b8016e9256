"""Files that must be whole after a crash: written beside, synced, renamed; and one lock for who changes the settings.

Must not know: what is in them.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path


def replace_durably(path: Path, content: bytes, mode: int = 0o600, like: os.stat_result | None = None) -> None:
    """The file has this content, or after a crash what it had before.

    Args:
        like: whose owner and mode it gets, instead of ``mode`` and root's.
    """
    draft = path.with_name(f".{path.name}.new")
    draft.unlink(missing_ok=True)
    opened = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    with os.fdopen(opened, "wb") as out:
        if like is not None:
            os.fchown(out.fileno(), like.st_uid, like.st_gid)
        os.fchmod(out.fileno(), like.st_mode & 0o777 if like is not None else mode)
        out.write(content)
        out.flush()
        os.fsync(out.fileno())
    draft.replace(path)
    sync_folder(path.parent)


def remove_durably(path: Path) -> None:
    """It is not there, also after a crash."""
    path.unlink(missing_ok=True)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """What was renamed or removed in it stays so."""
    opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Alone among those who change the settings here: the steward, and ``qaqpa apply --at-boot``. The lock is on the
    folder itself, so that no file of it can be left behind."""
    opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(opened, fcntl.LOCK_EX)
        yield
    finally:
        os.close(opened)
