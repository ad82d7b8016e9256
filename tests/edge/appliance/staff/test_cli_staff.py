"""`qaqpa staff · claim · token` as root runs them, with a gate behind a real socket that records what is done."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import click
import pyotp
import pytest
from click.testing import CliRunner, Result

from appliance.cli import main
from appliance.cli_staff import claim, staff, token
from appliance.staff.office import Office
from appliance.staff.roles import StaffRole
from appliance.staff.second_factors import RECOVERY_CODES
from appliance.staff.tokens import Scope
from appliance.wire import Done, Reply, Request
from appliance.wire_console import NoteStaff, StaffAct
from tests.edge.portal.served import GateServer
from tests.support.offices import IDLE_S, PASSWORD, office, wrong_code
from tests.unit.portal.gate import GateWithState


@dataclass
class Recorder(GateWithState):
    """A gate that records whatever staff does."""

    def answer(self, request: Request) -> Reply:
        self.heard.append(request)
        return Done()


@dataclass
class Box:
    """A box with a command line."""

    folder: Path
    gate: Recorder

    def run(self, *words: str) -> Result:
        return CliRunner().invoke(main, [*words, "--config", str(self.folder / "qaqpa.toml")])

    def acts(self) -> list[tuple[StaffAct, str]]:
        return [(each.act, each.staff) for each in self.gate.heard if isinstance(each, NoteStaff)]

    @property
    def console(self) -> Path:
        return self.folder / "console"


@pytest.fixture
def silent(tmp_path: Path) -> Box:
    """With one owner, and no gate that answers."""
    (tmp_path / "run" / "gate").mkdir(parents=True)
    (tmp_path / "qaqpa.toml").write_text(f'[paths]\nstate = "{tmp_path}"\nruntime = "{tmp_path}/run"\n')
    office(tmp_path / "console", "owner")
    return Box(tmp_path, Recorder())


@pytest.fixture
def box(silent: Box) -> Iterator[Box]:
    server = GateServer(silent.folder / "run" / "gate" / "gate.sock", silent.gate)
    yield silent
    server.kill()


def test_the_life_of_an_account(box: Box) -> None:
    by = ("--staff", "root.person")
    added = box.run("staff", "add", "Desk", "--name", "At the desk", "--role", "desk", "--json", *by)
    assert added.exit_code == 0, added.output
    told = json.loads(added.output)
    assert told["login"] == "desk"
    accounts = office(box.console).office.accounts
    assert accounts.proved("desk", told["password"])
    again = box.run("staff", "password", "desk", "--forget-second-factor", "--json", *by)
    assert not accounts.proved("desk", told["password"])
    assert accounts.proved("desk", json.loads(again.output)["password"])
    listed = json.loads(box.run("staff", "list", "--json").output)
    assert [(each["login"], each["role"], each["must_change"]) for each in listed] == [
        ("desk", "desk", True),
        ("owner", "owner", False),
    ]
    assert "password" not in listed[0] and "At the desk" in box.run("staff", "list").output
    assert box.run("staff", "disable", "desk", *by).exit_code == 0
    assert "disabled" in box.run("staff", "list").output
    assert box.run("staff", "disable", "desk", "--enable", *by).exit_code == 0
    assert box.run("staff", "remove", "desk", *by).exit_code == 0
    assert accounts.find("desk") is None
    assert box.acts() == [
        (act, "root.person")
        for act in (
            StaffAct.ACCOUNT_MADE,
            StaffAct.PASSWORD_CHANGED,
            StaffAct.SECOND_FACTOR_REMOVED,
            StaffAct.ACCOUNT_CHANGED,
            StaffAct.ACCOUNT_CHANGED,
            StaffAct.ACCOUNT_REMOVED,
        )
    ]


def test_what_cannot_be_says_why_and_is_not_recorded(box: Box) -> None:
    for words, said in (
        (("staff", "remove", "owner"), "at least one owner"),
        (("staff", "add", "inspector", "--name", "I", "--role", "inspector"), "--days"),
        (("staff", "add", "../x", "--name", "I", "--role", "desk"), "a login is"),
        (("staff", "sessions", "--end", "nothing"), "no such session"),
        (("token", "revoke", "nothing"), "no such token"),
        (("claim",), "claimed already"),
    ):
        done = box.run(*words)
        assert done.exit_code == 1 and said in done.output, done.output
    assert box.acts() == []


def test_without_a_gate_nothing_is_done_that_must_be_recorded(silent: Box) -> None:
    before = (silent.console / "staff.json").read_bytes()
    refused = silent.run("staff", "password", "owner")
    assert refused.exit_code == 1 and "does not answer" in refused.output
    assert (silent.console / "staff.json").read_bytes() == before
    assert silent.run("staff", "list").exit_code == 0


def test_sessions_are_listed_and_ended_while_the_console_runs(box: Box) -> None:
    console = Office.open(box.console, IDLE_S, time.time)
    token = console.sessions.begin("owner", "192.168.50.7", "Firefox")
    (listed,) = json.loads(box.run("staff", "sessions", "owner", "--json").output)
    assert (listed["login"], listed["address"], listed["browser"]) == ("owner", "192.168.50.7", "Firefox")
    assert token not in str(listed)
    assert "192.168.50.7" in box.run("staff", "sessions").output
    assert box.run("staff", "sessions", "--end", listed["session"]).exit_code == 0
    assert console.sessions.of(token) is None
    assert [act for act, _ in box.acts()] == [StaffAct.SESSION_ENDED]


def test_tokens(box: Box) -> None:
    made = box.run("token", "make", "Grafana", "--scope", "metrics", "--scope", "health", "--days", "30", "--json")
    assert made.exit_code == 0, made.output
    secret = json.loads(made.output)["secret"]
    tokens = office(box.console).office.tokens
    found = tokens.of(secret)
    assert found and found.scopes == {Scope.METRICS, Scope.HEALTH} and found.expires_utc_ms
    listed = box.run("token", "list", "--json")
    assert secret not in listed.output and json.loads(listed.output)[0]["label"] == "Grafana"
    assert "health,metrics" in box.run("token", "list").output
    assert box.run("token", "revoke", found.token).exit_code == 0
    assert tokens.of(secret) is None


def test_a_second_factor_is_set_up_at_the_terminal_and_removed(box: Box) -> None:
    def entered(code_of: Callable[[str], str]) -> Result:
        """The key is shown before the code is asked for: the telephone makes it of that."""
        made = pyotp.random_base32()
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("pyotp.random_base32", lambda: made)
            words = ["staff", "second-factor", "Owner", "--config", str(box.folder / "qaqpa.toml")]
            result = CliRunner().invoke(main, words, input=f"{code_of(made)}\n")
        assert f"secret={made}" in result.output
        return result

    wrong = entered(lambda made: wrong_code(made, time.time()))
    assert wrong.exit_code == 1 and "write them down" not in wrong.output
    kept = office(box.console).office
    assert not kept.accounts.all()[0].has_second_factor
    done = entered(lambda made: pyotp.TOTP(made).now())
    assert done.exit_code == 0, done.output
    codes = re.findall(r"^  (\w{5}-\w{5})$", done.output, re.MULTILINE)
    assert len(codes) == RECOVERY_CODES and kept.factors.takes("owner", codes[0])
    assert kept.accounts.all()[0].has_second_factor
    assert box.run("staff", "second-factor", "owner", "--remove").exit_code == 0
    assert not kept.accounts.all()[0].has_second_factor
    assert [act for act, _ in box.acts()] == [StaffAct.SECOND_FACTOR_SET, StaffAct.SECOND_FACTOR_REMOVED]
    assert box.run("staff", "second-factor", "nobody", "--remove").exit_code == 1


def test_a_new_box_is_claimed_with_what_root_prints(silent: Box) -> None:
    (silent.console / "staff.json").unlink()
    code = silent.run("claim").output.strip()
    assert json.loads(silent.run("claim", "--json").output) == {"code": code}
    box = office(silent.console).office
    assert box.claim.take(code)
    box.accounts.make("owner", "Owner", StaffRole.OWNER, PASSWORD)
    assert silent.run("claim").exit_code == 1


@pytest.mark.parametrize("group", [staff, token, claim], ids=lambda each: str(each.name))
def test_every_option_says_what_it_is_for(group: click.Command) -> None:
    commands = list(group.commands.values()) if isinstance(group, click.Group) else [group]
    for command in commands:
        assert command.help, command.name
        for parameter in command.params:
            assert not isinstance(parameter, click.Option) or parameter.help, (command.name, parameter.name)


def test_what_a_person_reads_at_the_terminal(box: Box) -> None:
    by = ("--staff", "root.person")
    assert "nobody is signed in" in box.run("staff", "sessions").output
    assert "there are no tokens" in box.run("token", "list").output
    added = box.run("staff", "add", "guard", "--name", "Guard", "--role", "inspector", "--days", "7", *by).output
    told, said = added.splitlines()
    assert office(box.console).office.accounts.proved("guard", told)
    assert said == "guard: a temporary password; tell it to nobody else"
    assert re.search(r"^guard +inspector +until \d{4}-\d\d-\d\d", box.run("staff", "list").output, re.MULTILINE)
    again = box.run("staff", "password", "guard", *by).output.splitlines()[0]
    assert again != told and office(box.console).office.accounts.proved("guard", again)
    secret = box.run("token", "make", "Grafana", "--scope", "metrics", *by).output.strip()
    assert office(box.console).office.tokens.of(secret)
    (box.console / "staff.json").unlink()
    assert "there are no accounts; `qaqpa claim` says how" in box.run("staff", "list").output
