"""What takes longer than a page may: done in a thread, followed by its owner, cancelled, forgotten after a while.

A job is its owner's alone, and ends with the session that began it. At most ``each`` run at a time for one person and
``most`` in all. They live in this process: whatever they leave on the disk is removed when the next one starts. Must
not know: what is done, pages.
"""

from __future__ import annotations

import logging
import secrets
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Generic, TypeVar

from appliance.staff.roles import SignedIn

log = logging.getLogger(__name__)

KEPT_S = 3600.0
KEPT_OF_ONE = 10
"""Somebody's older ones are forgotten before their hour: each holds memory, a timer and perhaps a file."""
Result = TypeVar("Result")


class State(StrEnum):
    """How far a job is."""

    RUNNING = "running"
    DONE = "done"
    STOPPED = "stopped"


class Why(StrEnum):
    """Why a job was stopped."""

    CANCELLED = "cancelled"
    TIME = "time"
    ROOM = "room"
    """The disk has too little left."""
    JOURNAL_UNAVAILABLE = "journal_unavailable"
    REFUSED = "refused"
    GATE = "gate"
    FAILED = "failed"


class Stopped(Exception):
    """Raised in the job's thread to leave nothing behind."""

    def __init__(self, why: Why) -> None:
        self.why = why
        super().__init__(why.value)


class Busy(Exception):
    """No further job just now."""

    def __init__(self, mine: bool) -> None:
        self.mine = mine
        super().__init__("one's own" if mine else "all")


@dataclass
class Job(Generic[Result]):
    """One of them; changed by its own thread alone, but for ``cancelled``."""

    name: str
    owner: str
    session: str
    began: datetime
    part: float = 0.0
    """0 to 1."""
    state: State = State.RUNNING
    why: Why | None = None
    result: Result | None = None
    file: Path | None = None
    """What it leaves on the disk, gone with the job."""
    cancelled: threading.Event = field(default_factory=threading.Event)
    late: threading.Event = field(default_factory=threading.Event)
    stop: Callable[[], None] = lambda: None
    """Called when it is cancelled or late, for what does not look by itself."""
    forgetting: threading.Timer | None = None

    def be_late(self) -> None:
        """Its time is over."""
        self.late.set()
        self.stop()

    def go_on(self) -> None:
        """
        Raises:
            Stopped: it was cancelled, or its time is over.
        """
        if self.cancelled.is_set():
            raise Stopped(Why.CANCELLED)
        if self.late.is_set():
            raise Stopped(Why.TIME)


class Jobs(Generic[Result]):
    """All of one kind.

    Args:
        now: for people to read.
        longest_s: a job that takes longer is stopped.
    """

    def __init__(
        self, now: Callable[[], datetime], *, each: int = 1, most: int = 3, longest_s: float, kept_s: float = KEPT_S
    ) -> None:
        self._now, self._each, self._most = now, each, most
        self._longest_s, self._kept_s = longest_s, kept_s
        self._jobs: dict[str, Job[Result]] = {}
        self._lock = threading.Lock()

    def begin(self, who: SignedIn, work: Callable[[Job[Result]], Result], file: Path | None = None) -> Job[Result]:
        """Begin at once.

        Raises:
            Busy
        """
        job: Job[Result] = Job(secrets.token_hex(8), who.login, who.session, self._now(), file=file)
        with self._lock:
            running = [each for each in self._jobs.values() if each.state is State.RUNNING]
            mine = sum(each.owner == who.login for each in running) >= self._each
            if mine or len(running) >= self._most:
                raise Busy(mine)
            self._jobs[job.name] = job
            over = [kept for kept in self._jobs.values() if kept.owner == who.login and kept.state is not State.RUNNING]
            for oldest in over[: max(0, len(over) - KEPT_OF_ONE + 1)]:
                self._forget(oldest)
        threading.Thread(target=self._run, args=(job, work), name=f"job {job.name}", daemon=True).start()
        return job

    def of(self, who: SignedIn, name: str) -> Job[Result] | None:
        """The job of that name, if it is this session's."""
        job = self._jobs.get(name)
        return job if job and (job.owner, job.session) == (who.login, who.session) else None

    def all_of(self, who: SignedIn) -> list[Job[Result]]:
        """The session's jobs, the newest first."""
        found = [job for job in list(self._jobs.values()) if (job.owner, job.session) == (who.login, who.session)]
        return sorted(found, key=lambda job: job.began, reverse=True)

    def end_session(self, session: str) -> None:
        """Forget what belongs to a session that is over."""
        for job in list(self._jobs.values()):
            if job.session == session:
                self.cancel(job)
                self._forget(job)

    def cancel(self, job: Job[Result]) -> None:
        """Stop it as soon as it looks; nothing if it is over."""
        job.cancelled.set()
        job.stop()

    def _run(self, job: Job[Result], work: Callable[[Job[Result]], Result]) -> None:
        late = _timer(self._longest_s, job.be_late)
        try:
            job.result = work(job)
            job.part = 1.0
            job.state = State.DONE
        except Stopped as stopped:
            job.why = stopped.why
        except Exception:
            log.exception("a job fell")
            job.why = Why.FAILED
        finally:
            late.cancel()
            if job.state is not State.DONE:
                job.state = State.STOPPED
                _remove(job.file)
            if job.name in self._jobs:
                job.forgetting = _timer(self._kept_s, lambda: self._forget(job))
            else:  # its session ended meanwhile
                _remove(job.file)

    def _forget(self, job: Job[Result]) -> None:
        self._jobs.pop(job.name, None)
        if job.forgetting is not None:
            job.forgetting.cancel()
        _remove(job.file)


def _timer(after_s: float, act: Callable[[], object]) -> threading.Timer:
    timer = threading.Timer(after_s, act)
    timer.daemon = True
    timer.start()
    return timer


def _remove(file: Path | None) -> None:
    if file is not None:
        with suppress(OSError):
            file.unlink(missing_ok=True)
