"""Power cuts while visitors come and go: whatever a page had promised is on the disk, and the journal's chain holds.

The running computer is kept once, disk and memory, and goes on from there each time; then the emulator is killed in the
middle of whatever it does. What the disk holds is read outside, as after any cut: the file system's own log is replayed
and the journal verified. Must not know: how the journal is written.
"""

from __future__ import annotations

import contextlib
import json
import random
import re
import sqlite3
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from journal.seal import verify
from tests.image.machine import partitions
from tests.image.site import PAGE, Site
from tests.lab.errors import LabError
from tests.lab.run import run
from tests.lab.steps import hold
from tests.lab.visitor import Visitor
from tests.lab.waiting import until

_SOONEST_S, _LATEST_S = 0.5, 5.0
"""From the going on to the cut. Asking, the SMS, the password and leaving take two or three of them."""


@dataclass
class Life:
    """One phone's part, until nobody answers any more; and what it was promised."""

    site: Site
    phone: Visitor
    number: str
    begins_in_s: float
    promised: list[str] = field(default_factory=list)
    """The kinds of entries that an answered page stands for, in their order."""

    def live(self) -> None:
        """Ask, enter, leave."""
        with contextlib.suppress(LabError, AssertionError):
            time.sleep(self.begins_in_s)
            before = self.site.texts(self.number)
            page = self.phone.fetch(f"{PAGE}/").body
            agreed = re.search(r'name="terms" value="([^"]+)"', page)
            assert agreed
            self._sent("password", "password_asked", number=self.number, terms=agreed[1])
            secret = self.site.password_for(self.number, after=len(before), timeout_s=_LATEST_S)
            self._sent("login", "visit_began", password=secret)
            self._sent("leave", "visit_ended")

    def _sent(self, path: str, kind: str, **form: str) -> None:
        answer = self.phone.fetch(f"{PAGE}/{path}", method="POST", form=form)
        assert answer.status == 303, answer.body
        self.promised.append(kind)


def cut(site: Site, phones: Sequence[Visitor], chance: random.Random) -> int:
    """Go on, cut, look at the disk; how much was promised, and found there.

    Args:
        phones: joined, and strangers yet.

    Raises:
        StepFailed: something promised is not there, or the chain is broken.
    """
    site.emulated.go_on()
    lives = [
        Life(site, phone, f"+770155566{number:02}", chance.uniform(0.0, _SOONEST_S * 2))
        for number, phone in enumerate(phones)
    ]
    threads = [threading.Thread(target=life.live) for life in lives]
    for thread in threads:
        thread.start()
    time.sleep(chance.uniform(_SOONEST_S, _LATEST_S))
    site.machine.pull_the_plug()
    promised = [tuple(life.promised) for life in lives]
    for thread in threads:
        thread.join()
    with data(site.emulated.disk) as var:
        path = var / "lib/qaqpa/gate/journal.db"
        verdict = verify(path)
        hold(verdict.first_bad is None, f"after a cut the chain is broken: {verdict.problem}")
        for life, kinds in zip(lives, promised, strict=True):
            kept = _kinds(path, life.phone.mac)
            missing = [kind for kind in kinds if kind not in kept]
            hold(not missing, f"promised to {life.phone.mac} and lost: {missing}; kept: {kept}")
    return sum(len(kinds) for kinds in promised)


@contextlib.contextmanager
def data(disk: Path) -> Iterator[Path]:
    """The data partition of that disk, its log replayed, mounted for the length of the block."""
    start, size = partitions(disk)["qaqpa-data"]
    bounds = ["--offset", str(start), "--sizelimit", str(size)]
    device = run(["losetup", "--find", "--show", *bounds, str(disk)]).stdout.strip()
    at = disk.parent / "data"
    at.mkdir(exist_ok=True)
    try:
        run(["mount", "-t", "ext4", device, str(at)])
        try:
            yield at
        finally:
            run(["umount", str(at)])
    finally:
        run(["losetup", "--detach", device])
        until(lambda: device not in run(["losetup", "--list", "--noheadings"]).stdout, "the disk to be let go")


def _kinds(path: Path, mac: str) -> list[str]:
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as connection:
        bodies = [json.loads(body) for (body,) in connection.execute("SELECT body FROM entries ORDER BY seq") if body]
    return [str(body["kind"]) for body in bodies if body.get("device") == mac]
