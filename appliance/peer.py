"""Who asks at one of our sockets. Must not know: what they may."""

from __future__ import annotations

import socket
import struct


def peer_uid(connection: socket.socket) -> int:
    """Who is at the other end of a unix socket, by the kernel's word (SO_PEERCRED, unix(7)), not the peer's."""
    credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    _, uid, _ = struct.unpack("3i", credentials)
    return int(uid)
