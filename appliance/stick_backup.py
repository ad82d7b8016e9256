"""A back-up on a USB stick, and one read from there. The format is ``steward.backups``'. Must not know: who asks."""

from __future__ import annotations

import os
import shutil
from datetime import datetime
from pathlib import Path

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
        folder = root / FOLDER
        draft = folder / f"{made.file}.part"
        try:
            free = shutil.disk_usage(root).free
            if free < made.size_bytes + _SPARE_BYTES:
                raise StickFailed(
                    f"the stick has {free / 1e6:.0f} MB left and the back-up takes {made.size_bytes / 1e6:.0f} MB: "
                    "make room on it or take another"
                )
            folder.mkdir(exist_ok=True)
            with source.open("rb") as read, draft.open("wb") as out:
                shutil.copyfileobj(read, out, 1 << 20)
                out.flush()
                os.fsync(out.fileno())
            draft.rename(folder / made.file)  # a name that is whole is one that was written to its end
            sync_folder(folder)
        except OSError as error:
            draft.unlink(missing_ok=True)
            raise StickFailed(f"the stick cannot be written ({error.strerror}); try another") from error
    return f"{FOLDER}/{made.file}", verdict


def fetch(config: Config, stick: Stick, at: Path, run: Run) -> Path:
    """Copy the newest back-up of the stick to those on this machine; returns where it is. Puts nothing back.

    Raises:
        StickUnusable, StickFailed
    """
    home = backups.folder(config)
    with mounted(stick, at, run) as root:
        found = sorted((root / FOLDER).glob("qaqpa-*.tar"))
        if not found:
            raise StickFailed(f"there is no back-up on the stick: {FOLDER}/qaqpa-….tar")
        target = home / found[-1].name
        draft = home / f".{target.name}.part"
        try:
            home.mkdir(mode=0o700, parents=True, exist_ok=True)
            with found[-1].open("rb") as read, open(draft, "wb", opener=_private) as out:
                shutil.copyfileobj(read, out, 1 << 20)
                out.flush()
                os.fsync(out.fileno())
            draft.rename(target)
            sync_folder(home)
        except OSError as error:
            draft.unlink(missing_ok=True)
            raise StickFailed(f"the back-up cannot be copied here ({error.strerror})") from error
    return target


def _private(name: str, flags: int) -> int:
    return os.open(name, flags | os.O_NOFOLLOW, 0o600)
