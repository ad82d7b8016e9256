"""Real failures of the disk: refused with the right cause, nothing half done, usable again afterwards."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]


def _told(how: str, directory: Path) -> dict[str, int | str]:
    # A private mount namespace: its tmpfs is gone with the process, however that ends.
    program = [sys.executable, "-m", "tests.edge.journal.failing_disk", how, str(directory)]
    done = subprocess.run(
        ["unshare", "--mount", "--propagation", "private", *program],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    told: dict[str, int | str] = json.loads(done.stdout)
    return told


@pytest.mark.parametrize(("how", "cause"), [("full", "full"), ("limit", "io")])
def test_the_store_is_usable_when_the_disk_is_well_again(tmp_path: Path, how: str, cause: str) -> None:
    told = _told(how, tmp_path)
    acknowledged = int(told["acknowledged"])
    assert told == {
        "cause": cause,
        "cause_again": cause,
        "acknowledged": acknowledged,
        "kept_while_failing": acknowledged,
        "entries_while_failing": 50 * acknowledged,
        "last_after": 50 * (acknowledged + 1),
        "entries": 50 * (acknowledged + 1),
        "problem": "",
        "read": 50 * (acknowledged + 1),
    }


def test_nothing_is_acknowledged_that_was_not_synced(tmp_path: Path) -> None:
    told = _told("sync", tmp_path)
    assert (told["cause"], told["cause_again"]) == ("io", "io")
    assert (told["acknowledged"], told["kept_while_failing"]) == (1, 1)
    assert (told["entries"], told["problem"]) == (50, "")


def test_a_read_only_file_system_is_readable_and_refuses_a_writer(tmp_path: Path) -> None:
    assert _told("read_only", tmp_path) == {
        "entries": 50,
        "read": 50,
        "cause": "read_only",
        "doctor": "disk.read_only",
        "last_after": 100,
    }


def test_in_the_reserve_everything_is_still_recorded_and_nobody_new_has_room(tmp_path: Path) -> None:
    assert _told("reserve", tmp_path) == {
        "room_before": 1,
        "filled": 1,
        "room_when_full": 0,
        "ballast_given_up": 1,
        "room_in_reserve": 0,
        "room_after": 1,
        "ballast_after": 8_000_000,
        "problem": "",
        "read": 10_001,
    }
