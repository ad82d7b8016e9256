"""What a modest phone has of a full line beside two greedy ones, and what sharing costs a packet.

Three phones behind the plain gateway fetch by 20, 4 and 1 connections; with a class for each, by turns with one queue
for all. Then bulk traffic of one phone with classes and a line that is never full, by turns with plain NAT alone. Must
not know: how the line is shared.
"""

from __future__ import annotations

import ipaddress
import json
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

from firewall.rates import Rates
from firewall.settings import Settings
from firewall.shaping import Shaping
from tests.bench import forwarding
from tests.bench.effort import Effort
from tests.bench.ground import PHONE, Ground
from tests.bench.report import Better, Row, compared
from tests.lab.entering import inside
from tests.lab.namespaces import give_address, ip
from tests.lab.run import run, start
from tests.lab.venue import PORTAL, WEB
from tests.lab.waiting import until

_PHONES = tuple(ipaddress.IPv4Address(PHONE) + number for number in range(3))
_CONNECTIONS = (20, 4, 1)
_FIRST_PORT = 5211
_LINE_KBIT = 20_000
_WIDE_KBIT = 10_000_000


def measure(ground: Ground, effort: Effort) -> list[Row]:
    """Jain's index (1: all have the same), the modest one's part of its third, and the cost of forwarding."""
    gate = ground.plain.gate
    phones = [ground.plain.phone, *(_lay_phone(ground, number) for number in (1, 2))]
    found: dict[str, list[list[float]]] = {"shares": [], "queue": []}
    with ExitStack() as stack:
        _serve(ground, stack)
        for _ in range(min(effort.repetitions, 5)):
            for how, measured in found.items():
                _share(gate, how, _LINE_KBIT)
                measured.append(_fetched(phones, effort))
    indices = {how: [_jain(rates) for rates in measured] for how, measured in found.items()}
    thirds = {how: [3 * rates[-1] / sum(rates) for rates in measured] for how, measured in found.items()}
    beside = "20 and 4 connections beside; one queue for all beside"
    rows = [
        compared(f"fairness: Jain's index, {beside}", indices["shares"], indices["queue"], "", Better.HIGHER),
        compared(f"fairness: part of its third, {beside}", thirds["shares"], thirds["queue"], "", Better.HIGHER),
    ]
    way = forwarding.Way(ground.plain.phone, ground.venue.operator, "isp1")
    with forwarding.serving(ground):
        for load in forwarding.LOADS:
            ours, plain = [], []
            for _ in range(effort.repetitions):
                _share(gate, "shares", _WIDE_KBIT)
                ours.append(forwarding.once(way, WEB, load, effort))
                _share(gate, "off", 0)
                plain.append(forwarding.once(way, WEB, load, effort))
            name = f"fairness: IPv4 {load.name}, NAT with shares of 10 Gbit/s, NAT alone beside"
            rows.append(compared(name, ours, plain, load.unit, Better.HIGHER))
    return rows


def _lay_phone(ground: Ground, number: int) -> str:
    gate, phone = ground.plain.gate, ground.venue.world.add(f"phone{number}")
    ground.venue.world.cable(gate, f"port{number + 1}", phone, "eth0")
    ip(gate, "link", "set", f"port{number + 1}", "master", "br-lan", "up")
    give_address(phone, "eth0", f"{_PHONES[number]}/16")
    ip(phone, "route", "add", "default", "via", PORTAL)
    return phone


def _share(gate: str, how: str, kbit: int) -> None:
    """``shares``: each phone has its class; ``queue``: the line alone, all in one queue; ``off``."""
    # Caps as high as the line: by devices, whether the kernel has CAKE or not.
    rates = Rates() if how == "off" else Rates(*[kbit] * 4)
    with inside(gate):
        shaping = Shaping(Settings("br-lan", ipaddress.IPv4Interface(f"{PORTAL}/16"), "wan0", rates=rates))
        shaping.setup()
        shaping.sync({str(phone): {phone} for phone in _PHONES} if how == "shares" else {})


def _serve(ground: Ground, stack: ExitStack) -> None:
    operator = ground.venue.operator
    for port in range(_FIRST_PORT, _FIRST_PORT + len(_CONNECTIONS)):
        line = ["iperf3", "--server", "--port", str(port), "--bind", WEB]
        log = ground.folder / "log" / f"iperf3-{port}.log"
        stack.enter_context(start(line, name="iperf3", log=log, namespace=operator))
    listening = ["ss", "--no-header", "-ltn", f"sport >= :{_FIRST_PORT} and sport < :{_FIRST_PORT + 3}"]
    until(lambda: run(listening, namespace=operator).stdout.count("LISTEN") == 3, "three iperf3 to listen", 10.0)


def _fetched(phones: list[str], effort: Effort) -> list[float]:
    """Bits a second of each phone, all at once."""
    seconds = str(1 if effort.flow_s is None else 4 * effort.flow_s)

    def fetch(number: int) -> float:
        line = ["iperf3", "--json", "--client", WEB, "--port", str(_FIRST_PORT + number), "-R", "-t", seconds]
        done = run([*line, "-P", str(_CONNECTIONS[number])], namespace=phones[number], timeout_s=60.0)
        return float(json.loads(done.stdout)["end"]["sum_received"]["bits_per_second"])

    with ThreadPoolExecutor(len(phones)) as pool:
        return list(pool.map(fetch, range(len(phones))))


def _jain(rates: list[float]) -> float:
    return sum(rates) ** 2 / (len(rates) * sum(rate * rate for rate in rates))
