"""What the gate's process does about itself: its key, its threads, state it cannot read."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.daemon import KEY_BYTES, password_key
from appliance.inbox import Item, Stop
from appliance.threads import end_with_any_thread


@pytest.fixture
def excepthook() -> Iterator[None]:
    """Whatever a test hooks is unhooked."""
    before = threading.excepthook
    yield
    threading.excepthook = before


@pytest.mark.usefixtures("excepthook")
def test_a_thread_that_falls_ends_the_gate(caplog: pytest.LogCaptureFixture) -> None:
    posted: list[Item] = []
    fallen = end_with_any_thread(posted.append)

    def falls() -> None:
        raise KeyError("index")

    with caplog.at_level(logging.CRITICAL):
        thread = threading.Thread(target=falls, name="firewall.presence.ports")
        thread.start()
        thread.join()
    assert posted == [Stop()]
    assert fallen == ["firewall.presence.ports"]
    assert "KeyError: 'index'" in caplog.text


def test_the_key_is_made_once_for_the_gate_alone(tmp_path: Path) -> None:
    path = tmp_path / "password.key"
    key = password_key(path)
    assert len(key) == KEY_BYTES
    assert path.stat().st_mode & 0o777 == 0o600
    assert password_key(path) == key


@pytest.mark.parametrize("left", [b"", b"short"])
def test_a_key_cut_short_by_a_power_failure_is_made_anew(tmp_path: Path, left: bytes) -> None:
    """An empty key would hash passwords for everybody to try."""
    path = tmp_path / "password.key"
    path.write_bytes(left)
    assert len(password_key(path)) == KEY_BYTES
