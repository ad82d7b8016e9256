"""The sender as a process: its socket, who may speak to it, what it writes down, how it ends."""

from __future__ import annotations

import contextlib
import os
import socket
import stat
from pathlib import Path

import pytest

from sms.errors import SocketTaken
from sms.message import State, encode
from sms.sender import run
from sms.settings import Provider, Settings
from tests.edge.sms.conftest import Venue
from tests.edge.sms.world import PASSWORD, TEXT, RawSmsc, free_port, message, pdu, read_pdu


def test_a_stranger_is_not_heard(venue: Venue) -> None:
    smsc = venue.smsc()
    sender = venue.sender(smsc.port, peer_uids=[os.getuid() + 1])
    with socket.socket(socket.AF_UNIX) as stranger:
        stranger.settimeout(60)
        stranger.connect(venue.socket_path)
        with contextlib.suppress(ConnectionError):
            stranger.sendall(encode(message("m1")) + b"\n")
            assert stranger.recv(4096) == b""
    sender.says("was refused")
    assert smsc.submits() == []


@pytest.mark.parametrize(
    "nonsense",
    [
        b"x" * 5000,
        b'{"id":"m1"}\n',
        b"\xff\xfe\n",
        b"\n",
        b"{" * 4096 + b"\n",
        b'{"id":"a","to":"+77011234567","text":"x","expires_utc_ms":1,"more":1}\n',
    ],
)
def test_nonsense_costs_its_own_connection_and_nothing_else(venue: Venue, nonsense: bytes) -> None:
    smsc = venue.smsc()
    venue.sender(smsc.port)
    client, gate = venue.client()
    with socket.socket(socket.AF_UNIX) as fool:
        fool.settimeout(60)
        fool.connect(venue.socket_path)
        fool.sendall(nonsense)
        with contextlib.suppress(ConnectionResetError):
            assert fool.recv(4096) == b""
    client.send(message("m1"))
    gate.hears("m1", State.DELIVERED)


def test_nothing_secret_is_written_anywhere(venue: Venue) -> None:
    smsc = venue.smsc()
    sender = venue.sender(smsc.port)
    client, gate = venue.client()
    client.send(message("m1"))
    gate.hears("m1", State.DELIVERED)
    smsc.kill()
    sender.says("no link to the SMSC")
    with socket.socket(socket.AF_UNIX) as fool:
        fool.connect(venue.socket_path)
        fool.sendall(encode(message("m2"))[:-1] + b',"more":1}\n')
        fool.settimeout(60)
        assert fool.recv(10) == b""
    assert sender.end() == 0
    said = sender.said()
    for secret in (PASSWORD, TEXT, "428517", "7011234567", TEXT.encode("utf-16-be").hex(), PASSWORD.encode().hex()):
        assert secret not in said
    assert "was dropped" in said
    assert "Traceback" not in said


def test_sigterm_unbinds_and_removes_the_socket(venue: Venue) -> None:
    heard: list[int] = []

    def behave(connection: socket.socket, _count: int) -> None:
        while True:
            command, _, sequence, _ = read_pdu(connection)
            heard.append(command)
            connection.sendall(pdu(command | 0x80000000, 0, sequence, b"x\0" if command == 9 else b""))

    raw: RawSmsc = venue.raw_smsc(behave)
    sender = venue.sender(raw.port)
    sender.says("bound to the SMSC")
    assert stat.S_IMODE(Path(venue.socket_path).stat().st_mode) == 0o660
    assert sender.end() == 0
    assert heard == [0x09, 0x06]
    assert not Path(venue.socket_path).exists()


def test_sigterm_ends_a_sender_that_has_no_smsc(venue: Venue) -> None:
    sender = venue.sender(free_port())
    sender.says("no link to the SMSC")
    assert sender.end() == 0


def test_a_second_sender_does_not_take_the_socket(venue: Venue) -> None:
    venue.sender(free_port())
    provider = Provider(host="127.0.0.1", port=1, system_id="venue", password=PASSWORD)
    with pytest.raises(SocketTaken):
        run(Settings(venue.socket_path, frozenset({os.getuid()}), (provider,)))
