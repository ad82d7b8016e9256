"""How long a visitor waits to be let in, and how long a device that is put out still gets through.

Admission: from the request EnterPassword at the gate's socket to the first answer from the Internet. Revocation: from
the request EndVisit to the arrival of the last datagram that came through. One phone, over and over, with an SMS each
time; a datagram every half millisecond, which is the resolution. Must not know: what the gate does in between.
"""

from __future__ import annotations

import socket

from appliance import wire
from tests.bench.effort import Effort
from tests.bench.ground import Ground, now_s
from tests.bench.pulse import Pulse
from tests.bench.report import Better, Row, percentile
from tests.lab.venue import WEB

_BEAT_S = 0.0005
_PATIENCE_S = 5.0
_SILENCE_S = 0.05
"""Nothing came through for so long: nothing will. A datagram through three namespaces takes 0.1 ms."""


def measure(ground: Ground, effort: Effort) -> list[Row]:
    """p50 and p99 with the largest crowd, the smallest one's beside them."""
    waits: dict[str, dict[int, list[float]]] = {"admission": {}, "revocation": {}}
    for _ in range(min(effort.repetitions, 3)):
        for size in dict.fromkeys((effort.few, effort.many)):
            ground.crowd(size)
            _end(ground)
            with Pulse(ground.phone.namespace, ground.venue.operator, WEB) as pulse:
                for _ in range(effort.visits):
                    waits["admission"].setdefault(size, []).append(_admission_ms(ground, pulse))
                    waits["revocation"].setdefault(size, []).append(_revocation_ms(ground, pulse))
    return [
        Row(
            f"{what}: p{percent} of {len(by_size[effort.many])}, {effort.many:,} admitted, {effort.few:,} beside",
            percentile(by_size[effort.many], percent),
            "ms",
            Better.LOWER,
            percentile(by_size[effort.few], percent),
        )
        for what, by_size in waits.items()
        for percent in (50, 99)
    ]


def _end(ground: Ground) -> None:
    reply = ground.ask(wire.EndVisit(ground.phone.mac))
    assert reply in (wire.Done(), wire.Refused(wire.Refusal.NO_SUCH_VISIT)), reply


def _admission_ms(ground: Ground, pulse: Pulse) -> float:
    assert not pulse.beat(0.02), "the phone gets through before it was admitted"
    ground.introduce()
    request = wire.EnterPassword(ground.address(ground.phone), ground.password())
    with _connected(ground) as gate:
        began_s = now_s()
        gate.sendall(wire.encode(request) + b"\n")
        while not pulse.beat(_BEAT_S):
            assert now_s() < began_s + _PATIENCE_S, f"never admitted: {gate.recv(4096)!r}"
        reply = wire.decode_reply(gate.recv(4096).strip())
    assert isinstance(reply, wire.Status), reply
    return (pulse.first_answered_s - began_s) * 1000


def _revocation_ms(ground: Ground, pulse: Pulse) -> float:
    for _ in range(20):
        pulse.beat(_BEAT_S)
    with _connected(ground) as gate:
        began_s = now_s()
        gate.sendall(wire.encode(wire.EndVisit(ground.phone.mac)) + b"\n")
        while now_s() < max(began_s, pulse.arrived_s) + _SILENCE_S:
            pulse.beat(_BEAT_S)
            assert now_s() < began_s + _PATIENCE_S, "never put out"
        reply = wire.decode_reply(gate.recv(4096).strip())
    assert reply == wire.Done(), reply
    return max(0.0, pulse.arrived_s - began_s) * 1000


def _connected(ground: Ground) -> socket.socket:
    gate = socket.socket(socket.AF_UNIX)
    gate.settimeout(_PATIENCE_S)
    gate.connect(ground.socket_path)
    return gate
