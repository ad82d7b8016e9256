"""What doctor's questions about the SMS side find, and a sender that a thread runs and an event ends."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from sms.checks import findings
from sms.sender import run
from sms.settings import Provider, Settings
from tests.edge.sms.conftest import Venue
from tests.edge.sms.world import free_port, pdu, read_pdu
from tests.lab.waiting import until


def settings_for(directory: Path, port: int, host: str = "127.0.0.1") -> Settings:
    provider = Provider(host=host, port=port, system_id="venue", password="hush-me")
    return Settings(str(directory / "sms.sock"), frozenset({os.getuid()}), (provider,))


@contextmanager
def running(settings: Settings) -> Iterator[None]:
    """A sender in a thread."""
    stop = threading.Event()
    sender = threading.Thread(target=run, args=(settings, stop))
    sender.start()
    try:
        until(Path(settings.socket_path).exists, "the sender's socket")
        yield
    finally:
        stop.set()
        sender.join(60)
    assert not sender.is_alive()


def test_a_whole_side_is_found_well(venue: Venue, tmp_path: Path) -> None:
    settings = settings_for(tmp_path, venue.smsc().port)
    with running(settings):
        until(lambda: all(finding.ok for finding in findings(settings)), "all well")
        found = findings(settings)
        assert [finding.remedy for finding in found] == ["", ""]
        assert "smsc, transceiver: bound for" in found[1].what
    assert not Path(settings.socket_path).exists()


def test_refused_credentials_and_no_provider_are_findings(venue: Venue, tmp_path: Path) -> None:
    def refuse(connection: socket.socket, _count: int) -> None:
        _, _, sequence, _ = read_pdu(connection)
        connection.sendall(pdu(0x80000009, 0x0E, sequence))
        connection.recv(1)

    settings = settings_for(tmp_path, venue.raw_smsc(refuse).port)
    with running(settings):
        until(lambda: "refused system_id or password" in findings(settings)[1].what, "the alarm")
        answers, link = findings(settings)
    assert (answers.ok, link.ok) == (True, False)
    assert "correct system_id and the password file" in link.remedy
    assert "hush-me" not in repr(link)


def test_no_provider_at_all_is_a_finding_of_its_own(tmp_path: Path) -> None:
    settings = settings_for(tmp_path, free_port())
    other = replace(settings.providers[0], name="other", port=free_port())
    with running(replace(settings, providers=(*settings.providers, other))):
        until(lambda: "cannot connect" in findings(settings)[2].what, "both attempts to fail")
        found = findings(settings)
    assert [finding.ok for finding in found] == [True, False, False, False]
    assert "cannot connect: Connection refused" in found[1].what
    assert "no SMS provider takes messages" in found[3].what


def test_what_is_wrong_is_said_with_its_remedy(tmp_path: Path) -> None:
    sender, provider = findings(settings_for(tmp_path, free_port()))
    assert not sender.ok
    assert not provider.ok
    assert "systemctl start qaqpa-sms" in sender.remedy
    assert "Connection refused" in provider.what
    assert "hush-me" not in repr((sender, provider))


def test_a_name_that_nobody_knows_and_a_port_that_is_silent(tmp_path: Path) -> None:
    _, unknown = findings(settings_for(tmp_path, 1, host="smsc.invalid"), timeout_s=2)
    assert not unknown.ok
    with socket.socket() as full:  # a backlog that is full answers nobody
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        held = []
        for _ in range(3):
            caller = socket.socket()
            caller.setblocking(False)
            caller.connect_ex(full.getsockname())
            held.append(caller)
        _, silent = findings(settings_for(tmp_path, full.getsockname()[1]), timeout_s=0.3)
        for caller in held:
            caller.close()
    assert not silent.ok
    assert "0.3 s" in silent.what or "timed out" in silent.what
