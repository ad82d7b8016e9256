"""The gate's socket against peers that mean ill, or are half dead (law 8)."""

from __future__ import annotations

import contextlib
import os
import select
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance import wire
from appliance.client import Client, StandingClient
from appliance.errors import GateUnreachable
from appliance.inbox import Requested, Role
from appliance.server import CONNECTIONS, Server
from appliance.wire import Done, ListVisits, Look, Refusal, Refused, Visits

NOBODY, CONSOLE = 65534, 65533


class Owner:
    """Stands for the owner thread: answers at once, or keeps all requests while ``mute``."""

    def __init__(self) -> None:
        self.seen: list[Requested] = []
        self.mute = False
        self.got = threading.Event()

    def post(self, item: Requested) -> None:
        self.seen.append(item)
        self.got.set()
        if not self.mute:
            item.answer(Visits(()) if isinstance(item.request, ListVisits) else Done())


@pytest.fixture
def owner() -> Owner:
    return Owner()


@pytest.fixture
def path(tmp_path: Path, owner: Owner) -> Iterator[Path]:
    """The socket of a server that knows root as administrator, and two uids as portal and console."""
    path = tmp_path / "gate.sock"
    for folder in (tmp_path, *list(tmp_path.parents)[:2]):
        folder.chmod(0o755)
    server = Server(path, {0: Role.ADMINISTRATOR, CONSOLE: Role.STAFF, NOBODY: Role.PORTAL}, owner.post)
    server.start()
    path.chmod(0o666)  # so that only the uid decides in these tests
    yield path
    server.stop()


@contextlib.contextmanager
def connected(path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX) as peer:
        peer.settimeout(60)
        peer.connect(str(path))
        yield peer


def say(path: Path, octets: bytes, half_close: bool = False) -> bytes:
    """What the server answers to these very octets, or b"" if it closes without one."""
    with connected(path) as peer:
        try:
            peer.sendall(octets)
            if half_close:
                peer.shutdown(socket.SHUT_WR)
        except BrokenPipeError:
            pass  # it may close before it has read everything
        answer = b""
        while not answer.endswith(b"\n") and (piece := peer.recv(65536)):
            answer += piece
        return answer


def refused(octets: bytes) -> Refusal:
    reply = wire.decode_reply(octets)
    assert isinstance(reply, Refused)
    return reply.refusal


def as_uid(uid: int, path: Path, request: str) -> str:
    """What a peer of another uid is answered."""
    program = (
        "import socket,sys; s=socket.socket(socket.AF_UNIX); s.connect(sys.argv[1]);"
        "s.sendall(sys.argv[2].encode()+b'\\n'); print(s.recv(4096).decode())"
    )
    arguments = ["/usr/bin/python3", "-c", program, str(path), request]
    line = ["setpriv", f"--reuid={uid}", "--clear-groups", "--", *arguments]
    return subprocess.run(line, capture_output=True, text=True, check=True, timeout=60, cwd="/").stdout


def test_a_request_is_answered(path: Path, owner: Owner) -> None:
    assert Client(str(path)).ask(Look("10.77.0.10")) == Done()
    assert [(item.request, item.role) for item in owner.seen] == [(Look("10.77.0.10"), Role.ADMINISTRATOR)]


def test_role_is_the_uids(path: Path, owner: Owner) -> None:
    as_uid(NOBODY, path, '{"request":"look","ip":"10.77.0.10"}')
    assert owner.seen[0].role is Role.PORTAL


