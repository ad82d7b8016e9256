"""Progress that a person can follow: one line a step, with its time, and what went wrong in words."""

from __future__ import annotations

import contextlib
import signal
import sys
import time
from collections.abc import Callable, Iterator

from tests.lab.errors import LabError


class StepFailed(Exception):
    """What a step promised did not hold."""


class Steps:
    """Prints to standard output. ``failed`` tells whether any step did."""

    def __init__(self) -> None:
        self.began = time.monotonic()
        self._tty = sys.stdout.isatty()

    def chapter(self, title: str) -> None:
        print(f"\n{self._bold(title)}", flush=True)

    @contextlib.contextmanager
    def step(self, what: str) -> Iterator[list[str]]:
        """One step; whatever the body appends is printed below its line.

        Raises:
            Whatever the body raises, after saying that this step failed.
        """
        notes: list[str] = []
        began = time.monotonic()
        try:
            yield notes
        except BaseException:
            print(f"  ✗ {what}", flush=True)
            raise
        print(f"  ✓ {what:<92}{time.monotonic() - began:6.2f} s", flush=True)
        for note in notes:
            print(f"      {note}", flush=True)

    def elapsed_s(self) -> float:
        return time.monotonic() - self.began

    def _bold(self, text: str) -> str:
        return f"\x1b[1m{text}\x1b[0m" if self._tty else text


FAILURES = (StepFailed, LabError, AssertionError)
"""What a step that did not hold raises."""


def played(title: str, name: str, play: Callable[[Steps], None]) -> int:
    """A program of steps, from its first line to its last; the process's exit code, 0 only if every step held.

    Args:
        name: what failed, where it does, as a sentence begins.
    """
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # ended politely, it clears up as after Ctrl-C
    steps = Steps()
    print(title)
    try:
        play(steps)
    except FAILURES as error:
        print(f"\n{name} failed: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped; nothing is left behind.", file=sys.stderr)
        return 130
    print(f"\nEvery step held. {steps.elapsed_s():.0f} s in all; nothing is left behind.")
    return 0


def hold(promise: bool, otherwise: str) -> None:
    """The promise holds.

    Raises:
        StepFailed: it does not; ``otherwise`` says what was seen.
    """
    if not promise:
        raise StepFailed(otherwise)
