"""Secure Boot, with keys that the box takes at its first start: one wrong bit, and the other slot's version runs.

Must not know: how either is noticed.
"""

from __future__ import annotations

import contextlib
from pathlib import Path

from tests.image.machine import partitions, tool
from tests.image.versions import GOOD, Updates
from tests.lab.errors import LabError
from tests.lab.run import run
from tests.lab.steps import Steps, hold
from tests.lab.waiting import until

_BOOT_S = 900.0
_MARKED_S = 300.0
_LOOK_EVERY_S = 3.0
_SECURE = "od -An -t u1 -j 4 /sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"


def secure_boot(steps: Steps, updates: Updates) -> None:
    """The chapter, on a box whose firmware has no keys yet."""
    machine = updates.site.emulated
    with steps.step("the firmware has taken the image's keys and checks what it starts") as notes:
        machine.shell.wait(_BOOT_S)
        hold(machine.shell.run(_SECURE).text.strip() == "1", "Secure Boot is off")
        notes.append(f"{machine.up_s():.0f} s after switching on")
    before = updates.version()
    updates.good(steps)
    with steps.step("one bit of the newer kernel is another: it is refused, and the version before runs") as notes:
        machine.pull_the_plug()
        kernel = _flip_in_kernel(machine.disk, GOOD)
        machine.switch_on()
        until(lambda: _runs(updates) == before, f"{before} to run", _BOOT_S, _LOOK_EVERY_S)
        until(lambda: updates.entries() == {before: "", GOOD: "0"}, "it to be marked", _MARKED_S, _LOOK_EVERY_S)
        notes.append(f"{machine.up_s():.0f} s after switching on")
    with steps.step("one bit of the newer root is another: likewise, and it is not chosen again") as notes:
        machine.pull_the_plug()
        # As if it had been kept, and then decayed.
        _put_kernel(machine.disk, GOOD, kernel)
        _flip(machine.disk, partitions(machine.disk)[f"qaqpa_{GOOD}"][0] + 1024)
        machine.switch_on()
        until(lambda: _runs(updates) == before, f"{before} to run", _BOOT_S * 3, _LOOK_EVERY_S)
        until(lambda: updates.entries() == {before: "", GOOD: "0"}, "it to be marked", _MARKED_S, _LOOK_EVERY_S)
        notes.append(f"{machine.up_s():.0f} s after switching on")


def _runs(updates: Updates) -> str:
    """Which version; "": none answers."""
    with contextlib.suppress(LabError, OSError):
        updates.site.machine.shell.wait(30)
        return updates.version()
    return ""


def _flip(disk: Path, at: int) -> None:
    with disk.open("r+b") as whole:
        whole.seek(at)
        (byte,) = whole.read(1)
        whole.seek(at)
        whole.write(bytes([byte ^ 1]))


def _flip_in_kernel(disk: Path, version: str) -> Path:
    """Where the whole one is kept."""
    whole, flipped = disk.parent / "whole.efi", disk.parent / "flipped.efi"
    image, name = _on_esp(disk, version)
    run([*tool("mcopy"), "-n", "-i", image, name, str(whole)])
    flipped.write_bytes(whole.read_bytes())
    _flip(flipped, flipped.stat().st_size // 2)
    _put_kernel(disk, version, flipped)
    return whole


def _put_kernel(disk: Path, version: str, kernel: Path) -> None:
    image, name = _on_esp(disk, version)
    run([*tool("mdel"), "-i", image, name.replace(".efi", "*.efi")])
    run([*tool("mcopy"), "-o", "-i", image, str(kernel), name])


def _on_esp(disk: Path, version: str) -> tuple[str, str]:
    return f"{disk}@@{partitions(disk)['esp'][0]}", f"::/EFI/Linux/qaqpa_{version}.efi"
