"""Crashes in a short form; ``tests.edge.journal.kills`` and ``.power_cut`` are programs for a thousand of each."""

from __future__ import annotations

from pathlib import Path

from tests.edge.journal import kills, power_cut

KILLS = 42
CUTS = 100


def test_no_acknowledged_entry_is_lost_and_no_batch_is_in_part_by_kills(tmp_path: Path) -> None:
    kills.survive(tmp_path / "journal.db", KILLS, seed=67)


def test_no_acknowledged_entry_is_lost_and_no_batch_is_in_part_by_power_cuts(tmp_path: Path) -> None:
    recorded, cut = tmp_path / "recorded", tmp_path / "cut"
    recorded.mkdir()
    cut.mkdir()
    before, steps = power_cut.record(recorded, batches=130)
    torn, ahead = power_cut.survive(before, steps, CUTS, seed=67, folder=cut)
    assert torn > CUTS // 2, "cuts met writes that were not synced"
    assert ahead > 0, "some left the batch in flight whole, which nobody was told of"
    assert len({step.file for step in steps}) == 3, "the log, the file, and acknowledgements were recorded"
