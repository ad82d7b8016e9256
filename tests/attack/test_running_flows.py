"""What an evicted visitor had running ends with the visit, not with the connection."""

from __future__ import annotations

import contextlib
import socket

from tests.attack.field import Field
from tests.lab.entering import inside
from tests.lab.venue import WEB
from tests.lab.visitor import Visitor


def opened(visitor: Visitor, kind: socket.SocketKind, port: int) -> socket.socket:
    with inside(visitor.namespace):
        made = socket.socket(socket.AF_INET, kind)
    made.settimeout(15)
    made.connect((WEB, port))
    return made


def echoes(flow: socket.socket, timeout_s: float) -> bool:
    flow.settimeout(timeout_s)
    with contextlib.suppress(OSError):
        flow.send(b"still there?")
        return flow.recv(64) == b"still there?"
    return False


def test_tcp_udp_and_quic_flows_end_at_once_and_send_nothing_more(place: Field) -> None:
    flows = [
        opened(place.evicted, kind, port)
        for kind, port in (
            (socket.SOCK_STREAM, 4242),
            (socket.SOCK_STREAM, 443),
            (socket.SOCK_DGRAM, 4242),
            (socket.SOCK_DGRAM, 443),
        )
    ]
    with contextlib.ExitStack() as stack:
        for flow in flows:
            stack.enter_context(flow)
            assert echoes(flow, 15)
        place.evict()
        before = place.venue.internet.arrivals("echo")
        assert [flow for flow in flows if echoes(flow, 0.5)] == []
        assert place.venue.internet.arrivals("echo") == before
