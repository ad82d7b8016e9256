"""The steward's socket: who is heard, what is taken, and what a peer can hold up."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from appliance.steward import wire
from appliance.steward.client import Client, StewardUnreachable
from appliance.steward.serving import AT_ONCE, Serving
from appliance.steward.wire import StewardRefusal, StewardRefused

LOOK = wire.Settings("# mine", "0" * 64)


@contextmanager
def served(folder: Path, uid: int | None = None) -> Iterator[Path]:
    path = folder / "steward.sock"
    serving = Serving(path, {os.getuid() if uid is None else uid}, lambda _request: LOOK)
    thread = threading.Thread(target=serving.serve)
    thread.start()
    try:
        yield path
    finally:
        serving.stop()
        thread.join(timeout=10)
        assert not thread.is_alive()


def said(path: Path, line: bytes) -> wire.Reply:
    with socket.socket(socket.AF_UNIX) as peer:
        peer.settimeout(10)
        peer.connect(str(path))
        peer.sendall(line)
        pieces = b""
        while not pieces.endswith(b"\n") and (piece := peer.recv(65536)):
            pieces += piece
    return wire.decode_reply(pieces)


def test_a_question_has_its_answer(tmp_path: Path) -> None:
    with served(tmp_path) as path:
        assert Client(str(path)).ask(wire.ReadSettings()) == LOOK
        assert path.stat().st_mode & 0o777 == 0o660
    with pytest.raises(StewardUnreachable, match="is 'qaqpa steward' running"):
        Client(str(path)).ask(wire.ReadSettings())


def test_another_user_is_not_heard(tmp_path: Path) -> None:
    with served(tmp_path, uid=54321) as path:
        assert Client(str(path)).ask(wire.ReadSettings()) == StewardRefused(StewardRefusal.FORBIDDEN)


@pytest.mark.parametrize(
    "line",
    [
        b"\n",
        b"not JSON\n",
        b'{"request":"shell","command":"id"}\n',
        b'{"request":"read_settings","more":1}\n',
        b'{"request":"apply_settings","toml":"","base":"short","staff":"a"}\n',
        b'{"request":"apply_settings","toml":"","base":"' + b"0" * 64 + b'","staff":"a","undo_s":-1}\n',
        b'{"request":"undo_settings","staff":"a\\nb"}\n',  # the gate would not record it
        b'{"request":"undo_settings","staff":""}\n',
        b"x" * (wire.MAX_REQUEST_BYTES + 1),
        b"\xff\n",
    ],
)
def test_what_is_no_request_is_refused(tmp_path: Path, line: bytes) -> None:
    with served(tmp_path) as path:
        reply = said(path, line)
    assert isinstance(reply, StewardRefused) and reply.refusal is StewardRefusal.BAD_REQUEST


def test_peers_that_go_away_leave_room(tmp_path: Path) -> None:
    with served(tmp_path) as path:
        for _ in range(AT_ONCE * 2):
            with socket.socket(socket.AF_UNIX) as peer:
                peer.connect(str(path))
                peer.sendall(b'{"request":"read')
        assert Client(str(path)).ask(wire.ReadSettings()) == LOOK
