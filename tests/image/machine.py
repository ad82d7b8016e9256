"""One emulated computer with two network ports, a disk, UEFI firmware and a serial console: what an owner plugs in.

    with Machine.boot(image, folder, namespace="qi-box") as machine:
        machine.shell.wait(timeout_s=600)

Its ports are the taps ``wan`` and ``lan`` of the namespace. Must not know: what is on the disk, and how the boards of
two architectures differ.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.image import shell
from tests.image.boards import BOARDS, Board
from tests.image.monitor import Monitor
from tests.image.shell import Restored, Shell
from tests.lab.errors import CommandTooLong
from tests.lab.namespaces import ip
from tests.lab.run import ROOT, Process, run, start
from tests.lab.waiting import until

TOOLS = ROOT / "build/trees/tools"
WAN, LAN = "enp0s2", "enp0s3"
"""How the box names its ports: by their places on the bus, which are told below."""
_DISK_BYTES = 8 * 1024**3
_MORE_DISKS = 16
"""Their first place on the bus: behind all that has none of its own choosing, so that nothing else moves."""
_PATIENT = "systemd.default_device_timeout_sec=300 systemd.default_timeout_start_sec=900"
"""Emulated on a busy machine, the disk's driver alone can take longer than the 90 s for which systemd waits."""
_SERIAL_NUMBER = "5a1b2c3d-0001-4000-8000-000000000001"


@dataclass
class Machine:
    """A computer that is switched on. Made by ``Machine.boot``."""

    namespace: str
    folder: Path
    memory_mb: int
    restored: Sequence[Restored] = ()
    secure: bool = False
    radios: int = 0
    disks: Sequence[Path] = ()
    board: Board = BOARDS["amd64"]
    shell: Shell = field(init=False)
    monitor: Monitor = field(init=False)
    process: Process | None = None
    began: float = 0.0
    """``time.monotonic`` when it was last switched on."""

    @property
    def disk(self) -> Path:
        """The whole of it."""
        return self.folder / "disk.raw"

    def __post_init__(self) -> None:
        self.shell = Shell(self.folder / "shell.sock")
        self.monitor = Monitor(self.folder / "monitor.sock")

    @classmethod
    @contextlib.contextmanager
    def boot(
        cls,
        image: Path,
        folder: Path,
        *,
        namespace: str,
        memory_mb: int = 1024,
        restored: Sequence[Restored] = (),
        secure: bool = False,
        radios: int = 0,
        disks: Sequence[Path] = (),
        board: Board = BOARDS["amd64"],
    ) -> Iterator[Machine]:
        """Put the image on a new disk and switch on; at the end it is switched off and the disk is gone.

        Args:
            image: the whole disk as it is flashed, unpacked.
            folder: takes disk, firmware variables and ``console.log``.
            namespace: has the taps ``wan`` and ``lan``.
            restored: a configuration from before; none: a new box.
            secure: firmware with Secure Boot, whose keys nobody has chosen yet.
            radios: how many it has, simulated by its own kernel: ``wlan0`` and on.
            disks: further ones, which cannot be written: ``/dev/vdb`` and on.
            board: for the image's architecture.
        """
        folder.mkdir(parents=True, exist_ok=True)
        _flash(image, folder / "disk.raw")
        shutil.copyfile(TOOLS / "usr/share" / board.variables, folder / "firmware.fd")
        machine = cls(namespace, folder, memory_mb, restored, secure, radios, disks, board)
        machine.switch_on()
        try:
            yield machine
        finally:
            machine.pull_the_plug()
            for name in ("disk.raw", "kept.raw", "kept.memory"):
                (folder / name).unlink(missing_ok=True)

    def switch_on(self) -> None:
        """Power. Returns at once."""
        self._start()

    def keep(self) -> None:
        """As it is now, disk and memory, for ``go_on``; switched off meanwhile."""
        self.monitor.keep(self.folder / "kept.memory")
        self.pull_the_plug()
        self.disk.rename(self.folder / "kept.raw")

    def go_on(self) -> None:
        """From where it was kept, any number of times; returns when its shell answers."""
        _copy(self.folder / "kept.raw", self.disk)
        self._start("-incoming", f"file:{self.folder / 'kept.memory'}")
        until(lambda: "inmigrate" not in self.monitor.ask("info status"), "the memory to be read", 60, 0.1)
        self.monitor.ask("cont")
        self.shell.wait(60)

    def _start(self, *besides: str) -> None:
        for name in ("shell.sock", "monitor.sock", "serial.sock"):
            (self.folder / name).unlink(missing_ok=True)
        self.began = time.monotonic()
        self.process = start(
            [*self._command_line(), *besides],
            name="qemu",
            log=self.folder / "qemu.log",
            namespace=self.namespace,
            environment={"QEMU_MODULE_DIR": str(TOOLS / "usr/lib/x86_64-linux-gnu/qemu")},
        )
        until(lambda: (self.folder / "shell.sock").exists() or not self._running(), "QEMU to start", 30)
        if not self._running():
            raise AssertionError(f"QEMU ended:\n{self.process.output()}")

    def pull_the_plug(self) -> None:
        """A power cut: what the disk was not told to keep is lost."""
        self.shell.close()
        if self.process is not None:
            self.process.kill9()
            self.process = None

    def reboot(self, timeout_s: float) -> None:
        """From inside, in order; returns when the shell of the next boot answers.

        Raises:
            CommandTooLong, TooLate: it did not within ``timeout_s`` seconds.
        """
        before = self._boot()
        self.began = time.monotonic()
        self.shell.run("systemctl reboot --no-block", check=False)
        self.shell.close()

        def started() -> bool:
            self.shell.wait(timeout_s)
            with contextlib.suppress(CommandTooLong):
                return self._boot() != before
            return False

        until(started, "the next boot", timeout_s)

    def _boot(self) -> str:
        return self.shell.run("cat /proc/sys/kernel/random/boot_id", timeout_s=30).text.strip()

    def up_s(self) -> float:
        """Since it was switched on."""
        return time.monotonic() - self.began

    def console(self) -> str:
        """What it has written to its serial port so far."""
        return (self.folder / "console.log").read_text(errors="replace")

    def _running(self) -> bool:
        return self.process is not None and self.process.alive

    def _command_line(self) -> list[str]:
        logged = f"logfile={self.folder / 'console.log'}"
        return [
            # Debian 13's emulator on whatever machine this is: it boots in two thirds of the time of Debian 12's.
            *(*tool(self.board.emulator), "-L", str(TOOLS / "usr/share/qemu")),
            *("-L", str(TOOLS / "usr/share/seabios"), "-L", str(TOOLS / "usr/lib/ipxe/qemu")),
            *self.board.words(TOOLS, self.folder / "firmware.fd", secure=self.secure),
            *("-smp", "2", "-m", str(self.memory_mb), "-nodefaults", "-display", "none"),
            *("-drive", f"if=none,id=disk,format=raw,cache=writeback,discard=unmap,file={self.disk}"),
            *("-device", "virtio-blk-pci,drive=disk,bootindex=0,addr=4"),
            *(
                word
                for number, disk in enumerate(self.disks)
                for word in (
                    *("-drive", f"if=none,id=more{number},format=raw,readonly=on,file={disk}"),
                    *("-device", f"virtio-blk-pci,drive=more{number},addr={_MORE_DISKS + number:#x}"),
                )
            ),
            *_port("wan", 2, "52:54:00:00:00:02"),
            *_port("lan", 3, "52:54:00:00:00:03"),
            *("-object", "rng-random,id=random,filename=/dev/urandom", "-device", "virtio-rng-pci,rng=random"),
            *("-chardev", f"socket,id=serial,path={self.folder / 'serial.sock'},server=on,wait=off,{logged}"),
            *("-serial", "chardev:serial"),
            *("-device", "virtio-serial-pci"),
            *("-monitor", f"unix:{self.folder / 'monitor.sock'},server=on,wait=off"),
            *("-device", "qemu-xhci,id=usb,addr=6"),
            *("-chardev", f"socket,id=shell,path={self.folder / 'shell.sock'},server=on,wait=off"),
            *("-device", f"virtserialport,chardev=shell,name={shell.PORT}"),
            *("-smbios", f"type=1,uuid={_SERIAL_NUMBER}"),
            *(
                word
                for name, text in shell.credentials(self.restored, self.radios).items()
                for word in ("-smbios", f"type=11,value={shell.smbios(name, text)}")
            ),
            *("-smbios", f"type=11,value=io.systemd.stub.kernel-cmdline-extra={_PATIENT}"),
        ]


