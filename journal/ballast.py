"""A file that does nothing but take up room on the journal's disk: the reserve for what must still be recorded.

A free block is anybody's, a log's or a cache's; what is allocated here is ours until we give it up, piece by piece,
when the journal finds no other. Must not know: what is recorded, who may still be admitted.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

PIECE_BYTES = 4 * 1024 * 1024


class Ballast:
    """The file beside the journal. Raises nothing: what cannot be had is told by the sizes.

    Args:
        journal: beside which it lies.
        size: how large it is to be, bytes.
    """

    def __init__(self, journal: Path, size: int) -> None:
        self._path, self._wanted = journal.with_name(f"{journal.name}-reserve"), size

    @property
    def size(self) -> int:
        """How large it is, bytes."""
        try:
            return self._path.stat().st_size
        except OSError:
            return 0

    @property
    def whole(self) -> bool:
        """Whether it is as large as it is to be."""
        return self.size >= self._wanted

    def fill(self) -> bool:
        """Make it as large as it is to be (and no larger); False: there is no room for it."""
        try:
            with open(self._path, "ab", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
                if self.size > self._wanted:
                    file.truncate(self._wanted)
                elif self.size < self._wanted:
                    os.posix_fallocate(file.fileno(), 0, self._wanted)
        except OSError:
            return self.whole
        return True

    def give(self) -> bool:
        """Give up a piece; False: there is none left."""
        size = self.size
        if not size:
            return False
        try:
            os.truncate(self._path, max(0, size - PIECE_BYTES))
        except OSError:
            return False
        return True


def free_bytes(path: Path) -> int:
    """What the gate's user may still write on the disk of ``path``; the ballast is not counted.

    Raises:
        OSError
    """
    return shutil.disk_usage(path.parent).free


def used_percent(path: Path) -> int:
    """How full the disk is as a whole number, as df(1) reckons it: of what its users may use.

    Raises:
        OSError
    """
    usage = shutil.disk_usage(path.parent)
    return -(-100 * usage.used // (usage.used + usage.free))
