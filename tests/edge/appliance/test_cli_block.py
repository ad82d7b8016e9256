"""`qaqpa block · unblock · blocks · figures` as a person runs them, against a gate's core behind its real socket."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from appliance.aside import Aside
from appliance.cli import main
from appliance.config import load
from appliance.inbox import Role, Stop
from appliance.server import Server
from appliance.sockets import gate_socket
from tests.edge.appliance.venue import NUMBER, PHONE, Core


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Path]:
    """A configuration, whose gate answers."""
    path = tmp_path / "qaqpa.toml"
    path.write_text(f'[paths]\nstate = "{tmp_path}"\nruntime = "{tmp_path}/run"\n')
    socket = Path(gate_socket(load(path)))
    socket.parent.mkdir(parents=True)
    core = Core(tmp_path / "journal.db")
    core.start()
    owner = threading.Thread(target=core.engine.run, args=(lambda: None,))
    aside = Aside(core.engine.look, core.engine.post)
    server = Server(socket, {os.getuid(): Role.ADMINISTRATOR}, aside.post, aside.look, core.tally.answered)
    owner.start()
    aside.start()
    server.start()
    yield path
    server.stop()
    aside.stop()
    core.engine.post(Stop())
    owner.join()
    core.crash()


def run(box: Path, command: str, *words: str) -> Result:
    return CliRunner().invoke(main, [command, "--config", str(box), *words])


def done(box: Path, command: str, *words: str) -> str:
    told = run(box, command, *words)
    assert told.exit_code == 0, told.output
    return told.output


def test_a_block_is_listed_masked_and_lifted_by_whom_it_is_of(box: Path) -> None:
    named = ("--why", "noise", "--staff", "aigul")
    assert done(box, "block", "02-00-00-00-00-01", *named) == f"{PHONE}: blocked until it is lifted\n"
    assert done(box, "block", "8 701 123 45 67", *named, "--until", "2027-01-20 18:30").endswith(
        "blocked until 2027-01-20 18:30\n"
    )
    held = json.loads(done(box, "blocks", "--json"))
    assert {(each["device"], each["number"], each["staff"]) for each in held} == {
        (PHONE, "", "aigul"),
        ("", "+7701•••••67", "aigul"),
    }
    listed = done(box, "blocks")
    assert "until 2027-01-20 18:30  by aigul: noise" in listed and NUMBER not in listed
    assert NUMBER in done(box, "blocks", "--whole")
    done(box, "unblock", "+7 701 123 45 67")
    done(box, "unblock", held[0]["block"] if held[0]["device"] else held[1]["block"])
    assert json.loads(done(box, "blocks", "--json")) == []


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (["block", PHONE], 2, "--why"),
        (["block", PHONE, "--why", "x", "--for", "soon"], 2, "is no span such as 90m"),
        (["block", PHONE, "--why", "x", "--for", "1h", "--until", "2027-01-20"], 2, "not both"),
        (["block", PHONE, "--why", "x", "--for", "999w"], 1, "five years at most"),
        (["block", PHONE, "--why", "x", "--until", "2020-01-01"], 1, "an end lies ahead"),
        (["block", "02:00", "--why", "x"], 1, "that is no telephone number"),
        (["unblock", PHONE], 1, "nobody by this name is blocked"),
    ],
)
def test_what_is_wrong_is_told_with_what_to_do(box: Path, words: list[str], code: int, told: str) -> None:
    answer = run(box, *words)
    assert answer.exit_code == code and told in answer.output


def test_figures_for_a_person_and_a_program(box: Path) -> None:
    told = json.loads(done(box, "figures", "--json"))
    assert told["entries"] == {"gate_started": 1} and told["journal_entries"] == 1
    assert "   asked         1  look_at_figures" in done(box, "figures")
