"""A version whose root cannot be read: tried twice, then the other one, and not chosen again."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.lab.run import ROOT

BEFORE = ROOT / "image/mkosi.images/initrd/tree/usr/lib/systemd/qaqpa-no-root"
AFTER = ROOT / "image/tree/usr/lib/systemd/qaqpa-emergency"
LOADER, OURS = "4a67b082-0a4c-41cf-b6c7-440b29bb8c4f", "6e1d2c4f-1c0b-4d49-9d1e-8f6a5b0c7a21"
NEW, OLD = "qaqpa_0.1.1.efi", "qaqpa_0.1.0.efi"
ATTRIBUTES = b"\x07\0\0\0"


@pytest.fixture
def box(tmp_path: Path) -> Path:
    """Firmware's variables, as systemd-boot leaves them, and programs that do nothing to this machine."""
    for name in ("sleep", "systemctl", "chattr", "sync"):
        program = tmp_path / "bin" / name
        program.parent.mkdir(exist_ok=True)
        program.write_text("#!/bin/sh\n")
        program.chmod(0o755)
    # In a variable of firmware's nobody can seek.
    tail = tmp_path / "bin/tail"
    tail.write_text('#!/bin/sh\n[ $# = 2 ] && exec /usr/bin/tail "$@"\necho "tail: cannot seek" >&2\nexit 1\n')
    tail.chmod(0o755)
    (tmp_path / "efi").mkdir()
    selects(tmp_path, NEW, [NEW, OLD, "reboot-to-firmware-setup"])
    return tmp_path


def selects(box: Path, entry: str, entries: list[str]) -> None:
    """What the boot loader tells."""
    wide = "".join(f"{each}\0" for each in entries).encode("utf-16-le")
    (box / f"efi/LoaderEntries-{LOADER}").write_bytes(ATTRIBUTES + wide)
    (box / f"efi/LoaderEntrySelected-{LOADER}").write_bytes(ATTRIBUTES + f"{entry}\0".encode("utf-16-le"))


def run(box: Path, *words: object) -> str:
    """One of the two scripts; what it says."""
    environment = {"PATH": f"{box / 'bin'}:{os.environ['PATH']}"}
    done = subprocess.run([str(word) for word in words], env=environment, capture_output=True, text=True, check=True)
    return done.stderr


def once(box: Path) -> bytes | None:
    """What the boot loader is to take for once."""
    path = box / f"efi/LoaderEntryOneShot-{LOADER}"
    return path.read_bytes() if path.exists() else None


def test_the_same_version_is_tried_once_more_and_then_the_other(box: Path) -> None:
    run(box, BEFORE, box / "efi")
    assert once(box) is None
    said = run(box, BEFORE, box / "efi")
    assert once(box) == ATTRIBUTES + f"{OLD}\0".encode("utf-16-le")
    assert (box / f"efi/QaqpaRefused-{OURS}").read_bytes() == ATTRIBUTES + NEW.encode()
    assert f"{NEW} is refused, {OLD} is tried" in said


def test_where_there_is_no_other_version_none_is_refused(box: Path) -> None:
    selects(box, NEW, [NEW, "reboot-to-firmware-setup"])
    for _ in range(3):
        run(box, BEFORE, box / "efi")
    assert once(box) is None
    assert not (box / f"efi/QaqpaRefused-{OURS}").exists()


def test_a_loader_that_tells_nothing_is_no_reason_to_stop(box: Path) -> None:
    for each in (box / "efi").iterdir():
        each.unlink()
    for _ in range(3):
        assert "starting again" in run(box, BEFORE, box / "efi")
    assert once(box) is None


def refused(box: Path, entry: bytes) -> list[str]:
    """The boot entries after a boot that came up, with this version refused."""
    entries = box / "entries"
    entries.mkdir()
    for name in (NEW, OLD):
        (entries / name).touch()
    files = [box / f"efi/Qaqpa{name}-{OURS}" for name in ("Refused", "NoRoot")]
    files[0].write_bytes(ATTRIBUTES + entry)
    files[1].write_bytes(ATTRIBUTES + entry)
    run(box, AFTER, "refused", *files, entries)
    assert not any(file.exists() for file in files), "counted anew from here"
    return sorted(each.name for each in entries.iterdir())


def test_after_the_other_came_up_the_refused_one_has_no_tries_left(box: Path) -> None:
    assert refused(box, NEW.encode()) == [OLD, "qaqpa_0.1.1+0.efi"]


@pytest.mark.parametrize("entry", [b"", b"../../etc/passwd", b"qaqpa_9.9.9.efi"])
def test_what_names_no_entry_changes_none(box: Path, entry: bytes) -> None:
    assert refused(box, entry) == [OLD, NEW]


def test_a_disk_that_was_slow_once_counts_for_nothing_later(box: Path) -> None:
    run(box, BEFORE, box / "efi")
    refused_, tried = (box / f"efi/Qaqpa{name}-{OURS}" for name in ("Refused", "NoRoot"))
    assert tried.exists()
    run(box, AFTER, "refused", refused_, tried, box)
    assert not tried.exists()