def tool(name: str) -> list[str]:
    """The beginning of a command line that runs a program of Debian 13's on whatever machine this is."""
    library = TOOLS / "usr/lib/x86_64-linux-gnu"
    return [str(TOOLS / "lib64/ld-linux-x86-64.so.2"), "--library-path", str(library), str(TOOLS / "usr/bin" / name)]


def partitions(disk: Path) -> dict[str, tuple[int, int]]:
    """Where each begins and how long it is, in bytes, by its label."""
    table = run(["partx", "--raw", "--noheadings", "--output", "NAME,START,SECTORS", str(disk)]).stdout
    lines = map(str.split, table.splitlines())
    return {name: (int(start) * 512, int(sectors) * 512) for name, start, sectors in lines}


def lay_ports(namespace: str) -> None:
    """The taps, each behind a bridge ``br-wan`` and ``br-lan`` to which the lab ties its cables."""
    for name in ("wan", "lan"):
        ip(namespace, "link", "add", f"br-{name}", "up", "type", "bridge", "forward_delay", "0", "mcast_snooping", "0")
        ip(namespace, "tuntap", "add", "dev", name, "mode", "tap")
        ip(namespace, "link", "set", name, "master", f"br-{name}", "up")


def _port(name: str, slot: int, mac: str) -> list[str]:
    backend = f"tap,id={name},ifname={name},script=no,downscript=no"
    return ["-netdev", backend, "-device", f"virtio-net-pci,netdev={name},mac={mac},romfile=,addr={slot}"]


def _flash(image: Path, disk: Path) -> None:
    """The image at the beginning of a larger disk, as ``dd`` leaves it; holes stay holes."""
    _copy(image, disk)
    os.truncate(disk, _DISK_BYTES)


def _copy(disk: Path, to: Path) -> None:
    run(["cp", "--sparse=always", str(disk), str(to)], timeout_s=300)