def test_unknown_uid_is_refused_unread(path: Path, owner: Owner) -> None:
    assert refused(as_uid(12345, path, '{"request":"list_visits"}').encode()) is Refusal.FORBIDDEN
    assert owner.seen == []


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"hello",
        b"{}",
        b"null",
        b"[1,2]",
        b'{"request":"open_sesame"}',
        b'{"request":"look"}',
        b'{"request":"look","ip":5}',
        b'{"request":"look","ip":"10.77.0.10","mac":"02:00:00:00:00:01"}',
        b'{"request":"look","ip":"' + b"1" * 46 + b'"}',
        b'{"request":"end_visit","mac":"02-00-00-00-00-01"}',
        b'{"request":"ask_password","ip":"10.77.0.10","number":"1","language":"xx"}',
        b'{"request":"ask_password","ip":"10.77.0.10","number":"' + b"1" * 65 + b'","language":"kk"}',
        b'{"request":"look","ip":"\xff\xfe"}',
        b'{"request":"ask_password","ip":"10.77.0.10","number":"1","language":"kk","terms":"' + b"a" * 65 + b'"}',
        b'{"request":"ask_password","ip":"10.77.0.10","number":"1","language":"kk","terms":null}',
        b'{"request":"choose_language","ip":"10.77.0.10"}',
        b'{"request":"choose_language","ip":"10.77.0.10","language":"KK"}',
        b'{"request":"choose_language","ip":"10.77.0.10","language":["kk"]}',
        b'{"request":"ask_code","ip":"10.77.0.10","code":"K7MQ4T"}',
        b'{"request":"ask_code"}',
        b'{"request":"leave","ip":"10.77.0.10","mac":"02:00:00:00:00:01"}',
        b'{"request":"leave","ip":""}',
        b"\x00" * 40,
        b"[" * 900,
        b'{"request":"end_visit","mac":"02:00:00:00:00:01\\n"}',
    ],
)
def test_no_request_of_ours(path: Path, owner: Owner, line: bytes) -> None:
    assert refused(say(path, line + b"\n")) is Refusal.BAD_REQUEST
    assert owner.seen == []


