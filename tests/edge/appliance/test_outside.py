"""What the gate's machine may answer besides what it should: programs, sockets, sticks and certificates gone wrong."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from appliance import factory_reset, machine_checks, own_certificate, posting, wire
from appliance.client import Client
from appliance.commands import NOT_THERE, run
from appliance.config import parse
from appliance.errors import GateUnreachable, WireError
from appliance.factory_reset import NotReset
from appliance.journal_rights import findings as rights
from appliance.sticks import Stick, StickUnusable, found, mounted
from tests.support.authority import Authority


@pytest.fixture
def gate(tmp_path: Path) -> Callable[[bytes], Client]:
    """One that says this to whoever asks, and hangs up."""

    def answering(said: bytes) -> Client:
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(tmp_path / "gate.sock"))
        listener.listen(1)

        def serve() -> None:
            with listener, listener.accept()[0] as peer:
                peer.recv(65536)
                peer.sendall(said)

        threading.Thread(target=serve).start()
        return Client(str(tmp_path / "gate.sock"))

    return answering


def test_a_gate_that_hangs_up_has_not_answered(gate: Callable[[bytes], Client]) -> None:
    with pytest.raises(GateUnreachable, match="closed before it answered"):
        gate(b'{"reply":"do').ask(wire.ListVisits())


def test_an_answer_that_is_none_or_never_ends_is_no_answer(
    gate: Callable[[bytes], Client], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with pytest.raises(WireError, match="not a reply"):
        gate(b"{}\n").ask(wire.ListVisits())
    (tmp_path / "gate.sock").unlink()
    monkeypatch.setattr(Client, "MAX_REPLY_BYTES", 100)
    with pytest.raises(WireError, match="more than 100 bytes"):
        gate(b"x" * 200).ask(wire.ListVisits())


def test_a_program_that_is_not_there_is_told_as_a_shell_would() -> None:
    said: list[str] = []
    assert run(["/nowhere/at-all"], said.append) == (NOT_THERE, "")
    assert said == ["/nowhere/at-all: No such file or directory"]


def test_a_firmware_that_refuses_keeps_or_forgets_nothing(tmp_path: Path) -> None:
    with pytest.raises(NotReset, match="keeps no variables"):
        factory_reset.ask(tmp_path)
    # A folder of that name: it can be neither written nor taken away, as a variable that the firmware guards.
    (tmp_path / factory_reset.VARIABLE).mkdir(parents=True)
    with pytest.raises(NotReset, match="does not take the wish"):
        factory_reset.ask(tmp_path)
    with pytest.raises(NotReset, match="keeps the wish"):
        factory_reset.withdraw(tmp_path)


def test_a_stick_that_cannot_be_let_go_is_said_to_be_in_use(tmp_path: Path) -> None:
    def stuck(command: Sequence[str], told: Callable[[str], None]) -> tuple[int, str]:
        if command[0] == "umount":
            told("target is busy")
            return 32, ""
        return 0, ""

    with (
        pytest.raises(StickUnusable, match="could not be let go \\(target is busy\\)"),
        mounted(Stick("/dev/sda1", 1), tmp_path / "at", stuck),
    ):
        pass


def test_a_disk_that_goes_while_it_is_looked_at_is_none(tmp_path: Path) -> None:
    (tmp_path / "sda").mkdir()
    assert list(found(tmp_path)) == []


def test_users_that_are_not_there_are_named_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(machine_checks, "SMS_USER", "no-such-user")
    said = [each for each in machine_checks.users() if "no-such-user" in each.what]
    assert [each.ok for each in said] == [False]
    assert list(rights(tmp_path / "journal.db", "no-such-user")) == []


def test_a_certificate_that_names_nobody_is_for_nobody() -> None:
    root = Authority().root
    about = own_certificate.about(root)
    assert (about.hosts, about.addresses) == (frozenset(), frozenset())


def test_a_poster_has_the_venues_colour() -> None:
    plain = parse("[wifi]\nname = 'Cafe'", "q.toml")
    coloured = parse("[venue]\ncolour = '#7a1f5c'\n[wifi]\nname = 'Cafe'", "q.toml")
    assert posting.poster_of(parse("", "q.toml")) is None
    assert posting.poster_of(plain) != posting.poster_of(coloured)
