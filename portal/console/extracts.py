"""Extracts made in the background, recorded and signed by the gate, kept for an hour for whoever made them.

An extract is made of personal data, so what a power cut or a crash left is removed at the start, files are this user's
alone, and the disk is watched on the way: it is the journal's too, and a full one admits nobody. Must not know: pages.
"""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from appliance import wire
from appliance.errors import GateUnreachable, WireError
from appliance.signer import GateSigner
from appliance.staff.roles import SignedIn
from appliance.wire import Refusal, Refused
from journal.clock import clocks_of
from journal.errors import ExtractFailed, JournalError
from journal.extract import Made, make
from journal.extract_data import Order
from journal.notary import Signature
from portal.console.jobs import Job, Jobs, Stopped, Why
from portal.console.site import Site

log = logging.getLogger(__name__)

LONGEST_S = 900.0
MOST_BYTES = 2_000_000_000
"""Of all extracts on their way or kept."""


class Extracts:
    """Those of one console.

    Args:
        free_bytes: what is left on the folder's disk.
    """

    def __init__(
        self,
        site: Site,
        *,
        longest_s: float = LONGEST_S,
        free_bytes: Callable[[Path], int] = lambda folder: shutil.disk_usage(folder).free,
    ) -> None:
        self._site, self._free_bytes = site, free_bytes
        self.folder = site.home / "extracts"
        self.jobs: Jobs[Made] = Jobs(site.now, longest_s=longest_s)
        # Twice what the gate keeps for itself: the extract stops before the gate has to.
        self._left_bytes = 2 * site.config.journal.reserve_mb * 1_000_000
        _emptied(self.folder)

    def begin(self, who: SignedIn, order: Order) -> Job[Made]:
        """
        Raises:
            Busy
        """

        def work(job: Job[Made]) -> Made:
            job.file = self.folder / f"{job.name}.zip"
            return self._make(job, job.file, order)

        return self.jobs.begin(who, work)

    def _make(self, job: Job[Made], file: Path, order: Order) -> Made:
        def reached(part: float) -> None:
            job.go_on()
            job.part = part
            if self._free_bytes(self.folder) < self._left_bytes or _size(self.folder) > MOST_BYTES:
                raise Stopped(Why.ROOM)

        journal = self._site.journal
        try:
            reached(0.0)
            signer = Last(GateSigner(self._ask, order.by, order.why, order.wanted), job)
            return make(journal, file, order, signer, progress=reached, correct=clocks_of(journal).correct)
        except (ExtractFailed, OSError) as error:
            raise Stopped(Why.ROOM) from error
        except JournalError as error:
            raise Stopped(Why.JOURNAL_UNAVAILABLE) from error

    def _ask(self, request: wire.Request) -> wire.Reply:
        try:
            reply = self._site.gate.ask(request)
        except (GateUnreachable, WireError) as error:
            raise Stopped(Why.GATE) from error
        if isinstance(reply, Refused):
            full = reply.refusal is Refusal.JOURNAL_UNAVAILABLE
            raise Stopped(Why.JOURNAL_UNAVAILABLE if full else Why.REFUSED)
        return reply


class Last:
    """The signer that looks once more whether the extract is still wanted: once it is recorded, it is there."""

    def __init__(self, signer: GateSigner, job: Job[Made]) -> None:
        self._signer, self._job = signer, job
        self.public = signer.public

    def sign(self, manifest: str) -> Signature:
        self._job.go_on()
        return self._signer.sign(manifest)


def _emptied(folder: Path) -> None:
    """Made anew: what lies there is of a process that is over. A disk that takes nothing keeps nobody out."""
    try:
        if folder.exists():
            shutil.rmtree(folder)
        folder.mkdir(mode=0o700, parents=True)
    except OSError as error:
        log.warning("%s cannot be made anew, so there are no extracts: %s", folder, error)


def _size(folder: Path) -> int:
    total = 0
    for file in folder.rglob("*"):
        with suppress(OSError):  # it went meanwhile
            total += file.stat().st_size
    return total
