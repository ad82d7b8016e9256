"""The gate's threads that work by themselves: the one that keeps the index, the one that reads the counters."""

from __future__ import annotations

import logging
import sqlite3
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace

import pytest

from appliance import librarian as librarians
from appliance import meter as meters
from appliance.events import Counted
from appliance.librarian import Librarian
from appliance.meter import ROW, Meter
from journal.index import beside
from tests.edge.appliance.venue import ADDRESS, PHONE, Core
from tests.edge.journal.samples import stay, write
from tests.lab.waiting import until


def indexed(path: Path) -> int:
    """How many visits the index beside this journal knows; 0: there is none that can be read."""
    try:
        with closing(sqlite3.connect(f"file:{beside(path)}?mode=ro", uri=True)) as connection:
            return int(connection.execute("SELECT count(*) FROM visits").fetchone()[0])
    except sqlite3.Error:
        return 0


def test_the_index_follows_the_journal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(librarians, "EVERY_S", 0.05)
    path = tmp_path / "journal.db"
    write(path, stay())
    keeper = Librarian(path)
    keeper.start()
    try:
        until(lambda: indexed(path) >= 1, "the index to be there")
    finally:
        keeper.stop()


def test_a_journal_that_cannot_be_read_keeps_it_trying(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    for name in ("EVERY_S", "REST_S"):
        monkeypatch.setattr(librarians, name, 0.05)
    path = tmp_path / "journal.db"
    path.write_bytes(b"no journal" * 1000)
    keeper = Librarian(path)
    with caplog.at_level(logging.WARNING):
        keeper.start()
        try:
            until(lambda: "visits are found more slowly" in caplog.text, "it to say so")
            path.unlink()
            write(path, stay())
            until(lambda: indexed(path) >= 1, "the index to be there")
        finally:
            keeper.stop()


def test_counters_are_read_again_and_again_until_it_is_stopped(tmp_path: Path) -> None:
    core = Core(tmp_path / "journal.db")
    core.start()
    core.log_in()
    core.kernel.let_pass(ADDRESS, 100, 900)
    delivered: list[Counted] = []
    meter = Meter(core.kernel, core.engine.admitted, delivered.append, lambda: core.now, every_s=0.02)
    meter.start()
    try:
        until(lambda: len(delivered) > 2, "some readings")
    finally:
        meter.stop()
    assert {counted.usage[PHONE].down_bytes for counted in delivered} == {900}
    core.crash()


def test_a_reading_of_many_lets_others_have_their_turn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    breaths: list[float] = []
    monkeypatch.setattr(meters, "time", SimpleNamespace(sleep=breaths.append))
    core = Core(tmp_path / "journal.db")
    many = {f"02:00:00:00:00:{number:02x}": (f"10.77.0.{number}",) for number in range(2 * ROW)}
    meter = Meter(core.kernel, lambda: many, lambda _: None, lambda: core.now, every_s=1.0)
    meter.read()
    assert breaths == [meters.BREATH_S] * 2
    core.crash()
