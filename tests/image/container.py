"""One Debian machine with two network ports, as a container whose first process is systemd: what the package is for.

    with Container.boot(tree, folder, world, box="qd-box") as machine:
        machine.shell.run("systemctl is-system-running", check=False).text

The kernel is this machine's, everything above it the container's: units run under a systemd of their own, at full
speed. Its ports are veths that are tied to the bridges ``br-wan`` and ``br-lan`` of the namespace ``box``; each start
has new ones, in a new network namespace, as a computer's are after its power was off. Must not know: what is installed.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.image.machine import LAN, WAN
from tests.image.shell import Said
from tests.lab.errors import CommandFailed
from tests.lab.namespaces import World, ip
from tests.lab.run import Process, run, start
from tests.lab.waiting import until

_MACHINE_ID = "5a1b2c3d000140008000000000000001"
_MACS = {WAN: "52:54:00:00:00:02", LAN: "52:54:00:00:00:03"}
_PATIENCE_S = 120.0
_GROUND = """
set -e
[ "$(stat --file-system --format=%T /sys/fs/cgroup)" = cgroup2fs ] || mount -t cgroup2 none /sys/fs/cgroup
"""
"""Where this machine's own control groups are the old ones, the container gets new ones all the same."""
_FORGET = """
for left in "${0%-*}"-*; do find "$left" -depth -type d -exec rmdir {} + 2>/dev/null || true; done
"""
"""Empty ones that a run before left, which was killed."""
_ENTER = _GROUND + _FORGET + 'mkdir -p "$0"; echo $$ >"$0/cgroup.procs"; exec "$@"'
_LEAVE = _GROUND + '[ ! -e "$0" ] || find "$0" -depth -type d -exec rmdir {} +'


@dataclass(frozen=True)
class Inside:
    """A root's shell in the container; no process of it stays between two commands."""

    machine: Container

    def wait(self, timeout_s: float) -> None:
        """Return once systemd there has begun what it wants.

        Raises:
            TooLate: it did not within ``timeout_s`` seconds.
        """
        ask = "systemctl is-system-running"
        until(
            lambda: self.run(ask, check=False).text.strip() in {"running", "degraded"}, "systemd to settle", timeout_s
        )

    def run(self, command: str, *, check: bool = True, timeout_s: float = 120.0, stdin: str = "") -> Said:
        """Run a line of bash to its end. A machine that is off answers with code 1.

        Raises:
            CommandFailed: ``check`` and another exit code than 0.
            CommandTooLong: it did not end within ``timeout_s`` seconds.
        """
        leader = self.machine.leader()
        if leader is None:
            return Said(1, "")
        done = run(
            [
                *("nsenter", f"--target={leader}", "--mount", "--uts", "--ipc", "--net", "--pid", "--root"),
                *(
                    "/usr/bin/env",
                    "--chdir=/",
                    "-i",
                    "PATH=/usr/sbin:/usr/bin:/sbin:/bin",
                    "HOME=/root",
                    "LC_ALL=C.UTF-8",
                ),
                *("/bin/bash", "-c", f"export LC_ALL=C.UTF-8; exec 2>&1\n{command}"),
            ],
            check=False,
            timeout_s=timeout_s,
            stdin=stdin,
        )
        if check and done.code != 0:
            raise CommandFailed([command], done.code, done.stdout + done.stderr)
        return Said(done.code, done.stdout + done.stderr)


