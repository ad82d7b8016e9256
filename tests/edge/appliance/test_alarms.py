"""What the owner must act on reaches `qaqpa doctor` with what to do: a refused account, no provider, a spent budget."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from click.testing import CliRunner

from appliance import wire
from appliance.cli import main
from appliance.inbox import Role, Stop
from appliance.server import Server
from appliance.spending import Budget
from appliance.state import Terms
from tests.edge.appliance.venue import ADDRESS, Core
from tests.edge.sms.conftest import Venue
from tests.edge.sms.world import free_port, pdu, read_pdu
from tests.lab.waiting import until


class Box:
    """A venue's configuration, the sender's and the gate's sockets beside it, and the doctor."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        for name in ("sms", "gate"):
            (folder / name).mkdir()
        self.folder, self.sms = folder, Venue(folder / "sms", stack)
        self._config = folder / "qaqpa.toml"
        (folder / "smpp").write_text("s3cr3t-8\n")
        self._config.write_text(
            f'[paths]\nruntime = "{folder}"\nstate = "{folder}"\n[spending]\ndaily_sms = 2\nmonthly_sms = 100\n'
            f'[[sms.provider]]\npassword_file = "{folder}/smpp"\n'
        )

    def alarm(self, words: str) -> str:
        """What the doctor says is to be done about it, once it says these words of what is wrong."""

        def told() -> str | None:
            said = CliRunner().invoke(main, ["doctor", "--json", "--config", str(self._config)])
            assert said.exit_code == 1, "something is wrong"
            rows = [row for row in json.loads(said.stdout) if words in row["what"]]
            return rows[0]["remedy"] if rows and not rows[0]["ok"] else None

        return until(told, words)


@pytest.fixture
def box(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Box]:
    monkeypatch.setattr("firewall.checks.findings", lambda _settings: [])  # slow, and another test's
    with ExitStack() as stack:
        yield Box(tmp_path, stack)


def refusing_bind(connection: socket.socket, _count: int) -> None:
    _, _, sequence, _ = read_pdu(connection)
    connection.sendall(pdu(0x80000009, 0x0E, sequence))
    connection.recv(1)


def test_a_refused_account(box: Box) -> None:
    box.sms.sender(box.sms.raw_smsc(refusing_bind).port)
    assert "correct system_id and the password file" in box.alarm("refused system_id or password")


def test_no_provider(box: Box) -> None:
    box.sms.sender_of({"name": "one", "port": free_port()}, {"name": "two", "port": free_port()})
    assert "mend one of those above" in box.alarm("no visitor gets a password")
    assert "check the uplink, host and port" in box.alarm("SMS provider one, transceiver: ")


def test_no_sender(box: Box) -> None:
    assert "systemctl start qaqpa-sms" in box.alarm("the SMS sender does not answer")


@contextmanager
def serving(core: Core, path: Path) -> Iterator[None]:
    """The gate's core behind its socket."""
    owner = threading.Thread(target=core.engine.run, args=(lambda: None,))
    server = Server(path, {0: Role.ADMINISTRATOR}, core.engine.post)
    owner.start()
    server.start()
    try:
        yield
    finally:
        server.stop()
        core.engine.post(Stop())
        owner.join(60)
        core.crash()


@pytest.mark.parametrize(
    ("reserved_percent", "said"),
    [(0, "the budget is spent, nobody gets a password"), (50, "only numbers that logged in here before get passwords")],
)
def test_a_spent_budget(box: Box, reserved_percent: int, said: str) -> None:
    budget = Budget(daily_sms=2, monthly_sms=100, reserved_percent=reserved_percent)
    core = Core(box.folder / "gate" / "journal.db", Terms(resend_s=0, budget=budget))
    core.start()
    for number in ("+77011111111", "+77022222222"):
        core.ask(wire.AskPassword(ADDRESS, number, wire.Language.KAZAKH))
    with serving(core, box.folder / "gate" / "gate.sock"):
        assert "raise daily_sms or monthly_sms in [spending]" in box.alarm(said)
