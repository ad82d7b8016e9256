"""A back-up on a USB stick, and one read from there. The format is ``steward.backups``'.

Whoever made the stick decided what lies on it by which name: no link is followed, nothing but a plain file is read or
written over, and what is brought here is a back-up or nothing. Must not know: who asks.
"""

from __future__ import annotations

import filecmp
import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from appliance.commands import Run
from appliance.config import Config
from appliance.errors import ApplianceError
from appliance.steward import backups
from appliance.steward.files import sync_folder
from appliance.sticks import Stick, mounted
from journal.seal import Verdict

FOLDER = "qaqpa-backup"
_SPARE_BYTES = 1 << 20


class StickFailed(ApplianceError):
    """The stick has no new back-up, or nothing was taken from it."""


def write(config: Config, path: Path, stick: Stick, at: Path, *, now: datetime, run: Run) -> tuple[str, Verdict]:
    """Make a back-up as always, and copy it to the stick; returns its name there and what it proves.

    Args:
        path: of the configuration.
        at: where the stick is mounted meanwhile.

    Raises:
        NotBackedUp, StickUnusable, StickFailed
    """
    made, verdict = backups.make(config, path, now)
    source = backups.folder(config) / made.file
    with mounted(stick, at, run, writable=True) as root:
        try:
            free = shutil.disk_usage(root).free
            if free < made.size_bytes + _SPARE_BYTES:
                raise StickFailed(
                    f"the stick has {free / 1e6:.0f} MB left and the back-up takes {made.size_bytes / 1e6:.0f} MB: "
                    "make room on it or take another"
                )
            with suppress(FileExistsError):
                (root / FOLDER).mkdir()
            with _entered(root / FOLDER) as folder:
                _copy_into(folder, source)
        except OSError as error:
            raise StickFailed(f"the stick cannot be written ({error.strerror}); try another") from error
    return f"{FOLDER}/{made.file}", verdict


def fetch(config: Config, stick: Stick, at: Path, run: Run) -> Path:
    """Copy the newest back-up of the stick to those on this machine; returns where it is. Puts nothing back.

    Raises:
        StickUnusable, StickFailed
    """
    home = backups.folder(config)
    with mounted(stick, at, run) as root:
        try:
            home.mkdir(mode=0o700, parents=True, exist_ok=True)
            with _entered(root / FOLDER) as folder:
                listed = (each.name for each in (root / FOLDER).iterdir())
                name = max(filter(backups.is_name, listed), default="")
                if name:
                    with _opened(name, folder) as read:
                        return _brought(read, home / name, config.journal.reserve_mb * 1_000_000)
        except FileNotFoundError:
            pass
        except OSError as error:
            raise StickFailed(f"the back-up cannot be copied here ({error.strerror})") from error
    raise StickFailed(f"there is no back-up on the stick: {FOLDER}/qaqpa-….tar")


@contextmanager
def _entered(path: Path) -> Iterator[int]:
    opened = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        yield opened
    finally:
        os.close(opened)


def _copy_into(folder: int, source: Path) -> None:
    draft = f"{source.name}.part"
    out = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600, dir_fd=folder)
    try:
        with source.open("rb") as read, os.fdopen(out, "wb") as writing:
            shutil.copyfileobj(read, writing, 1 << 20)
            writing.flush()
            os.fsync(writing.fileno())
        # A name that is whole is one that was written to its end.
        os.rename(draft, source.name, src_dir_fd=folder, dst_dir_fd=folder)
        os.fsync(folder)
    except OSError:
        with suppress(OSError):
            os.unlink(draft, dir_fd=folder)
        raise


def _opened(name: str, folder: int) -> BinaryIO:
    """The file, at which nobody waits: a pipe would be opened too."""
    return os.fdopen(os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder), "rb")


def _brought(read: BinaryIO, target: Path, reserve_bytes: int) -> Path:
    found = os.fstat(read.fileno())
    if not stat.S_ISREG(found.st_mode):
        raise StickFailed(f"{target.name} on the stick is no file; nothing was taken from it")
    # The disk is the journal's, which stops admitting at its reserve.
    free = shutil.disk_usage(target.parent).free - reserve_bytes
    if found.st_size > free:
        raise StickFailed(
            f"the back-up takes {found.st_size / 1e6:.0f} MB and there are {max(0, free) / 1e6:.0f} MB: "
            "fetch it on a machine with more room"
        )
    draft = target.with_name(f".{target.name}.part")
    draft.unlink(missing_ok=True)
    try:
        with open(draft, "x+b", opener=_private) as out:
            shutil.copyfileobj(read, out, 1 << 20)
            out.flush()
            os.fsync(out.fileno())
            out.seek(0)
            if not backups.is_ours(out):
                raise StickFailed(f"{target.name} on the stick is damaged or no back-up of Qaqpa's; it was not taken")
        if target.exists() and not filecmp.cmp(draft, target, shallow=False):
            raise StickFailed(f"{target} is here already and another; move it away first if you want the stick's")
        draft.rename(target)
        sync_folder(target.parent)
    finally:
        draft.unlink(missing_ok=True)
    return target


def _private(name: str, flags: int) -> int:
    return os.open(name, flags | os.O_NOFOLLOW, 0o600)