@dataclass
class Container:
    """A machine that is switched on. Made by ``Container.boot``."""

    trees: Path
    folder: Path
    world: World
    box: str
    shell: Inside = field(init=False)
    process: Process | None = None
    began: float = 0.0
    """``time.monotonic`` when it was last switched on."""

    def __post_init__(self) -> None:
        self.shell = Inside(self)

    @property
    def root(self) -> Path:
        """Its disk."""
        return self.folder / "root"

    @classmethod
    @contextlib.contextmanager
    def boot(cls, trees: Path, folder: Path, world: World, *, box: str) -> Iterator[Container]:
        """Copy the tree ``machine`` and switch on; at the end it is off, and its disk gone.

        Args:
            trees: where scripts/deb --machine put ``machine-ARCH`` and ``judges-ARCH``, which has systemd-nspawn.
            box: the namespace with the bridges.
        """
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "console.log").unlink(missing_ok=True)
        machine = cls(trees, folder, world, box)
        machine._forget_disk()
        run(["cp", "--archive", str(_tree(trees, "machine")), str(machine.root)], timeout_s=_PATIENCE_S)
        # What is this machine's own.
        (machine.root / "etc/hostname").write_text("venue\n")
        for name in ("resolv.conf", "pip.conf"):
            (machine.root / "etc" / name).unlink(missing_ok=True)
        try:
            yield machine
        finally:
            machine.pull_the_plug()
            machine._forget_disk()

    def switch_on(self) -> None:
        """Power. Returns as soon as its first process runs."""
        inside = self.world.add("inside")
        for port, bridge in ((WAN, "wan"), (LAN, "lan")):
            self.world.cable(self.box, bridge, inside, port)
            ip(self.box, "link", "set", bridge, "master", f"br-{bridge}", "up")
            ip(inside, "link", "set", port, "address", _MACS[port])
        ip(inside, "link", "set", "lo", "down")
        self.began = time.monotonic()
        self.process = start(
            ["unshare", "--mount", "--propagation", "private", "sh", "-c", _ENTER, self._group, *self._nspawn(inside)],
            name="nspawn",
            log=self.folder / "console.log",
            environment={
                "SYSTEMD_NSPAWN_UNIFIED_HIERARCHY": "1",
                "SYSTEMD_NSPAWN_LOCK": "0",
                # A gateway's own switches; the rest of the kernel's is not the container's.
                "SYSTEMD_NSPAWN_API_VFS_WRITABLE": "network",
            },
        )
        until(lambda: self.leader() is not None or not self._running(), "the container's first process", 30)
        if not self._running():
            raise AssertionError(f"systemd-nspawn ended:\n{self.process.output()}")

    def switch_off(self) -> None:
        """In order, as ``poweroff`` does."""
        self.shell.run("systemctl poweroff --no-block", check=False)
        until(lambda: not self._running(), "the container to switch itself off", _PATIENCE_S)
        self.pull_the_plug()

    def pull_the_plug(self) -> None:
        """A power cut, but for what the kernel below still writes."""
        if self.process is None:
            return
        if (leader := self.leader()) is not None:
            # Whoever looks after it may be killed without it.
            os.kill(leader, signal.SIGKILL)
        self.process.kill9()
        self.process = None
        for port in ("wan", "lan"):
            run(["ip", "-n", self.box, "link", "delete", port], check=False)
        until(lambda: not _is_used(self._namespace), "the container's processes to end")
        run(["ip", "netns", "delete", self._namespace])
        leave = ["unshare", "--mount", "--propagation", "private", "sh", "-c", _LEAVE, self._group]
        until(lambda: run(leave, check=False).code == 0, "its control groups to be empty")

    def up_s(self) -> float:
        """Since it was switched on."""
        return time.monotonic() - self.began

    def console(self) -> str:
        """What its first process has said so far."""
        return (self.folder / "console.log").read_text(errors="replace")

    def leader(self) -> int | None:
        """Its first process, as this machine numbers it."""
        if not self._running():
            return None
        assert self.process is not None
        return next((pid for pid in _children(self.process.pid) if _number_inside(pid) == 1), None)

    @property
    def _namespace(self) -> str:
        return f"{self.world.prefix}inside"

    @property
    def _group(self) -> str:
        return f"/sys/fs/cgroup/{self.world.prefix}{os.getpid()}"

    def _running(self) -> bool:
        return self.process is not None and self.process.alive

    def _nspawn(self, namespace: str) -> list[str]:
        tree = _tree(self.trees, "judges")
        (loader,) = (*tree.glob("lib64/ld-linux-x86-64.so.2"), *tree.glob("lib/ld-linux-aarch64.so.1"))
        (library,) = (path.parent for path in tree.glob("usr/lib/*-linux-gnu/libc.so.6"))
        return [
            # Debian 13's, whatever machine this is.
            *(str(loader), "--library-path", f"{library}:{library}/systemd", str(tree / "usr/bin/systemd-nspawn")),
            *("--boot", "--keep-unit", "--register=no", f"--directory={self.root}", f"--uuid={_MACHINE_ID}"),
            *(f"--network-namespace-path=/run/netns/{namespace}", "--capability=CAP_NET_ADMIN,CAP_BPF"),
            *("--system-call-filter=bpf", "--console=pipe", "--link-journal=no"),
            *("--resolv-conf=off", "--timezone=off", "--settings=no"),
        ]

    def _forget_disk(self) -> None:
        if self.root.exists():
            shutil.rmtree(self.root)


def lay_bridges(namespace: str) -> None:
    """What its ports are tied to."""
    for name in ("br-wan", "br-lan"):
        ip(namespace, "link", "add", name, "up", "type", "bridge", "forward_delay", "0", "mcast_snooping", "0")


def _tree(trees: Path, name: str) -> Path:
    return trees / f"{name}-{run(['dpkg', '--print-architecture']).stdout.strip()}"


def _children(pid: int) -> list[int]:
    with contextlib.suppress(OSError):
        return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return []


def _number_inside(pid: int) -> int | None:
    with contextlib.suppress(OSError, StopIteration):
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
        return int(next(line for line in lines if line.startswith("NSpid:")).split()[-1])
    return None


def _is_used(namespace: str) -> bool:
    return bool(run(["ip", "netns", "pids", namespace]).stdout.split())
