"""Readers who stand in the writer's way, and how the writer goes on without them.

The console reads the journal's files as another user. Whoever may open ``-shm`` for reading may also lock its bytes, as
POSIX has it, and leave them locked: a shared lock on the byte that stands for "somebody writes" keeps the writer out
for ever, and one for "somebody reads this" lets the log grow for ever. No honest reader holds the first for longer than
a moment, nor the second for hours. So the writer takes the right to read away and goes on with another ``-shm`` file,
on which nobody has a lock. What was acknowledged is in the journal and its log; SQLite makes that file of the log.

The right is given again when the gate next starts. Rejected: readers that ask the gate for every row (a million of them
would pass through the process that admits visitors), and a second copy of the journal. Must not know: entries, SQL.
"""

from __future__ import annotations

import logging
from pathlib import Path

log = logging.getLogger(__name__)

LOG_MOST_BYTES = 256 * 1024 * 1024
"""A log of this size has waited for a reader for hours, or for one that locks it out of malice."""
ALONE_MODE = 0o600
_LOCKS = Path("/proc/locks")
# https://www.sqlite.org/walformat.html 2.3.1: bytes 120 to 122 of the -shm file are WRITE, CKPT and RECOVER.
_FIRST, _LAST = 120, 122


def stood_in_the_way(path: Path, locks: Path = _LOCKS) -> bool:
    """Whether somebody who only reads holds a lock that is the writer's. (A writer's own lock there is exclusive, and
    whoever has that may write: never shut out.)

    Args:
        path: the journal.
    """
    try:
        inode = Path(f"{path}-shm").stat().st_ino
        lines = locks.read_text(encoding="ascii").splitlines()
    except OSError:
        return False
    # "7: POSIX  ADVISORY  READ 4711 fe:00:1835 120 120"; OFDLCK instead of POSIX is the same to us. Not opened to ask
    # by F_GETLK: closing any descriptor of the file would drop SQLite's own locks in this process.
    return any(_is_readers(line.split(), inode) for line in lines)


def _is_readers(words: list[str], inode: int) -> bool:
    if len(words) != 8 or words[3] != "READ" or words[5].rpartition(":")[2] != str(inode):
        return False
    last = _LAST if words[7] == "EOF" else int(words[7])
    return int(words[6]) <= _LAST and last >= _FIRST


def log_is_too_long(path: Path) -> bool:
    """Whether the log has outgrown every honest reader."""
    try:
        return Path(f"{path}-wal").stat().st_size > LOG_MOST_BYTES
    except OSError:
        return False


def shut_out(path: Path) -> None:
    """Take the right to read away, and the locks with the file that they are on; no connection of ours may be open.

    Raises:
        OSError
    """
    log.critical("a reader stood in the way of %s: the right to read it is taken away until the next start", path)
    for suffix in ("", "-wal"):
        if (file := Path(f"{path}{suffix}")).exists():
            file.chmod(ALONE_MODE)
    Path(f"{path}-shm").unlink(missing_ok=True)


def let_read(path: Path, mode: int) -> None:
    """Give the journal, its log and their shared memory the mode, whatever the umask or a person made of it.

    Raises:
        OSError
    """
    for suffix in ("", "-wal", "-shm"):
        file = Path(f"{path}{suffix}")
        if file.exists() and file.stat().st_mode & 0o777 != mode:
            file.chmod(mode)
