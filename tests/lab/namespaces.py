"""The ground the lab stands on: network namespaces, the cables between them, and their complete removal.

    with claim("qq-") as world:
        gate, phone = world.add("gate"), world.add("visitor1")
        world.cable(gate, "port1", phone, "eth0")

A world owns every namespace named prefix + letters and digits, whoever made it: a lab that crashed left it to the next
claim, which clears it away first. ``python -m tests.lab.namespaces PREFIX`` clears it away by hand. Must not know: what
runs in the namespaces.
"""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import os
import re
import shutil
import signal
import time
from collections.abc import Iterator
from pathlib import Path

from tests.lab.entering import inside
from tests.lab.errors import BadName, LabTaken
from tests.lab.run import run
from tests.lab.waiting import until

_NAMESPACES = Path("/run/netns")
_CONFIGURATIONS = Path("/etc/netns")
_LOCKS = Path("/run/lock")
_PREFIX = re.compile(r"[a-z][a-z0-9]{1,7}-")
_NAME = re.compile(r"[a-z0-9]{1,20}")


class World:
    """The namespaces of one prefix. Made by ``claim``."""

    def __init__(self, prefix: str) -> None:
        self.prefix = prefix

    def add(self, name: str) -> str:
        """A new namespace, loopback up, IPv6 on; returns its full name, prefix included.

        Raises:
            BadName: not 1 to 20 lower-case letters and digits.
        """
        if not _NAME.fullmatch(name):
            raise BadName(f"'{name}': a namespace's name is 1 to 20 lower-case letters and digits")
        namespace = self.prefix + name
        run(["ip", "netns", "add", namespace])
        run(["ip", "link", "set", "lo", "up"], namespace=namespace)
        # A new namespace may inherit the machine's own IPv6 settings (net.core.devconf_inherit_init_net).
        for part in ("all", "default", "lo"):
            set_sysctl(namespace, f"net/ipv6/conf/{part}/disable_ipv6", "0")
        return namespace

    def cable(self, namespace: str, interface: str, other_namespace: str, other_interface: str) -> None:
        """A veth pair; both ends are down, and never exist in the machine's own namespace."""
        ip(
            namespace,
            *("link", "add", interface, "type", "veth"),
            *("peer", "name", other_interface, "netns", other_namespace),
        )

    def namespaces(self) -> list[str]:
        """The full names of what exists."""
        return _existing(self.prefix)


def ip(namespace: str, *words: str) -> str:
    """``ip`` of iproute2 on a namespace; returns what it prints.

    Raises:
        CommandFailed: the kernel refused.
    """
    return run(["ip", "-n", namespace, *words]).stdout


def give_address(namespace: str, interface: str, address: str) -> None:
    """Put ``address`` (with its prefix length) on an interface that is then up and can be bound to at once."""
    # Without nodad an IPv6 address is tentative for a second and cannot be bound.
    ip(namespace, "address", "replace", address, "dev", interface, *(["nodad"] if ":" in address else []))
    ip(namespace, "link", "set", interface, "up")


def set_sysctl(namespace: str, path: str, value: str) -> None:
    """Write a network setting below /proc/sys, as ``net/ipv4/ip_forward``, inside a namespace."""
    with inside(namespace):
        Path("/proc/sys", path).write_text(value)


def write_configuration(namespace: str, name: str, text: str) -> None:
    """Make ``/etc/<name>`` read ``text`` for every program started in the namespace.

    ``ip netns exec`` binds each file of /etc/netns/<namespace> over its namesake in /etc. The file is rewritten in
    place, because a program that already runs holds the old inode bound.
    """
    path = _CONFIGURATIONS / namespace / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


@contextlib.contextmanager
def claim(prefix: str) -> Iterator[World]:
    """The world of this prefix, cleared of what a crashed lab left, and destroyed at the end.

    The claim is the process's: claim in the process that stays, after any fork.

    Raises:
        BadName: the prefix is not 2 to 8 lower-case letters and digits, and a dash.
        LabTaken: another process has it.
    """
    with _locked(prefix):
        _clear(prefix)
        try:
            yield World(prefix)
        finally:
            _clear(prefix)


