"""Does to a journal what a console that was taken over would, as the console's user, with nothing of root left.

Run by root as ``python -m tests.edge.journal.console_user WHAT PATH``. WHAT:

    read     verify the chain, list the visits, search; print how many
    spoil    try to write, truncate, replace and lock all that lies there; print what succeeded
    block    hold the writer's lock in the ``-shm`` file
    linger   hold one state of the journal

The last two say "held" and go on until their input ends. Root starts it and it changes its user itself, because the
checkout may lie where the console's user cannot look.
"""

from __future__ import annotations

import fcntl
import os
import pwd
import sqlite3
import struct
import sys
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path

from journal.database import reading
from journal.errors import JournalError
from journal.index import Indexer
from journal.listing import listed
from journal.seal import verify
from journal.store import Store
from journal.wanted import Wanted

CONSOLE_USER = "qaqpa-console"
_WRITE_LOCK = 120


def become_console() -> None:
    """Give up root for good."""
    user = pwd.getpwnam(CONSOLE_USER)
    os.initgroups(CONSOLE_USER, user.pw_gid)
    os.setgid(user.pw_gid)
    os.setuid(user.pw_uid)


def main(what: str, path: Path) -> None:
    become_console()
    match what:
        case "read":
            print(verify(path).entries, len(listed(path, Wanted()).visits))
        case "spoil":
            _spoil(path)
        case "block":
            held = _lock(Path(f"{path}-shm"))
            _linger()
            os.close(held)
        case "linger":
            with reading(path) as connection:
                connection.execute("SELECT count(*) FROM entries").fetchone()
                _linger()


def _spoil(path: Path) -> None:
    names = sorted(file.name for file in path.parent.iterdir())
    for name in names:
        file = path.with_name(name)
        _tried(f"write {name}", partial(file.open, "r+b"))
        _tried(f"truncate {name}", partial(os.truncate, file, 0))
        _tried(f"remove {name}", file.unlink)
        _tried(f"mode {name}", partial(file.chmod, 0o666))
    _tried("make", lambda: path.with_name("mine").touch())
    _tried("store", lambda: Store.open(path))
    _tried("index", lambda: Indexer(path).step())
    _tried("lock", lambda: os.open(f"{path}-writer", os.O_RDONLY))
    for key in ("seal.key", "password.key"):
        _tried(key, path.with_name(key).read_bytes)
    connection = sqlite3.connect(path)
    _tried("insert", lambda: connection.execute("INSERT INTO kept VALUES ('x', 'y')"))
    _tried("checkpoint", lambda: _checkpointed(connection))


def _checkpointed(connection: sqlite3.Connection) -> None:
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    if connection.execute("PRAGMA journal_mode = DELETE").fetchone() == ("wal",):
        raise PermissionError


def _tried(what: str, act: Callable[[], object]) -> None:
    with suppress(OSError, sqlite3.Error, JournalError):
        act()
        print(what)


def _lock(file: Path) -> int:
    opened = os.open(file, os.O_RDONLY)
    fcntl.fcntl(opened, fcntl.F_SETLK, struct.pack("@hhqqi4x", fcntl.F_RDLCK, os.SEEK_SET, _WRITE_LOCK, 1, 0))
    return opened


def _linger() -> None:
    print("held", flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
