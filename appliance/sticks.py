"""The one USB stick that is plugged in: found by what the kernel says, mounted so that it can do no harm.

    with mounted(only_one(found(Path("/sys/block"))), Path("/run/qaqpa/stick"), run) as folder:
        ...

The box has no desktop that would mount anything. Nothing on a stick is run, no device file of it counts, no owner's bit
of it does, and no link of it leads anywhere. Must not know: what is on it, what is wanted of it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from appliance.commands import Run
from appliance.errors import ApplianceError

KINDS = ("vfat", "exfat", "ext4")
"""What a stick has on it; each is asked of the kernel by name, so that it tries no driver for old machines' disks."""


class StickUnusable(ApplianceError):
    """There is no stick, or not one alone, or it cannot be read."""


@dataclass(frozen=True)
class Stick:
    """One place on a stick that may hold files."""

    device: str
    """Such as "/dev/sdb1"."""
    size_bytes: int


def found(blocks: Path = Path("/sys/block")) -> tuple[Stick, ...]:
    """The first place for files on each removable disk that has anything in it.

    A disk with several partitions is passed over: a system lies on it, perhaps the one that runs.
    """
    sticks = []
    for disk in sorted(blocks.iterdir()) if blocks.is_dir() else ():
        if _word(disk / "removable") != "1" or _size(disk) == 0 or disk.name.startswith(("sr", "fd")):
            continue
        parts = sorted(part for part in disk.iterdir() if (part / "partition").exists())
        if len(parts) > 1:
            continue
        place = parts[0] if parts else disk
        sticks.append(Stick(f"/dev/{place.name}", _size(place)))
    return tuple(sticks)


def only_one(sticks: Sequence[Stick]) -> Stick:
    """
    Raises:
        StickUnusable: there is none, or there are several and nobody could say which is meant.
    """
    if not sticks:
        raise StickUnusable("no USB stick is plugged in; plug one in that has one file system (FAT32, exFAT or ext4)")
    if len(sticks) > 1:
        named = ", ".join(stick.device for stick in sticks)
        raise StickUnusable(f"several USB sticks are plugged in ({named}); leave one")
    return sticks[0]


@contextlib.contextmanager
def mounted(stick: Stick, at: Path, run: Run, *, writable: bool = False) -> Iterator[Path]:
    """The stick's files below ``at``, for the length of the block; what was written is on it when the block ends.

    Raises:
        StickUnusable: it cannot be mounted, or not be let go.
    """
    at.mkdir(mode=0o700, parents=True, exist_ok=True)
    said: list[str] = []
    # A stick says itself what its errors lead to; "panic" would be a restart of the box.
    options = "nosuid,nodev,noexec,nosymfollow,noatime,errors=remount-ro," + ("rw" if writable else "ro")
    for kind in KINDS:
        if run(["mount", "-t", kind, "-o", options, stick.device, str(at)], said.append)[0] == 0:
            break
    else:
        why = said[-1] if said else ""
        raise StickUnusable(f"{stick.device} cannot be read; format it as FAT32, exFAT or ext4 ({why})")
    try:
        yield at
    finally:
        # Unmounting writes out what the kernel still holds: only now may it be pulled out.
        code, _ = run(["umount", str(at)], said.append)
    if code != 0:
        why = said[-1] if said else ""
        raise StickUnusable(f"{stick.device} could not be let go ({why}); restart the box before you pull it out")


def _word(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii").strip()
    except OSError:
        return ""


def _size(block: Path) -> int:
    word = _word(block / "size")
    return int(word) * 512 if word.isdigit() else 0