@pytest.mark.parametrize(
    "line",
    [
        b'{"request":"look\\nuid 0 asked"}',
        b'{"request":"look","ip":"10.77.0.10","x\\nuid 0 asked":1}',
        b'{"request":"' + b"x" * 7000 + b'"}',
    ],
)
def test_a_peer_writes_no_line_of_its_own_into_the_log(
    path: Path, line: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    assert refused(say(path, line + b"\n")) is Refusal.BAD_REQUEST
    (record,) = [record.getMessage() for record in caplog.records if record.name == "appliance.server"]
    assert "\n" not in record and len(record) < 300


@pytest.mark.parametrize("size", [wire.MAX_REQUEST_BYTES + 1, 100_000, 3_000_000])
def test_too_large(path: Path, owner: Owner, size: int) -> None:
    assert refused(say(path, b"x" * size + b"\n")) is Refusal.TOO_LARGE
    assert owner.seen == []


def test_half_a_line_and_gone(path: Path, owner: Owner) -> None:
    assert refused(say(path, b'{"request":"lo', half_close=True)) is Refusal.BAD_REQUEST
    assert say(path, b"", half_close=True) == b""
    assert owner.seen == []


def test_lines_are_answered_one_after_the_other(path: Path, owner: Owner) -> None:
    owner.mute = True
    with connected(path) as peer:
        peer.sendall(b'{"request":"look","ip":"10.77.0.10"}\n')
        assert owner.got.wait(8)
        peer.sendall(b'{"request":"list_visits"}\nnonsense\n{"request":')
        say(path, b"nonsense\n")  # when that is answered, the server has read what came before it
        assert [item.request for item in owner.seen] == [Look("10.77.0.10")], "the second waits for the first's answer"
        owner.mute = False
        owner.seen[0].answer(Done())
        answers = peer.makefile("rb")
        replies = [wire.decode_reply(answers.readline()) for _ in range(3)]
        peer.sendall(b'"list_visits"}\n')
        replies.append(wire.decode_reply(answers.readline()))
    assert replies == [Done(), Visits(()), Refused(Refusal.BAD_REQUEST), Visits(())]


def test_a_peer_that_pours_requests_in_and_reads_nothing_is_held_off(path: Path) -> None:
    """Neither its questions nor its answers pile up in the gate, and others are served meanwhile."""
    with connected(path) as pouring:
        pouring.settimeout(0.3)
        poured = 0
        with contextlib.suppress(TimeoutError):
            while poured < 64 * 1024 * 1024:
                poured += pouring.send(b'{"request":"list_visits"}\n' * 2000)
        assert poured < 8 * 1024 * 1024
        assert Client(str(path)).ask(ListVisits()) == Visits(())


def test_who_closes_its_side_after_the_line_is_answered(path: Path) -> None:
    octets = wire.encode(ListVisits()) + b"\n"
    assert wire.decode_reply(say(path, octets, half_close=True)) == Visits(())


@pytest.mark.parametrize("octets", [b"", b'{"request":"lo'])
def test_silence_and_half_a_line_end(path: Path, octets: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("appliance.server.REQUEST_TIMEOUT_S", 0.1)
    assert say(path, octets) == b""


def test_idle_connections_end(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("appliance.server.IDLE_S", 0.1)
    with connected(path) as peer:
        peer.sendall(wire.encode(ListVisits()) + b"\n")
        answers = peer.makefile("rb")
        assert answers.readline()
        assert answers.readline() == b"", "closed"


def test_what_a_look_answers_does_not_reach_the_owner(tmp_path: Path, owner: Owner) -> None:
    def look(request: wire.Request, role: Role) -> wire.Reply | None:
        return Refused(Refusal.UNKNOWN_DEVICE) if isinstance(request, Look) and role is Role.ADMINISTRATOR else None

    path = tmp_path / "look.sock"
    server = Server(path, {os.getuid(): Role.ADMINISTRATOR}, owner.post, look)
    server.start()
    try:
        assert Client(str(path)).ask(Look("10.77.0.10")) == Refused(Refusal.UNKNOWN_DEVICE)
        assert Client(str(path)).ask(ListVisits()) == Visits(())
    finally:
        server.stop()
    assert [item.request for item in owner.seen] == [ListVisits()]


def test_standing_client_keeps_its_connection_and_finds_a_new_gate(tmp_path: Path, owner: Owner) -> None:
    path = tmp_path / "gate.sock"
    client = StandingClient(str(path))
    with pytest.raises(GateUnreachable):
        client.ask(ListVisits())
    for _ in range(2):  # the second gate is another process's, as far as the client can tell
        server = Server(path, {os.getuid(): Role.ADMINISTRATOR}, owner.post)
        server.start()
        before = descriptors()
        assert [client.ask(ListVisits()) for _ in range(3)] == [Visits(())] * 3
        assert descriptors() <= before + 2, "one connection, both ends in this process"
        server.stop()
    with pytest.raises(GateUnreachable):
        client.ask(ListVisits())


def test_standing_client_never_takes_a_late_answer_for_the_next(path: Path, owner: Owner) -> None:
    client = StandingClient(str(path), timeout_s=2.0)
    assert client.ask(ListVisits()) == Visits(())
    owner.mute = True
    with pytest.raises(GateUnreachable, match="timed out"):
        client.ask(Look("10.77.0.10"))
    owner.mute = False
    owner.seen[-1].answer(Done())
    assert client.ask(ListVisits()) == Visits(())
    client.close()
    assert [type(item.request).__name__ for item in owner.seen] == ["ListVisits", "Look", "ListVisits"], "asked once"


def descriptors() -> int:
    """How many this process has open."""
    return len(list(Path("/proc/self/fd").iterdir()))


def test_peer_that_leaves_before_the_answer_harms_nobody(path: Path, owner: Owner) -> None:
    owner.mute = True
    with socket.socket(socket.AF_UNIX) as peer:
        peer.connect(str(path))
        peer.sendall(wire.encode(Look("10.77.0.10")) + b"\n")
        assert owner.got.wait(15)
    owner.mute = False
    owner.seen[0].answer(Done())
    assert Client(str(path)).ask(ListVisits()) == Visits(())


def test_who_is_refused_takes_nobodys_room(tmp_path: Path, owner: Owner, monkeypatch: pytest.MonkeyPatch) -> None:
    """They are heard out for a while, so that the refusal arrives."""
    monkeypatch.setattr("appliance.server.FAREWELL_S", 60.0)
    monkeypatch.setattr("appliance.server._ROOM", {Role.ADMINISTRATOR: 4})
    roles: dict[int, Role] = {}
    path = tmp_path / "gate.sock"
    server = Server(path, roles, owner.post)
    server.start()
    try:
        with contextlib.ExitStack() as stack:
            peers = [stack.enter_context(connected(path)) for _ in range(8)]
            assert {refused(peer.recv(999)) for peer in peers} == {Refusal.FORBIDDEN}
            roles[os.getuid()] = Role.ADMINISTRATOR
            assert Client(str(path)).ask(ListVisits()) == Visits(())
    finally:
        server.stop()


def test_portal_gone_mad_leaves_room_for_staff_and_administrators(path: Path) -> None:
    """The portal opens as many connections as it can and says nothing."""
    program = (
        "import socket,sys,time\n"
        "held=[]\n"
        "while True:\n"
        "    s=socket.socket(socket.AF_UNIX); s.connect(sys.argv[1]); held.append(s)\n"
        f"    if len(held)=={CONNECTIONS + 50}:\n"
        "        s.settimeout(60); print(s.recv(999).decode(), flush=True); sys.stdin.read()\n"
    )
    line = ["setpriv", f"--reuid={NOBODY}", "--clear-groups", "--", "/usr/bin/python3", "-c", program, str(path)]
    with subprocess.Popen(line, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd="/") as mad:
        assert mad.stdout and mad.stdin
        assert refused(mad.stdout.readline()) is Refusal.BUSY
        assert wire.decode_reply(as_uid(CONSOLE, path, '{"request":"list_visits"}').encode()) == Visits(())
        assert Client(str(path)).ask(ListVisits()) == Visits(())
        mad.stdin.close()
        mad.terminate()


def test_a_crowd_of_connections_at_once_takes_few_of_the_gates_descriptors(path: Path) -> None:
    """The gate has 1,024 of them unless told otherwise, and the journal and the kernel need some meanwhile."""
    program = (
        "import contextlib,resource,socket,sys\n"
        "resource.setrlimit(resource.RLIMIT_NOFILE,(8192,resource.getrlimit(resource.RLIMIT_NOFILE)[1]))\n"
        "held=[]\n"
        "for _ in range(6000):\n"
        "    s=socket.socket(socket.AF_UNIX); s.setblocking(False)\n"
        "    with contextlib.suppress(OSError):\n"
        "        s.connect(sys.argv[1])\n"
        "    held.append(s)\n"
        "print('done',flush=True); sys.stdin.read()\n"
    )
    line = ["setpriv", f"--reuid={NOBODY}", "--clear-groups", "--", "/usr/bin/python3", "-c", program, str(path)]
    before, most = descriptors(), 0
    with subprocess.Popen(line, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd="/") as mad:
        assert mad.stdout and mad.stdin
        while not select.select([mad.stdout], [], [], 0)[0]:
            most = max(most, descriptors() - before)
        assert Client(str(path), timeout_s=60).ask(ListVisits()) == Visits(()), "an administrator waits and is served"
        mad.stdin.close()
    assert most < 900, "what the gate has open at the height of it"


def test_stale_socket_is_replaced(tmp_path: Path, owner: Owner) -> None:
    path = tmp_path / "gate.sock"
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
    server = Server(path, {os.getuid(): Role.ADMINISTRATOR}, owner.post)
    server.start()
    assert Client(str(path)).ask(ListVisits()) == Visits(())
    assert path.stat().st_mode & 0o777 == 0o660
    server.stop()


def test_socket_that_cannot_be_made_is_said(tmp_path: Path, owner: Owner) -> None:
    server = Server(tmp_path / "no" / "gate.sock", {}, owner.post)
    with pytest.raises(OSError, match="No such file"):
        server.start()


def test_nobody_listens(tmp_path: Path) -> None:
    with pytest.raises(GateUnreachable, match="qaqpa gate"):
        Client(str(tmp_path / "none.sock")).ask(ListVisits())


def test_a_full_queue_is_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "busy.sock"
    with socket.socket(socket.AF_UNIX) as busy, socket.socket(socket.AF_UNIX) as first:
        busy.bind(str(path))
        busy.listen(0)
        first.connect(str(path))
        with pytest.raises(GateUnreachable):
            Client(str(path), timeout_s=0.1).ask(ListVisits())
        answering = threading.Thread(target=_take_two, args=(busy,))
        answering.start()
        assert Client(str(path), timeout_s=60).ask(ListVisits()) == Visits(())
        answering.join()


def _take_two(busy: socket.socket) -> None:
    """The first, when the second is surely waiting; then the second is answered."""
    time.sleep(0.3)
    for _ in range(2):
        with busy.accept()[0] as peer:
            peer.sendall(wire.encode(Visits(())) + b"\n")


def test_answer_that_never_comes(tmp_path: Path) -> None:
    path = tmp_path / "silent.sock"
    with socket.socket(socket.AF_UNIX) as silent:
        silent.bind(str(path))
        silent.listen()
        with pytest.raises(GateUnreachable, match="timed out"):
            Client(str(path), timeout_s=0.1).ask(ListVisits())