def destroy(prefix: str, timeout_s: float = 60.0) -> list[str]:
    """End the lab of this prefix wherever it runs (TERM, and KILL after ``timeout_s`` seconds), remove its namespaces,
    the processes in them and their /etc/netns directories. Nothing there is no error.

    Returns:
        The names of the namespaces that this call itself had to remove.

    Raises:
        BadName: as ``claim``.
        LabTaken: this process itself has the claim, or a new lab was quicker.
    """
    for signal_number in (signal.SIGTERM, signal.SIGKILL):
        holder = _holder(prefix)
        if holder in (None, os.getpid()):  # our own claim is left by leaving its context: LabTaken, below
            break
        with contextlib.suppress(ProcessLookupError), contextlib.suppress(TimeoutError):
            _end(holder, signal_number, timeout_s)
    with _locked(prefix):
        return _clear(prefix)


def _end(pid: int, number: signal.Signals, timeout_s: float) -> None:
    os.kill(pid, number)
    deadline = time.monotonic() + timeout_s
    while Path(f"/proc/{pid}/fd").exists() and _is_running(pid):
        if time.monotonic() > deadline:
            raise TimeoutError
        time.sleep(0.02)


def _is_running(pid: int) -> bool:
    try:
        return "State:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False


def _lock_path(prefix: str) -> Path:
    if not _PREFIX.fullmatch(prefix):
        raise BadName(f"'{prefix}': a world's prefix is 2 to 8 lower-case letters and digits, and a dash")
    return _LOCKS / f"lab-{prefix.rstrip('-')}.lock"


@contextlib.contextmanager
def _locked(prefix: str) -> Iterator[None]:
    path = _lock_path(prefix)
    path.parent.mkdir(exist_ok=True)
    while True:
        lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            os.close(lock)
            raise LabTaken(prefix, _holder(prefix)) from error
        # The one before us removes the file as it leaves: what we locked must still be what the name means.
        if path.exists() and os.path.samestat(os.fstat(lock), path.stat()):
            break
        os.close(lock)
    try:
        os.ftruncate(lock, 0)
        os.pwrite(lock, str(os.getpid()).encode(), 0)
        yield
    finally:
        path.unlink()
        os.close(lock)


def _holder(prefix: str) -> int | None:
    """The process that has the lock file open and says so in it: a number left by a crash may be anybody's now."""
    path = _lock_path(prefix)
    with contextlib.suppress(OSError, ValueError):
        pid, lock = int(path.read_text()), path.stat()
        for descriptor in Path(f"/proc/{pid}/fd").iterdir():
            with contextlib.suppress(OSError):
                if os.path.samestat(descriptor.stat(), lock):
                    return pid
    return None


def _existing(prefix: str, folder: Path = _NAMESPACES) -> list[str]:
    if not folder.is_dir():
        return []
    names = (entry.name for entry in folder.iterdir())
    return sorted(name for name in names if name.startswith(prefix) and _NAME.fullmatch(name.removeprefix(prefix)))


def _clear(prefix: str) -> list[str]:
    found = _existing(prefix)
    spared = _ancestors()
    for namespace in found:
        until(lambda ns=namespace: not _kill_inside(ns, spared), f"the processes in {namespace} to die")  # type: ignore[misc]
        run(["ip", "netns", "delete", namespace])
    for namespace in _existing(prefix, _CONFIGURATIONS):
        shutil.rmtree(_CONFIGURATIONS / namespace)
    with contextlib.suppress(OSError):  # another world's directories may be there: then it stays
        _CONFIGURATIONS.rmdir()
    return found


def _kill_inside(namespace: str, spared: frozenset[int]) -> bool:
    """Kill every process in the namespace; whether there was one."""
    inside = (_NAMESPACES / namespace).stat()
    found = False
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) in spared:
            continue
        with contextlib.suppress(OSError):  # it may end while we look
            pidfd = os.pidfd_open(int(entry.name))
            try:
                # Looked at through a pidfd, the number cannot have become another process's before the signal.
                if os.path.samestat((entry / "ns/net").stat(), inside) and _is_running(int(entry.name)):
                    found = True
                    signal.pidfd_send_signal(pidfd, signal.SIGKILL)
            finally:
                os.close(pidfd)
    return found


def _ancestors() -> frozenset[int]:
    """This process and those above it: whoever clears away from a shell inside a namespace keeps the shell."""
    found: set[int] = set()
    pid = os.getpid()
    while pid > 0 and pid not in found:
        found.add(pid)
        status = Path(f"/proc/{pid}/status").read_text()
        pid = int(next(line for line in status.splitlines() if line.startswith("PPid:")).split()[1])
    return frozenset(found)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.lab.namespaces", description="Remove a lab's namespaces.")
    parser.add_argument("prefix", help="such as qq-")
    for namespace in destroy(parser.parse_args().prefix):
        print(f"removed {namespace}")


if __name__ == "__main__":
    main()
