"""What the doctor says of the clock."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from appliance.config import parse
from appliance.doctor import clock_finding


@pytest.mark.parametrize(("ahead_s", "ok"), [(-60, True), (3600, False)])
def test_a_clock_before_the_last_entry_is_wrong(tmp_path: Path, ahead_s: int, ok: bool) -> None:
    (tmp_path / "gate").mkdir()
    journal = tmp_path / "gate" / "journal.db"
    journal.touch()
    os.utime(journal, (time.time() + ahead_s,) * 2)
    assert clock_finding(parse(f"[paths]\nstate = '{tmp_path}'", "q.toml")).ok is ok


def test_a_box_without_a_journal_has_a_clock(tmp_path: Path) -> None:
    assert clock_finding(parse(f"[paths]\nstate = '{tmp_path}'", "q.toml")).ok
