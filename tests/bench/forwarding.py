"""What the data path costs a packet: bulk TCP both ways and 64-byte UDP through the gate, by turns with plain NAT.

The gate's process is frozen while plain NAT is measured, so that its own work by the clock (leases, sync) is counted
against the gate alone. Sender, forwarder and receiver share this machine's processors: the figures are no line rate of
anything, their ratio is what counts. Datagrams are counted as they arrive in the operator's interface: iperf3's own
receiver drops what it has no time for, and that would be measured instead. Must not know: how the gate forwards.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from dataclasses import dataclass

from tests.bench.effort import Effort
from tests.bench.ground import IPV6, Ground, global_ipv6
from tests.bench.report import Better, Row, compared
from tests.lab.run import run, start
from tests.lab.venue import WEB, WEB6
from tests.lab.waiting import until

_PORT = 5201


@dataclass(frozen=True)
class Load:
    """One kind of iperf3 run."""

    name: str
    unit: str
    words: tuple[str, ...]
    moment: tuple[str, ...]
    """How much in a quick pass."""


LOADS = (
    Load("TCP up", "Gbit/s", (), ("-n", "4M")),
    Load("TCP down", "Gbit/s", ("-R",), ("-n", "4M")),
    Load("UDP 64 bytes up", "packets/s", ("-u", "-l", "64", "-b", "0"), ("-n", "64K")),
)


@dataclass(frozen=True)
class Way:
    """From a phone through its gateway to the Internet."""

    phone: str
    operator: str
    interface: str
    """The operator's end of the gateway's cable."""


def measure(ground: Ground, effort: Effort) -> list[Row]:
    """One row a kind of load, family and size of the crowd."""
    rows: list[Row] = []
    operator = ground.venue.operator
    our_way, plain_way = Way(ground.phone.namespace, operator, "isp0"), Way(ground.plain.phone, operator, "isp1")
    with serving(ground):
        for size in effort.crowds:
            ground.crowd(size)
            ground.admit()
            for family, address in _families(ground):
                for load in LOADS:
                    ours, plain = [], []
                    for _ in range(effort.repetitions):
                        ours.append(once(our_way, address, load, effort))
                        with ground.gate_frozen():
                            plain.append(once(plain_way, address, load, effort))
                    name = f"forwarding: {family} {load.name}, {size:,} admitted, plain NAT beside"
                    rows.append(compared(name, ours, plain, load.unit, Better.HIGHER))
    return rows


def _families(ground: Ground) -> Iterator[tuple[str, str]]:
    yield "IPv4", WEB
    if IPV6:
        address = global_ipv6(ground.phone)
        until(lambda: ground.phone.ping(WEB6), f"{address} to be let through", 20.0)
        assert ground.phone.tcp_echo(WEB6), f"{address} gets no TCP through"
        yield "IPv6", WEB6


@contextlib.contextmanager
def serving(ground: Ground) -> Iterator[None]:
    """iperf3 listens on the Internet."""
    with contextlib.ExitStack() as stack:
        # Bound, one for each address: an unbound one answers datagrams from the address of its nearest interface.
        for address in (WEB, WEB6):
            line = ["iperf3", "--server", "--port", str(_PORT), "--bind", address]
            log = ground.folder / "log" / "iperf3.log"
            stack.enter_context(start(line, name="iperf3", log=log, namespace=ground.venue.operator))
        listening = ["ss", "--no-header", "-ltn", f"sport = :{_PORT}"]
        until(
            lambda: run(listening, namespace=ground.venue.operator).stdout.count("LISTEN") == 2,
            "iperf3 to listen",
            10.0,
        )
        yield


def once(way: Way, address: str, load: Load, effort: Effort) -> float:
    """What arrived, in the load's unit."""
    amount = load.moment if effort.flow_s is None else ("-t", str(effort.flow_s))
    line = ["iperf3", "--json", "--client", address, "--port", str(_PORT), *load.words, *amount]
    before = _received(way)
    done = run(line, namespace=way.phone, timeout_s=30.0 + (effort.flow_s or 0))
    end = json.loads(done.stdout)["end"]
    if load.unit == "packets/s":
        return (_received(way) - before) / float(end["sum"]["seconds"])
    return float(end["sum_received"]["bits_per_second"]) / 1e9


def _received(way: Way) -> int:
    """Packets that the operator's interface has received since it exists."""
    shown = json.loads(run(["ip", "-n", way.operator, "-s", "-j", "link", "show", "dev", way.interface]).stdout)
    return int(shown[0]["stats64"]["rx"]["packets"])
