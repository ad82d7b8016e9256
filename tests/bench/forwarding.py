"""What the data path costs a packet: bulk TCP both ways and 64-byte UDP through the gate, by turns with plain NAT.

The gate's process is frozen while plain NAT is measured, so that its own work by the clock (leases, sync) is counted
against the gate alone. Sender, forwarder and receiver share this machine's processors: the figures are no line rate of
anything, their ratio is what counts. Must not know: how the gate forwards.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from tests.bench.effort import Effort
from tests.bench.ground import IPV6, Ground, global_ipv6
from tests.bench.report import Better, Row, compared
from tests.lab.run import run, start
from tests.lab.venue import WEB, WEB6
from tests.lab.waiting import until

_PORT = 5201


@dataclass(frozen=True)
class _Load:
    """One kind of iperf3 run."""

    name: str
    unit: str
    words: tuple[str, ...]
    moment: tuple[str, ...]
    """How much in a quick pass."""
    rate: Callable[[dict[str, dict[str, float]]], float]


def _gbits_per_s(end: dict[str, dict[str, float]]) -> float:
    return end["sum_received"]["bits_per_second"] / 1e9


def _packets_per_s(end: dict[str, dict[str, float]]) -> float:
    arrived = end["sum"]["packets"] - end["sum"]["lost_packets"]
    return arrived / end["sum"]["seconds"]


_LOADS = (
    _Load("TCP up", "Gbit/s", (), ("-n", "4M"), _gbits_per_s),
    _Load("TCP down", "Gbit/s", ("-R",), ("-n", "4M"), _gbits_per_s),
    _Load("UDP 64 bytes up", "packets/s", ("-u", "-l", "64", "-b", "0"), ("-k", "500"), _packets_per_s),
)


def measure(ground: Ground, effort: Effort) -> list[Row]:
    """One row a kind of load, family and size of the crowd."""
    rows: list[Row] = []
    with _server(ground):
        for size in effort.crowds:
            ground.crowd(size)
            ground.admit()
            for family, address in _families(ground):
                for load in _LOADS:
                    ours, plain = [], []
                    for _ in range(effort.repetitions):
                        ours.append(_once(ground.phone.namespace, address, load, effort))
                        with ground.gate_frozen():
                            plain.append(_once(ground.plain.phone, address, load, effort))
                    name = f"forwarding: {family} {load.name}, {size:,} admitted, plain NAT beside"
                    rows.append(compared(name, ours, plain, load.unit, Better.HIGHER))
    return rows


def _families(ground: Ground) -> Iterator[tuple[str, str]]:
    yield "IPv4", WEB
    if IPV6:
        address = global_ipv6(ground.phone)
        until(lambda: ground.phone.tcp_echo(WEB6), f"{address} to be let through", 20.0)
        yield "IPv6", WEB6


@contextlib.contextmanager
def _server(ground: Ground) -> Iterator[None]:
    operator = ground.venue.operator
    line = ["iperf3", "--server", "--port", str(_PORT)]
    with start(line, name="iperf3", log=ground.folder / "log" / "iperf3.log", namespace=operator):
        listening = ["ss", "--no-header", "-ltn", f"sport = :{_PORT}"]
        until(lambda: run(listening, namespace=operator).stdout, "iperf3 to listen", 10.0)
        yield


def _once(namespace: str, address: str, load: _Load, effort: Effort) -> float:
    amount = load.moment if effort.flow_s is None else ("-t", str(effort.flow_s))
    line = ["iperf3", "--json", "--client", address, "--port", str(_PORT), *load.words, *amount]
    done = run(line, namespace=namespace, timeout_s=30.0 + (effort.flow_s or 0))
    return load.rate(json.loads(done.stdout)["end"])
