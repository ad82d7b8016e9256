"""What root's own units do for the console: asked by one file, followed by another.

    /run/qaqpa/errands/update.asked     what is wanted, and who wants it
    /run/qaqpa/errands/update.told      how far it has come, and how it ended

The steward has no disks and no mounts; it writes the first, has systemd start the unit, and reads the second. Both are
gone after a boot. Must not know: what any errand does.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path

import msgspec

from appliance.steward.files import replace_durably


class Errand(StrEnum):
    """Each is a unit ``qaqpa-<errand>.service``."""

    LOOK = "update-check"
    INSTALL = "update"
    STICK = "stick-backup"
    RESET = "factory-reset"


class Asked(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is wanted."""

    staff: str = "root"
    version: str = ""
    stick: bool = False
    """From a USB stick, instead of where the configuration says."""
    withdraw: bool = False
    """What was asked for before is not to be."""


class Told(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How it stands."""

    over: bool = False
    percent: int = 0
    why: str = ""
    """The reason it failed, for a program; "": it did not."""
    said: str = ""
    """The same for a person, or what came of it."""
    result: str = ""
    """What came of it, for a program."""
    at_utc_ms: int = 0
    stick: bool = False


class Errands:
    """Their files.

    Args:
        folder: made if it is missing; root's alone.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def ask(self, errand: Errand, asked: Asked) -> None:
        """Lay down what is wanted, for the unit that is about to start. What was told before is over.

        Raises:
            OSError
        """
        self._folder.mkdir(mode=0o700, exist_ok=True)
        self._file(errand, "told").unlink(missing_ok=True)
        replace_durably(self._file(errand, "asked"), msgspec.json.encode(asked))

    def take(self, errand: Errand) -> Asked | None:
        """What was laid down, once; None: nobody asked for it since."""
        path = self._file(errand, "asked")
        try:
            asked = msgspec.json.decode(path.read_bytes(), type=Asked)
        except (OSError, msgspec.MsgspecError):
            asked = None
        path.unlink(missing_ok=True)
        return asked

    def is_asked(self, errand: Errand) -> bool:
        """Whether something was laid down that no unit has taken yet."""
        return self._file(errand, "asked").exists()

    def tell(self, errand: Errand, told: Told) -> None:
        """How far it has come.

        Raises:
            OSError
        """
        self._folder.mkdir(mode=0o700, exist_ok=True)
        replace_durably(self._file(errand, "told"), msgspec.json.encode(told))

    def told(self, errand: Errand) -> Told | None:
        """What was told last; None: nothing since the boot, or since it was asked for again."""
        try:
            return msgspec.json.decode(self._file(errand, "told").read_bytes(), type=Told)
        except (OSError, msgspec.MsgspecError):
            return None

    def is_under_way(self, errand: Errand) -> bool:
        """Whether somebody is at it: by the lock, so that one who was killed is not."""
        try:
            with self.alone(errand) as got:
                return not got
        except OSError:
            return False

    @contextlib.contextmanager
    def alone(self, errand: Errand) -> Iterator[bool]:
        """Whether nobody else is at it; held until the end of the block.

        Raises:
            OSError
        """
        self._folder.mkdir(mode=0o700, exist_ok=True)
        opened = os.open(self._file(errand, "lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            try:
                fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield False
            else:
                yield True
        finally:
            os.close(opened)

    def _file(self, errand: Errand, kind: str) -> Path:
        return self._folder / f"{errand}.{kind}"
