"""Subprocesses of the lab: ``run`` for one that ends, ``start`` for one that stays.

    >>> run(["echo", "salem"]).stdout
    'salem\\n'

Every command gets a clean environment (no proxy variables, no locale of the person's), its own session (Ctrl-C reaches
the lab alone, which then takes its world down in order), and dies with the thread that started it. Must not know: what
is run.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.lab.errors import CommandFailed, CommandTooLong
from tests.lab.reach import in_reach
from tests.lab.waiting import PATIENCE_S

ROOT = Path(__file__).resolve().parents[2]
"""The checkout: the working directory of every command, so that ``python -m tests.lab…`` is found."""

_ENVIRONMENT = {
    # Debian keeps ip, dnsmasq and udhcpc in sbin, which a person's PATH need not have.
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "HOME": "/root",
    "LANG": "C.UTF-8",
    "PYTHONUNBUFFERED": "1",
    # The device has no setuptools, which would put a distutils of its own in the place of Python's and take its time.
    "SETUPTOOLS_USE_DISTUTILS": "stdlib",
}


@dataclass(frozen=True)
class Completed:
    """A command that ended."""

    argv: tuple[str, ...]
    code: int
    """Exit code; minus the signal's number when a signal ended it."""
    stdout: str
    stderr: str
    seconds: float


def program(module: str, *arguments: str) -> list[str]:
    """The command line that runs a Python module of ours with the interpreter of this process."""
    return [sys.executable, "-m", module, *arguments]


def plain_program(module: str, *arguments: str) -> list[str]:
    """The same for a module that needs Python's own library alone: it starts in a third of the time."""
    return [sys.executable, "-S", "-m", module, *arguments]


def command_line(
    argv: Sequence[str], *, namespace: str | None = None, user: str | None = None, capabilities: Sequence[str] = ()
) -> list[str]:
    """``argv`` inside a network namespace, as a user, tied to the life of the thread that starts it.

    setpriv is the last before the program, because the kernel forgets PR_SET_PDEATHSIG when credentials change. For the
    same reason the tie is lost by a program that changes its user itself (dnsmasq without ``--user=root``, nginx's
    workers): ``namespaces.destroy`` finds those by their namespace.

    Args:
        user: run as this user with its own groups, and with ``capabilities`` (such as ``net_admin``) alone.
    """
    inside = ["ip", "netns", "exec", namespace] if namespace else []
    if namespace is not None and user is not None:
        inside += in_reach(ROOT)
    privileges = ["setpriv", "--pdeathsig", "KILL"]
    if user is not None:
        kept = ",".join(["-all", *(f"+{capability}" for capability in capabilities)])
        privileges += [f"--reuid={user}", f"--regid={user}", "--init-groups", "--no-new-privs"]
        privileges += [f"--inh-caps={kept}", f"--ambient-caps={kept}", f"--bounding-set={kept}"]
    return [*inside, *privileges, "--", *argv]


def run(
    argv: Sequence[str],
    *,
    namespace: str | None = None,
    check: bool = True,
    timeout_s: float = PATIENCE_S,
    stdin: str = "",
    environment: Mapping[str, str] | None = None,
) -> Completed:
    """Run a command to its end.

    Args:
        namespace: the network namespace to run it in; None is the machine's own.
        check: an exit code other than 0 is an error.
        environment: added to the clean environment.

    Raises:
        CommandFailed: it cannot be started, or ``check`` and another exit code than 0.
        CommandTooLong: it did not end within ``timeout_s`` seconds.
    """
    line = command_line(argv, namespace=namespace)
    began = time.monotonic()
    try:
        child = subprocess.Popen(
            line,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=ROOT,
            env={**_ENVIRONMENT, **(environment or {})},
            start_new_session=True,
        )
    except OSError as error:
        raise CommandFailed(line, 127, str(error)) from error
    with child:
        try:
            stdout, stderr = child.communicate(stdin.encode(), timeout=timeout_s)
        except subprocess.TimeoutExpired as error:
            _kill_group(child.pid)
            stdout, stderr = child.communicate()
            raise CommandTooLong(line, timeout_s, _text(stdout) + _text(stderr)) from error
        except BaseException:  # Ctrl-C in the middle: nothing of ours stays behind
            _kill_group(child.pid)
            raise
    done = Completed(tuple(line), child.returncode, _text(stdout), _text(stderr), time.monotonic() - began)
    if check and done.code != 0:
        raise CommandFailed(line, done.code, done.stdout + done.stderr)
    return done


