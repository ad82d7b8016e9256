"""The sender's unix socket and who is connected to it.

Whoever is not expected is not heard (law 8), and a peer that writes nonsense or does not read loses its connection and
costs nothing else. Must not know: SMPP, what becomes of a message.
"""

from __future__ import annotations

import contextlib
import errno
import os
import socket
import stat
import struct
from pathlib import Path

from sms import message as wire
from sms import standing
from sms.errors import LineRefused, SocketTaken
from sms.lines import Lines
from sms.message import Message, Report
from sms.standing import Question, Standing

_MAX_PEERS = 16
_MAX_UNSENT_BYTES = 1024 * 1024
_PIECE_BYTES = 64 * 1024
_CREDENTIALS = struct.Struct("iII")  # struct ucred: pid, uid, gid


class Peer:
    """One connection from a gate."""

    def __init__(self, connected: socket.socket, uid: int) -> None:
        self.uid = uid
        self.asked = False
        """Whether it wants to know how the sender stands, and is told when that changes."""
        self._socket = connected
        self._lines = Lines(wire.MAX_LINE_BYTES)
        self._unsent = bytearray()

    def fileno(self) -> int:
        return self._socket.fileno()

    @property
    def wants_to_write(self) -> bool:
        """Whether reports wait for the peer to read."""
        return bool(self._unsent)

    def read(self) -> list[Message | Question]:
        """What has arrived; call when readable.

        Raises:
            OSError: the peer is gone.
            LineRefused: a line is too long, or neither message nor question.
        """
        try:
            piece = self._socket.recv(_PIECE_BYTES)
        except BlockingIOError:
            return []
        if not piece:
            raise ConnectionResetError("closed by the peer")
        return [
            standing.decode_question(line) if standing.is_question(line) else wire.decode_message(line)
            for line in self._lines.feed(piece)
        ]

    def write(self, answer: Report | Standing) -> None:
        """Queue it for the next ``flush``.

        Raises:
            LineRefused: the peer does not read.
        """
        octets = standing.encode(answer) if isinstance(answer, Standing) else wire.encode(answer)
        self._unsent += octets + b"\n"
        if len(self._unsent) > _MAX_UNSENT_BYTES:
            raise LineRefused("the peer does not read its reports")

    def flush(self) -> None:
        """Send what the kernel takes now.

        Raises:
            OSError: the peer is gone.
        """
        while self._unsent:
            try:
                sent = self._socket.send(self._unsent)
            except BlockingIOError:
                return
            del self._unsent[:sent]

    def close(self) -> None:
        """End the connection; what the kernel does not take at once is lost."""
        with contextlib.suppress(OSError):
            self.flush()
        self._socket.close()


class Door:
    """The listening socket: made with mode 0660, replaced when stale, removed at the end.

    Raises:
        SocketTaken: another sender answers there.
        OSError: the directory cannot be written, or what is there is no socket.
    """

    def __init__(self, socket_path: str, peer_uids: frozenset[int]) -> None:
        self._path, self._peer_uids = Path(socket_path), peer_uids
        _remove_stale(self._path)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            self._socket.bind(socket_path)
            self._path.chmod(0o660)  # before listen: nobody can have connected yet
            self._socket.listen(_MAX_PEERS)
        except OSError:
            self._socket.close()
            raise
        self._socket.setblocking(False)
        self._inode = self._path.stat().st_ino

    def fileno(self) -> int:
        return self._socket.fileno()

    def admit(self, present: int) -> Peer | None:
        """The next peer, or None when nobody is there, it is not expected, or ``present`` are enough.

        Returns after at most one connection; the caller is called again while the socket is readable.
        """
        try:
            connected, _ = self._socket.accept()
        except OSError:  # nobody there any more, or no file descriptor left: the peer tries again
            return None
        try:
            credentials = connected.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
        except OSError:
            connected.close()
            return None
        _, uid, _ = _CREDENTIALS.unpack(credentials)
        if uid not in self._peer_uids or present >= _MAX_PEERS:
            connected.close()
            return None
        connected.setblocking(False)
        return Peer(connected, uid)

    def close(self) -> None:
        """Stop listening and remove the file, unless a successor has put its own there."""
        self._socket.close()
        with contextlib.suppress(FileNotFoundError):
            if self._path.stat().st_ino == self._inode:
                self._path.unlink()


def _remove_stale(path: Path) -> None:
    try:
        found = path.lstat()
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(found.st_mode):
        raise OSError(errno.EEXIST, f"{os.strerror(errno.EEXIST)}, and it is no socket", str(path))
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as attempt:
        attempt.settimeout(1.0)
        try:
            attempt.connect(str(path))
        except (ConnectionRefusedError, FileNotFoundError):
            with contextlib.suppress(FileNotFoundError):
                path.unlink()
            return
        except TimeoutError:  # a full backlog: somebody lives there
            pass
    raise SocketTaken(str(path))
