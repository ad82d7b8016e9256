"""Does something to a journal as the gate's user, with nothing of root left.

Run by root as ``python -m tests.edge.journal.gate_user WHAT PATH FIRST LAST``. WHAT: ``write`` the entries FIRST to
LAST of a stay and close; write and be ``killed``; ``refused``: print why reading and writing are refused.

Root starts it and it changes its user itself, because the checkout may lie where the gate's user cannot look.
"""

from __future__ import annotations

import os
import pwd
import signal
import sys
from pathlib import Path

from journal.errors import JournalUnavailable
from journal.seal import verify
from journal.store import Store
from tests.edge.journal.samples import stay

GATE_USER = "qaqpa-gate"


def become_gate() -> None:
    """Give up root for good."""
    user = pwd.getpwnam(GATE_USER)
    os.initgroups(GATE_USER, user.pw_gid)
    os.setgid(user.pw_gid)
    os.setuid(user.pw_uid)
    os.umask(0o077)


def main(what: str, path: Path, first: int, last: int) -> None:
    become_gate()
    if what == "refused":
        for use in (verify, Store.open):
            try:
                use(path)
            except JournalUnavailable as error:
                print(error.cause)
        return
    store = Store.open(path)
    store.append(stay()[first:last])
    if what == "killed":
        os.kill(os.getpid(), signal.SIGKILL)
    store.close()


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
