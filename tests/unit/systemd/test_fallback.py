"""What firmware goes on to when it refuses the boot loader's choice: the other kernel, if that has proved itself."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.lab.run import ROOT

SCRIPT = ROOT / "image/tree/usr/lib/systemd/qaqpa-fallback"
NEW, OLD = "qaqpa_0.10.0.efi", "qaqpa_0.9.0.efi"
BOARD = {"0001": "UEFI OS\tHD(1)/File(\\EFI\\BOOT\\BOOTX64.EFI)", "0003": "UEFI PXEv4"}
EFIBOOTMGR = f"""\
#!{sys.executable}
import json, pathlib, sys
path, asked = pathlib.Path(sys.argv[0]).parent.parent / "firmware.json", sys.argv[1:]
firmware = json.loads(path.read_text())
def of(name):
    return asked[asked.index(name) + 1]
if asked not in ([], ["--verbose"]):
    firmware["written"] += 1
if "--delete-bootnum" in asked:
    del firmware["options"][of("--bootnum")]
    firmware["order"].remove(of("--bootnum"))
if "--create-only" in asked:
    assert (of("--disk"), of("--part")) == ("/dev/sda", "1")
    firmware["options"]["0002"] = of("--label") + "\\tHD(1)/File(" + of("--loader") + ")"
if "--bootorder" in asked:
    firmware["order"] = of("--bootorder").split(",")
path.write_text(json.dumps(firmware))
if "--quiet" not in asked:
    print("BootCurrent: " + firmware["current"])
    print("BootOrder: " + ",".join(firmware["order"]))
    for number, option in sorted(firmware["options"].items()):
        print(f"Boot{{number}}* {{option}}")
"""


class Box:
    """A boot partition and a board's memory."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.kernels = folder / "kernels"
        self.kernels.mkdir()
        (folder / "bin").mkdir()
        for name, text in {
            "efibootmgr": EFIBOOTMGR,
            "findmnt": "#!/bin/sh\necho /dev/sda1\n",
            "lsblk": "#!/bin/sh\ncase $* in *PKNAME*) echo sda ;; *) echo '    1' ;; esac\n",
            "sync": "#!/bin/sh\n",
        }.items():
            program = folder / "bin" / name
            program.write_text(text)
            program.chmod(0o755)
        self.tell(current="0001", order=["0001", "0003"], options=dict(BOARD))

    def tell(self, **said: object) -> None:
        (self.folder / "firmware.json").write_text(json.dumps({"written": 0, **said}))

    @property
    def firmware(self) -> dict[str, object]:
        told: dict[str, object] = json.loads((self.folder / "firmware.json").read_text())
        return told

    def has(self, *names: str) -> None:
        for name in names:
            (self.kernels / name).touch()

    def starts(self, version: str) -> str:
        environment = {"PATH": f"{self.folder / 'bin'}:{os.environ['PATH']}"}
        words = [str(SCRIPT), str(self.kernels), version]
        return subprocess.run(words, env=environment, capture_output=True, text=True, check=True).stderr

    def fallback(self) -> str | None:
        """The kernel that firmware goes on to."""
        options = self.firmware["options"]
        assert isinstance(options, dict)
        return str(options["0002"]).rpartition("\\")[2].rstrip(")") if "0002" in options else None


@pytest.fixture
def box(tmp_path: Path) -> Box:
    return Box(tmp_path)


def test_one_version_alone_has_none(box: Box) -> None:
    box.has(OLD)
    box.starts("0.9.0")
    assert box.firmware == {"written": 0, "current": "0001", "order": ["0001", "0003"], "options": BOARD}


def test_the_version_before_comes_right_behind_the_boot_loader(box: Box) -> None:
    box.has(NEW, OLD)
    box.starts("0.10.0")
    assert box.fallback() == OLD and box.firmware["order"] == ["0001", "0002", "0003"]


def test_nothing_is_written_that_is_there(box: Box) -> None:
    box.has(NEW, OLD)
    box.starts("0.10.0")
    before = box.firmware["written"]
    box.starts("0.10.0")
    assert box.firmware["written"] == before


def test_a_boot_partition_that_is_not_there_takes_nothing_away(box: Box) -> None:
    box.has(NEW, OLD)
    box.starts("0.10.0")
    before = box.firmware
    box.kernels.rename(box.folder / "unmounted")
    box.starts("0.10.0")
    assert box.firmware == before


def test_before_an_update_begins_its_trial_it_is_the_one_that_runs(box: Box) -> None:
    box.has(NEW, OLD)
    box.starts("0.10.0")
    (box.kernels / OLD).unlink()
    box.has("qaqpa_0.11.0+3.efi")
    box.starts("0.10.0")
    assert box.fallback() == NEW and box.firmware["order"] == ["0001", "0002", "0003"]


def test_a_version_that_was_given_up_is_none(box: Box) -> None:
    box.has(OLD, "qaqpa_0.10.0+0-3.efi")
    box.starts("0.9.0")
    assert box.fallback() is None


@pytest.mark.parametrize("refused", [NEW, "qaqpa_0.10.0+2-1.efi"])
def test_what_firmware_refused_is_not_chosen_again(box: Box, refused: str) -> None:
    box.has(refused, OLD)
    box.starts("0.10.0")
    assert box.fallback() == OLD
    told = box.firmware
    box.tell(**{**told, "current": "0002"})
    assert f"refused {refused}" in box.starts("0.9.0")
    assert sorted(path.name for path in box.kernels.iterdir()) == ["qaqpa_0.10.0+0.efi", OLD]
    assert box.fallback() is None and box.firmware["order"] == ["0001", "0003"]


def test_who_was_started_by_the_boot_loader_refuses_nobody(box: Box) -> None:
    """An owner may choose the older one in its menu."""
    box.has(NEW, OLD)
    box.starts("0.10.0")
    box.starts("0.9.0")
    assert (box.kernels / NEW).exists() and box.fallback() == OLD
