"""A box without a keyboard that ends in emergency mode restarts itself, and not for ever in haste."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.lab.run import ROOT

SCRIPT = ROOT / "image/tree/usr/lib/systemd/qaqpa-emergency"


@pytest.fixture
def box(tmp_path: Path) -> Path:
    """Where sleep, systemctl and chattr write down what they were told."""
    for name in ("sleep", "systemctl", "chattr"):
        program = tmp_path / "bin" / name
        program.parent.mkdir(exist_ok=True)
        program.write_text(f'#!/bin/sh\necho {name} "$@" >>{tmp_path}/done\n')
        program.chmod(0o755)
    # In a variable of firmware's nobody can seek.
    tail = tmp_path / "bin/tail"
    tail.write_text('#!/bin/sh\n[ $# = 2 ] && exec /usr/bin/tail "$@"\necho "tail: cannot seek" >&2\nexit 1\n')
    tail.chmod(0o755)
    return tmp_path


def told(box: Path, *words: str) -> list[str]:
    """What it did, in order."""
    (box / "done").unlink(missing_ok=True)
    environment = {"PATH": f"{box / 'bin'}:{os.environ['PATH']}"}
    subprocess.run([SCRIPT, *words], env=environment, capture_output=True, check=True)
    lines = (box / "done").read_text().splitlines() if (box / "done").exists() else []
    return [line for line in lines if not line.startswith(("chattr", "systemctl is-active"))]


def test_three_times_at_once_and_then_every_hour_until_a_boot_comes_up(box: Path) -> None:
    file = str(box / "count")
    soon, late = (
        ["sleep 10", "systemctl --no-block --force reboot"],
        ["sleep 3600", "systemctl --no-block --force reboot"],
    )
    assert [told(box, "again", file) for _ in range(5)] == [soon, soon, soon, late, late]
    assert told(box, "over", file) == []
    assert (box / "count").read_bytes() == b"\x07\0\0\0" + b"0"
    assert told(box, "again", file) == soon


def test_what_cannot_be_counted_does_not_restart_all_day(box: Path) -> None:
    nowhere = str(box / "no such folder" / "count")
    assert told(box, "again", nowhere)[0] == "sleep 3600"


def test_a_damaged_count_is_none(box: Path) -> None:
    (box / "count").write_bytes(b"\x07\0\0\0x; reboot")
    assert told(box, "again", str(box / "count"))[0] == "sleep 10"
    assert (box / "count").read_bytes() == b"\x07\0\0\0" + b"1"


@pytest.mark.parametrize(("ends_with", "is_said"), [(0, False), (3, True)])
def test_a_data_partition_that_is_not_there_is_said_to_be_it(box: Path, ends_with: int, is_said: bool) -> None:
    (box / "bin/systemctl").write_text(
        f'#!/bin/sh\n[ "$*" = "is-active --quiet var.mount" ] && exit {ends_with}\nexit 0\n'
    )
    environment = {"PATH": f"{box / 'bin'}:{os.environ['PATH']}"}
    command = [str(SCRIPT), "again", str(box / "count")]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert ("data partition cannot be mounted" in done.stderr) is is_said
