"""New versions, from the net and from a USB stick: one that is well is kept, one that is not is given up by the box.

And a power cut in the middle of an update leaves untouched what ran before. Must not know: how an update is installed.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import random
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from tests.image.machine import partitions, tool
from tests.image.publisher import published
from tests.image.site import Site
from tests.lab.errors import LabError
from tests.lab.run import run
from tests.lab.steps import Steps, hold
from tests.lab.waiting import until

GOOD, BAD = "9.9.1", "9.9.2"
CUTS = 10
_BOOT_S = 900.0
_INSTALL_S = 900.0
_LOOK_EVERY_S = 3.0


def stick(files: Path, to: Path) -> Path:
    """A stick, as a file, with these files on it."""
    to.unlink(missing_ok=True)
    size_mb = sum(each.stat().st_size for each in files.iterdir()) // 1024**2 * 5 // 4 + 64
    run(["mke2fs", "-q", "-t", "ext4", "-d", str(files), str(to), f"{size_mb}M"], timeout_s=120)
    return to


@dataclass(frozen=True)
class Updates:
    """A box, and newer versions: as files, and on a stick."""

    site: Site
    files: Path
    stick: Path

    def good(self, steps: Steps) -> None:
        """One that is well."""
        with steps.step("a newer version is installed over https, into the other slot") as notes:
            began = time.monotonic()
            with published(self.site, self.files) as source:
                # A box that has just begun has no uplink yet.
                until(lambda: self._offers(source, GOOD), f"{source} to answer", _BOOT_S, _LOOK_EVERY_S)
                self._install(GOOD, source)
            notes.append(f"{time.monotonic() - began:.0f} s")
        with steps.step("after a restart it runs, is found healthy by itself, and is kept") as notes:
            self.site.emulated.reboot(_BOOT_S)
            until(lambda: self.entries() == {GOOD: "", self._oldest(): ""}, "it to be kept", _BOOT_S, _LOOK_EVERY_S)
            hold(self.version() == GOOD, f"it runs {self.version()}")
            notes.append(f"{self.site.machine.up_s():.0f} s from the restart until it was kept")
            notes.append(self.site.machine.shell.run("qaqpa journal verify").text.strip())

    def bad(self, steps: Steps) -> None:
        """One whose gate does not start."""
        with steps.step(
            "a version from a USB stick that is not well is given up by the box itself, and the one before runs again"
        ) as notes:
            self._plug()
            hold(self._offers("stick", BAD), f"the stick does not offer {BAD}")
            self._install(BAD, "stick")
            self.site.emulated.monitor.unplug()
            began, ran = time.monotonic(), set[str]()
            self.site.emulated.reboot(_BOOT_S)

            def back() -> bool:
                # Between two of its boots nobody answers.
                with contextlib.suppress(LabError, OSError):
                    ran.add(now := self.version())
                    return BAD in ran and now == GOOD
                return False

            until(back, f"{GOOD} to run again", _BOOT_S * 4, _LOOK_EVERY_S)
            notes.append(f"{time.monotonic() - began:.0f} s from the restart; the boot entries: {self.entries()}")
            listed = self.site.machine.shell.run("qaqpa update list").text
            hold("did not pass its check" in listed, f"nobody is told: {listed}")
            notes.append(self.site.machine.shell.run("qaqpa journal verify").text.strip())

    def cut(self, steps: Steps, chance: random.Random) -> None:
        """Switched off at any moment of an update."""
        machine = self.site.emulated
        with steps.step(
            f"{CUTS} power cuts during an update leave what runs untouched, and the data readable"
        ) as notes:
            runs = self.version()
            machine.keep()
            machine.go_on()
            machine.pull_the_plug()
            before = _what_runs(machine.disk, runs)
            at = []
            for _ in range(CUTS):
                machine.go_on()
                self._plug()
                installing = threading.Thread(target=self._installs_until_the_cut)
                installing.start()
                at.append(chance.uniform(1.0, 60.0))
                time.sleep(at[-1])
                machine.pull_the_plug()
                installing.join()
                hold(_what_runs(machine.disk, runs) == before, f"a cut {at[-1]:.1f} s into an update changed what runs")
            notes.append(f"seconds into it: {' '.join(f'{each:.0f}' for each in at)}")

    def version(self) -> str:
        """Which runs, as the system itself says."""
        return self.site.machine.shell.run('. /etc/os-release; echo "$IMAGE_VERSION"', timeout_s=30).text.strip()

    def _plug(self) -> None:
        """What is plugged in when a computer is kept must be there when it goes on, so it is plugged in each time."""
        seen = "cat /sys/block/sd?/size 2>/dev/null | grep -qvx 0"
        self.site.emulated.monitor.plug(self.stick)
        until(lambda: self.site.machine.shell.run(seen, check=False).code == 0, "the stick", 120, _LOOK_EVERY_S)

    def _installs_until_the_cut(self) -> None:
        try:
            self.site.machine.shell.run(f"qaqpa update install --from stick --version {GOOD}", timeout_s=_INSTALL_S)
        except (LabError, OSError):
            return  # the plug was pulled

    def _offers(self, source: str, version: str) -> bool:
        said = self.site.machine.shell.run(f"qaqpa update list --from {source} --json", check=False)
        return said.code == 0 and version in json.loads(said.text)["offered"]

    def _install(self, version: str, source: str) -> None:
        self.site.machine.shell.run(f"qaqpa update install --from {source} --version {version}", timeout_s=_INSTALL_S)

    def _oldest(self) -> str:
        return min(self.entries())

    def entries(self) -> dict[str, str]:
        """What can be booted, and what of its tries is left; "": it is kept."""
        names = self.site.machine.shell.run("ls $(bootctl --print-boot-path)/EFI/Linux").text.split()
        parts = [name.removesuffix(".efi").partition("+") for name in names]
        return {name.split("_")[1]: tries for name, _, tries in parts}


def _what_runs(disk: Path, version: str) -> dict[str, str]:
    """Digests of this version's root, hash tree and kernel as they lie on the disk."""
    parts = partitions(disk)
    kernel = disk.parent / "kernel.efi"
    image = f"{disk}@@{parts['esp'][0]}"
    run([*tool("mcopy"), "-n", "-i", image, f"::/EFI/Linux/qaqpa_{version}.efi", str(kernel)])
    found = {name: _digest(disk, *parts[name]) for name in (f"qaqpa_{version}", f"qaqpa_{version}_verity")}
    found["kernel"] = _digest(kernel, 0, kernel.stat().st_size)
    kernel.unlink()
    return found


def _digest(disk: Path, start: int, size: int) -> str:
    with disk.open("rb") as whole:
        whole.seek(start)
        digest, left = hashlib.sha256(), size
        while left and (piece := whole.read(min(left, 1 << 22))):
            digest.update(piece)
            left -= len(piece)
        return digest.hexdigest()
