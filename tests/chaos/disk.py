"""A disk of its own for the gate's state, that can be filled, hung, and taken out of order like a real one.

    with Disk.mounted(venue) as disk:
        disk.fill()

An ext4 file system in a file, by a loop device. Must not know: what lies there.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from tests.lab.run import run
from tests.lab.venue import Venue

_SIZE_MB = 64


@dataclass(frozen=True)
class Disk:
    """Made by ``mounted``."""

    image: Path
    folder: Path

    @classmethod
    @contextmanager
    def mounted(cls, venue: Venue) -> Iterator[Self]:
        """The gate's state is on it from now on; the gate is restarted for that. At the end the gate is stopped."""
        disk = cls(venue.places.folder / "disk.img", venue.places.state / "gate")
        before = disk.folder.stat()
        venue.processes["gate"].stop()
        run(["truncate", "-s", f"{_SIZE_MB}M", str(disk.image)])
        run(["mkfs.ext4", "-q", "-F", "-m", "0", str(disk.image)])
        # Processes have mounts of their own: only below a shared mount they see one go.
        run(["mount", "--bind", str(venue.places.state), str(venue.places.state)])
        run(["mount", "--make-shared", str(venue.places.state)])
        disk.mount()
        (disk.folder / "lost+found").rmdir()
        try:
            shutil.chown(disk.folder, before.st_uid, before.st_gid)
            disk.folder.chmod(before.st_mode & 0o7777)
            venue.restart("gate")
            yield disk
        finally:
            venue.processes["gate"].stop()
            run(["umount", "--lazy", str(disk.folder), str(venue.places.state)])

    def mount(self) -> None:
        run(["mount", "-o", "loop", str(self.image), str(self.folder)])

    def fill(self) -> None:
        """To the last byte."""
        with (self.folder / "filler").open("wb", buffering=0) as filler, suppress(OSError):
            while True:
                filler.write(bytes(4096))

    def free(self) -> None:
        """As if somebody had cleared up."""
        (self.folder / "filler").unlink(missing_ok=True)

    def hang(self) -> None:
        """Whoever writes waits."""
        run(["fsfreeze", "--freeze", str(self.folder)])

    def go_on(self) -> None:
        run(["fsfreeze", "--unfreeze", str(self.folder)])

    def fail(self) -> None:
        """Read-only from now on, as the kernel makes a file system that it finds damaged."""
        run(["mount", "-o", "remount,abort", str(self.folder)])

    def mend(self) -> None:
        """As a restart of the machine would; nothing may have it open."""
        run(["umount", str(self.folder)])
        run(["e2fsck", "-p", str(self.image)], check=False)  # 1: it mended something
        self.mount()
