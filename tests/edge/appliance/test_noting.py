"""What the command line has a running gate record: copies of the journal, over the real socket."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from appliance.cli import main
from appliance.inbox import Role, Stop
from appliance.server import Server
from journal.entries import BackupMade
from journal.seal import verify
from journal.visits import entries
from tests.edge.appliance.venue import Core


@pytest.fixture
def core(tmp_path: Path) -> Iterator[Core]:
    """A core that serves on the configuration's socket, in threads of its own."""
    for folder in (tmp_path / "gate", tmp_path / "run" / "gate"):
        folder.mkdir(parents=True)
    (tmp_path / "qaqpa.toml").write_text(f'[paths]\nstate = "{tmp_path}"\nruntime = "{tmp_path}/run"\n')
    core = Core(tmp_path / "gate" / "journal.db")
    core.start()
    server = Server(tmp_path / "run" / "gate" / "gate.sock", {os.getuid(): Role.ADMINISTRATOR}, core.engine.post)
    server.start()
    owner = threading.Thread(target=core.engine.run, args=(lambda: None,))
    owner.start()
    yield core
    server.stop()
    core.engine.post(Stop())
    owner.join()
    core.crash()


def _backed_up(core: Core, name: str) -> str:
    config = core.path.parent.parent / "qaqpa.toml"
    done = CliRunner().invoke(main, ["journal", "backup", str(config.with_name(name)), "--config", str(config)])
    assert done.exit_code == 0, done.output
    return done.output


def test_a_copy_made_while_the_gate_runs_is_recorded_with_what_it_holds(core: Core, tmp_path: Path) -> None:
    said = _backed_up(core, "copy.db")
    assert "the gate" not in said, said
    (noted,) = [entry for _, _, entry in entries(core.path) if isinstance(entry, BackupMade)]
    copy = verify(tmp_path / "copy.db")
    assert (noted.file, noted.entries, noted.head) == ("copy.db", copy.entries, copy.head)
    assert noted.by and verify(core.path).entries > copy.entries, "the copy does not tell of itself"


@pytest.mark.parametrize("name", ["көшірме " * 7, "bad\udcffname.db", "two\nlines\u202e.db"])
def test_whatever_a_copy_is_called(core: Core, name: str) -> None:
    assert "the gate" not in _backed_up(core, name)
    (noted,) = [entry for _, _, entry in entries(core.path) if isinstance(entry, BackupMade)]
    assert noted.file.isprintable() and len(noted.file) <= 64


def test_a_copy_that_cannot_be_recorded_is_there_all_the_same(core: Core, tmp_path: Path) -> None:
    core.disk.full = True
    assert "the gate did not record it" in _backed_up(core, "copy.db")
    core.disk.full = False
    assert verify(tmp_path / "copy.db").first_bad is None
