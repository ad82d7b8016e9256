"""What can go wrong in the lab, as a tree; each text is for the person who runs it.

LabError
├── CommandFailed     a command ended with another code than 0, or could not be started
├── CommandTooLong    a command did not end, or did not say what it should, in its time
├── TooLate           a condition did not come about in its time
├── BadName           a prefix or name that could make one world remove another's namespaces
├── LabTaken          another lab with this prefix runs
├── NoLease           DHCP gave no address in time
└── NoAnswer          no HTTP answer came
"""

from __future__ import annotations

import shlex
import signal
from collections.abc import Sequence

_SHOWN_OUTPUT_CHARACTERS = 4000


class LabError(Exception):
    """Base of the lab's errors."""


class CommandFailed(LabError):
    """A command ended badly; the text holds a line that can be pasted into a shell, and what it said."""

    def __init__(self, argv: Sequence[str], code: int, output: str) -> None:
        self.argv, self.code, self.output = tuple(argv), code, output
        how = f"killed by {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
        super().__init__(_told(how, argv, output))


class CommandTooLong(LabError):
    """A command did not end, or did not say what it should, in its time."""

    def __init__(self, argv: Sequence[str], timeout_s: float, output: str) -> None:
        self.argv, self.timeout_s, self.output = tuple(argv), timeout_s, output
        super().__init__(_told(f"not done after {timeout_s:g} s", argv, output))


class TooLate(LabError):
    """A condition did not come about in its time."""

    def __init__(self, what: str, timeout_s: float) -> None:
        self.what, self.timeout_s = what, timeout_s
        super().__init__(f"waited {timeout_s:g} s in vain for {what}")


class BadName(LabError):
    """A prefix or a name that could make one world remove another's namespaces."""


class LabTaken(LabError):
    """Another lab with this prefix runs."""

    def __init__(self, prefix: str, pid: int | None) -> None:
        self.prefix, self.pid = prefix, pid
        who = f"process {pid}" if pid else "another process"
        super().__init__(f"a lab '{prefix}' is already up ({who}); end that one first")


class NoLease(LabError):
    """DHCP gave no address in time; the text holds the client's log."""


class NoAnswer(LabError):
    """No HTTP answer came."""

    def __init__(self, url: str, curl_code: int, reason: str) -> None:
        self.url, self.curl_code, self.reason = url, curl_code, reason
        super().__init__(f"{url}: {reason} (curl's exit code {curl_code})")


def _told(how: str, argv: Sequence[str], output: str) -> str:
    return f"{how}:\n    {shlex.join(argv)}\n{output[-_SHOWN_OUTPUT_CHARACTERS:]}".rstrip()
