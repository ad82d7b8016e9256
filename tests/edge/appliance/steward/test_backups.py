"""Back-ups: what is in them, who may read them, how many there are."""

from __future__ import annotations

import tarfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from appliance.config import Config, parse
from appliance.steward.backups import KEPT, NotBackedUp, folder, listed, make
from journal.seal import verify
from tests.edge.journal.samples import stay, write

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


@pytest.fixture
def config(tmp_path: Path) -> Config:
    (tmp_path / "gate").mkdir()
    (tmp_path / "console" / "extracts").mkdir(parents=True)
    (tmp_path / "console" / "accounts").write_text("who")
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
        assert tar.getnames() == ["journal.db", "qaqpa.toml", "console/accounts"]
        journal = tar.extractfile("journal.db")
        assert journal is not None
        (tmp_path / "out.db").write_bytes(journal.read())
    assert verify(tmp_path / "out.db").head == verdict.head
    assert [each.name for each in folder(config).iterdir()] == [made.file]


def test_the_last_five_are_kept(config: Config, tmp_path: Path) -> None:
    for number in range(KEPT + 2):
        make(config, tmp_path / "qaqpa.toml", NOW + timedelta(days=number))
    assert [each.file for each in listed(config)] == [f"qaqpa-202611{day}T090000Z.tar" for day in (28, 27, 26, 25, 24)]


def test_what_fails_leaves_those_there_are(config: Config, tmp_path: Path) -> None:
    before = make(config, tmp_path / "qaqpa.toml", NOW)[0]
    with pytest.raises(NotBackedUp):
        make(config, tmp_path / "qaqpa.toml", NOW)
    (tmp_path / "gate" / "journal.db").unlink()
    with pytest.raises(NotBackedUp):
        make(config, tmp_path / "qaqpa.toml", NOW + timedelta(days=1))
    assert listed(config) == (before,)
    assert [each.name for each in folder(config).iterdir()] == [before.file]
