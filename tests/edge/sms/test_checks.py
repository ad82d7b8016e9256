"""What doctor's questions about the SMS side find, and a sender that a thread runs and an event ends."""

from __future__ import annotations

import os
import socket
import threading
from pathlib import Path

from sms.checks import findings
from sms.sender import run
from sms.settings import Provider, Settings
from tests.edge.sms.world import free_port
from tests.lab.waiting import until


def settings_for(directory: Path, port: int, host: str = "127.0.0.1") -> Settings:
    provider = Provider(host=host, port=port, system_id="venue", password="hush-me")
    return Settings(str(directory / "sms.sock"), frozenset({os.getuid()}), provider)


def test_a_whole_side_is_found_well(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as smsc:
        settings = settings_for(tmp_path, smsc.getsockname()[1])
        stop = threading.Event()
        sender = threading.Thread(target=run, args=(settings, stop))
        sender.start()
        try:
            until(Path(settings.socket_path).exists, "the sender's socket")
            until(lambda: findings(settings)[0].ok, "the sender's answer")
            found = findings(settings)
            assert [finding.ok for finding in found] == [True, True]
            assert [finding.remedy for finding in found] == ["", ""]
        finally:
            stop.set()
            sender.join(10)
        assert not sender.is_alive()
    assert not Path(settings.socket_path).exists()


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