class Process:
    """A running program whose output goes to a log file. Made by ``start``; as a context it stops at the end."""

    def __init__(
        self, name: str, argv: tuple[str, ...], log: Path, log_start_bytes: int, child: subprocess.Popen[bytes]
    ) -> None:
        self.name, self.argv, self.log = name, argv, log
        self._log_start_bytes = log_start_bytes
        self._child = child
        self._pidfd = os.pidfd_open(child.pid)

    @property
    def pid(self) -> int:
        """The program's own process id: ``ip netns exec`` and setpriv become the program, they do not stay."""
        return self._child.pid

    @property
    def alive(self) -> bool:
        return self.code is None

    @property
    def code(self) -> int | None:
        """The exit code, minus the signal's number when a signal ended it, None while it runs."""
        if self._pidfd < 0:
            return self._child.returncode
        # WNOWAIT: reaping is left to _bury, because until then the process group's number is surely still ours.
        ended = os.waitid(os.P_PIDFD, self._pidfd, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        if ended is None:
            return None
        return ended.si_status if ended.si_code == os.CLD_EXITED else -ended.si_status

    def output(self) -> str:
        """All it has said so far; not what an earlier program left in the same log."""
        return _text(self.log.read_bytes()[self._log_start_bytes :])

    def send(self, number: signal.Signals) -> None:
        """Send a signal; nothing happens if the program has ended."""
        if self._pidfd >= 0:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._pidfd, number)

    def wait(self, timeout_s: float) -> int:
        """The exit code, once it has ended by itself.

        Raises:
            CommandTooLong: it still runs after ``timeout_s`` seconds; it is left running.
        """
        self._wait_for_end(timeout_s)
        code = self.code
        if code is None:
            raise CommandTooLong(self.argv, timeout_s, self.output())
        return code

    def wait_for_line(self, line: str, timeout_s: float = PATIENCE_S) -> None:
        """Return once the log has a line that is exactly ``line``.

        Raises:
            CommandFailed: the program ended before it said so.
            CommandTooLong: it did not say so within ``timeout_s`` seconds.
        """
        deadline = time.monotonic() + timeout_s
        while line not in self.output().splitlines():
            if (code := self.code) is not None:
                if line in self.output().splitlines():
                    return
                raise CommandFailed(self.argv, code, self.output())
            if time.monotonic() > deadline:
                raise CommandTooLong(self.argv, timeout_s, self.output())
            self._wait_for_end(0.02)

    def stop(self, timeout_s: float = 5.0) -> int:
        """End it: TERM, and KILL after ``timeout_s`` seconds; then whatever children it left. Returns its code."""
        if self.alive:
            self.send(signal.SIGTERM)
            if not self._wait_for_end(timeout_s):
                self.send(signal.SIGKILL)
        return self._bury()

    def kill9(self) -> int:
        """Crash it: KILL, and its children with it, as systemd does with a service's control group."""
        self.send(signal.SIGKILL)
        return self._bury()

    def _wait_for_end(self, timeout_s: float) -> bool:
        if self._pidfd < 0:
            return True
        return bool(select.select([self._pidfd], [], [], timeout_s)[0])

    def _bury(self) -> int:
        if self._pidfd >= 0:
            self._wait_for_end(15.0)
            # Before the child is reaped its number cannot be given to another, so the group is still its own.
            _kill_group(self._child.pid)
            os.close(self._pidfd)
            self._pidfd = -1
        return self._child.wait(15.0)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def start(
    argv: Sequence[str],
    *,
    name: str,
    log: Path,
    namespace: str | None = None,
    user: str | None = None,
    capabilities: Sequence[str] = (),
    environment: Mapping[str, str] | None = None,
    pass_fds: Sequence[int] = (),
) -> Process:
    """Start a program that stays. It is killed when the *thread* that called this ends (PR_SET_PDEATHSIG counts
    threads), so call it from one that lives as long as the lab: the main thread.

    Args:
        log: appended with standard output and standard error.
        user, capabilities: see ``command_line``.
        pass_fds: descriptors the program inherits under the same numbers.

    Raises:
        CommandFailed: it cannot be started at all.
    """
    line = command_line(argv, namespace=namespace, user=user, capabilities=capabilities)
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as out:
        log_start_bytes = out.tell()
        try:
            child = subprocess.Popen(
                line,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                cwd=ROOT,
                env={**_ENVIRONMENT, **(environment or {})},
                start_new_session=True,
                pass_fds=tuple(pass_fds),
            )
        except OSError as error:
            raise CommandFailed(line, 127, str(error)) from error
    return Process(name, tuple(line), log, log_start_bytes, child)


def _kill_group(pid: int) -> None:
    try:
        os.killpg(pid, signal.SIGKILL)
    except ProcessLookupError:
        return  # all gone already: what was wanted


def _text(raw: bytes) -> str:
    return raw.decode(errors="replace")
