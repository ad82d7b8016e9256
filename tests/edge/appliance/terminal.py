"""A person at the box's terminal: ``qaqpa`` in this process, against a gate's core behind its real socket.

    with terminal(tmp_path) as box:
        box.done("block", PHONE, "--why", "noise")

Must not know: any command.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from click.testing import CliRunner, Result

from appliance import wire
from appliance.aside import Aside
from appliance.books import journal_path
from appliance.cli import main
from appliance.client import Client
from appliance.config import load
from appliance.desk_reception import DeskSettings
from appliance.inbox import Role, Stop
from appliance.server import Server
from appliance.sockets import gate_socket
from appliance.state import Terms
from tests.edge.appliance.venue import Core


@dataclass(frozen=True)
class Terminal:
    """A configuration, and the gate that answers for it."""

    path: Path
    core: Core

    def run(self, *words: str, typed: str = "") -> Result:
        """The command line, ``--config`` aside; ``typed`` is what the person types into it."""
        command = [*words, "--config", str(self.path)]
        return CliRunner().invoke(main, command, input=typed)

    def done(self, *words: str, typed: str = "") -> str:
        """What it prints where it succeeds."""
        told = self.run(*words, typed=typed)
        assert told.exit_code == 0, told.output
        return told.output

    def refused(self, *words: str, typed: str = "") -> str:
        """What it prints where it fails."""
        told = self.run(*words, typed=typed)
        assert told.exit_code in (1, 2), told.output
        return told.output

    def ask(self, request: wire.Request) -> wire.Reply:
        """The gate's reply to somebody else."""
        return Client(gate_socket(load(self.path))).ask(request)


@contextmanager
def terminal(
    folder: Path, more: str = "", *, terms: Terms | None = None, desk: DeskSettings | None = None
) -> Iterator[Terminal]:
    """Open until the block ends.

    Args:
        more: of the configuration.
        terms, desk: what the gate makes of it.
    """
    path = folder / "qaqpa.toml"
    path.write_text(f'{more}\n[paths]\nstate = "{folder}"\nruntime = "{folder}/run"\n', encoding="utf-8")
    config = load(path)
    socket = Path(gate_socket(config))
    for place in (socket, journal_path(config)):
        place.parent.mkdir(parents=True)
    core = Core(journal_path(config), terms, desk=desk)
    core.start()
    owner = threading.Thread(target=core.engine.run, args=(lambda: None,))
    aside = Aside(core.engine.look, core.engine.post)
    server = Server(socket, {os.getuid(): Role.ADMINISTRATOR}, aside.post, aside.look, core.tally.answered)
    owner.start()
    aside.start()
    server.start()
    try:
        yield Terminal(path, core)
    finally:
        server.stop()
        aside.stop()
        core.engine.post(Stop())
        owner.join()
        core.crash()
