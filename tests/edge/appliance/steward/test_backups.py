"""Back-ups: what is in them, who may read them, how many there are."""

from __future__ import annotations

import os
import tarfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from appliance.config import Config, parse
from appliance.steward.answering import Answering
from appliance.steward.backups import KEPT, MOST, NotBackedUp, folder, listed, make
from appliance.steward.wire import MakeBackup, StewardRefused
from journal.seal import verify
from tests.edge.journal.samples import stay, write

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


@pytest.fixture
def config(tmp_path: Path) -> Config:
    (tmp_path / "gate").mkdir()
    (tmp_path / "console" / "extracts").mkdir(parents=True)
    (tmp_path / "console" / "staff.json").write_text("who")
    (tmp_path / "console" / "sessions.json").write_text("who was signed in")
    (tmp_path / "console" / "claim").write_text("the box's code")
    (tmp_path / "qaqpa.toml").write_text("# mine")
    write(tmp_path / "gate" / "journal.db", stay())
    return parse(f"[paths]\nstate = '{tmp_path}'", "q.toml")


def test_a_copy_has_what_cannot_be_had_again_and_no_secret(config: Config, tmp_path: Path) -> None:
    made, verdict = make(config, tmp_path / "qaqpa.toml", NOW)
    path = folder(config) / made.file
    assert (made.file, path.stat().st_mode & 0o777) == ("qaqpa-20261122T090000Z.tar", 0o600)
    assert folder(config).stat().st_mode & 0o777 == 0o700
    with tarfile.open(path) as tar:
        assert tar.getnames() == ["journal.db", "qaqpa.toml", "console/staff.json"]
        journal = tar.extractfile("journal.db")
        assert journal is not None
        (tmp_path / "out.db").write_bytes(journal.read())
    assert verify(tmp_path / "out.db").head == verdict.head
    assert [each.name for each in folder(config).iterdir()] == [made.file]


def test_the_last_five_are_kept(config: Config, tmp_path: Path) -> None:
    for number in range(KEPT + 2):
        make(config, tmp_path / "qaqpa.toml", NOW + timedelta(days=number))
    assert [each.file for each in listed(config)] == [f"qaqpa-202611{day}T090000Z.tar" for day in (28, 27, 26, 25, 24)]


def test_hasty_ones_push_out_none_that_is_younger_than_a_day(config: Config, tmp_path: Path) -> None:
    before = make(config, tmp_path / "qaqpa.toml", NOW)[0]
    hasty = [make(config, tmp_path / "qaqpa.toml", NOW + timedelta(hours=23, minutes=n))[0] for n in range(MOST - 1)]
    assert [each.file for each in reversed(listed(config))] == [before.file, *(each.file for each in hasty)]
    with pytest.raises(NotBackedUp, match="within a day"):
        make(config, tmp_path / "qaqpa.toml", NOW + timedelta(hours=23, minutes=MOST))
    after = make(config, tmp_path / "qaqpa.toml", NOW + timedelta(days=1, seconds=1))[0]
    assert listed(config)[0] == after
    assert before.file not in {each.file for each in listed(config)}, "the sixth, and older than a day"


def test_what_fails_leaves_those_there_are(config: Config, tmp_path: Path) -> None:
    before = make(config, tmp_path / "qaqpa.toml", NOW)[0]
    with pytest.raises(NotBackedUp):
        make(config, tmp_path / "qaqpa.toml", NOW)
    (tmp_path / "gate" / "journal.db").unlink()
    with pytest.raises(NotBackedUp):
        make(config, tmp_path / "qaqpa.toml", NOW + timedelta(days=1))
    assert listed(config) == (before,)
    assert [each.name for each in folder(config).iterdir()] == [before.file]


def another(path: Path) -> None:
    path.with_name("another").write_text("the box's key")
    path.symlink_to(path.with_name("another"))


def twice(path: Path) -> None:
    path.write_text("who")
    path.with_name("again").hardlink_to(path)


def sparse(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(1 << 33)


@pytest.mark.parametrize("lay", [another, twice, sparse, os.mkfifo])
def test_what_the_consoles_user_could_lay_there_is_not_followed(
    config: Config, tmp_path: Path, lay: Callable[[Path], None]
) -> None:
    (tmp_path / "console" / "staff.json").unlink()
    lay(tmp_path / "console" / "staff.json")
    with pytest.raises(NotBackedUp):
        make(config, tmp_path / "qaqpa.toml", NOW)
    assert list(folder(config).iterdir()) == []


def test_one_is_made_at_a_time(config: Config, tmp_path: Path) -> None:
    nobody: Any = None
    answering = Answering(tmp_path / "qaqpa.toml", nobody, nobody, nobody, nobody, nobody, nobody, lambda: NOW)
    with answering.packing:
        reply = answering.answer(MakeBackup("aigul"))
    assert isinstance(reply, StewardRefused) and "already" in reply.why
    assert listed(config) == ()


def test_a_name_without_a_day_keeps_nobody_from_making_one(config: Config, tmp_path: Path) -> None:
    folder(config).mkdir()
    (folder(config) / "qaqpa-99999999T999999Z.tar").write_bytes(b"")
    made, _ = make(config, tmp_path / "qaqpa.toml", NOW)
    assert [each.file for each in listed(config)] == [made.file]
