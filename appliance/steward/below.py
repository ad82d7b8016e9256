"""Files below one folder, written by descriptors from one to the next: whoever swaps one for a link gets nothing.

What a new file replaces may be kept beside it (``.name.former``) until it is known which of the two is to stay. Must
not know: what is in them.
"""

from __future__ import annotations

import grp
import os
import stat
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path


class NotOurs(OSError):
    """What is there is no file."""


def write(home: Path, relative: Path, content: bytes, mode: int, group: str, *, keep_former: bool = False) -> None:
    """Put this there, whole or not at all, as root's and of this group.

    Raises:
        NotOurs, OSError
    """
    name, draft = relative.name, f".{relative.name}.new"
    with _entered(home, relative) as folder:
        is_there = _is_file(name, folder)
        _remove(draft, folder)
        out = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600, dir_fd=folder)
        try:
            os.fchown(out, 0, grp.getgrnam(group).gr_gid)
            os.fchmod(out, mode)
            view = memoryview(content)
            while view:
                view = view[os.write(out, view) :]
            os.fsync(out)
        finally:
            os.close(out)
        if keep_former and is_there:
            _remove(_former(name), folder)
            os.link(name, _former(name), src_dir_fd=folder, dst_dir_fd=folder, follow_symlinks=False)
        os.replace(draft, name, src_dir_fd=folder, dst_dir_fd=folder)
        os.fsync(folder)


def put_back(home: Path, relative: Path) -> None:
    """The former one is the file again, if there is one; may be repeated.

    Raises:
        OSError
    """
    with _entered(home, relative) as folder, suppress(FileNotFoundError):
        os.replace(_former(relative.name), relative.name, src_dir_fd=folder, dst_dir_fd=folder)
        os.fsync(folder)


def forget(home: Path, relative: Path) -> None:
    """There is no former one any more.

    Raises:
        OSError
    """
    with _entered(home, relative) as folder:
        _remove(_former(relative.name), folder)
        os.fsync(folder)


def _former(name: str) -> str:
    return f".{name}.former"


@contextmanager
def _entered(home: Path, relative: Path) -> Iterator[int]:
    """A descriptor of the folder in which it lies."""
    with ExitStack() as stack:

        def opened(name: str, within: int | None) -> int:
            descriptor = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=within)
            stack.callback(os.close, descriptor)
            return descriptor

        folder = opened(str(home), None)
        for name in relative.parts[:-1]:
            folder = opened(name, folder)
        yield folder


def _is_file(name: str, folder: int) -> bool:
    """Whether there is a file to be replaced."""
    try:
        found = os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return False
    if not stat.S_ISREG(found.st_mode):
        raise NotOurs(name)
    return True


def _remove(name: str, folder: int) -> None:
    with suppress(FileNotFoundError):
        os.unlink(name, dir_fd=folder)
