"""A file or folder that appears whole or not at all. Must not know: what is in it."""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from journal.errors import ExtractFailed


@contextmanager
def writing(target: Path) -> Iterator[None]:
    """Whatever the disk refuses inside the block is said of the target."""
    try:
        yield
    except OSError as error:
        reasons = {
            errno.ENOSPC: "there is no space left on its disk",
            errno.EDQUOT: "there is no space left for this user on its disk",
            errno.EFBIG: "its disk takes no file of that size",
            errno.EROFS: "its disk is read-only",
            errno.ENOENT: f"there is no folder {target.parent}",
        }
        why = reasons.get(error.errno or 0, error.strerror or str(error))
        raise ExtractFailed(target, f"{why}; nothing of it was kept") from error


@contextmanager
def beside(target: Path) -> Iterator[Path]:
    """A hidden folder on the target's own disk, since only there a rename is one step; gone with the block."""
    if target.exists():
        raise ExtractFailed(target, "it is there already, and an extract is never written over")
    with writing(target):
        aside = Path(tempfile.mkdtemp(prefix=f".{target.name}.unfinished-", dir=target.parent))
    try:
        yield aside
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def bring_to_disk(paths: Iterable[Path]) -> None:
    """
    Raises:
        OSError: some of it may be lost with the power.
    """
    for path in paths:
        opened = os.open(path, os.O_RDONLY)
        try:
            os.fsync(opened)
        finally:
            os.close(opened)
