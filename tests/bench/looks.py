"""How many requests the gate's socket answers, and how long the slowest client waits.

Also a program, ``python -m tests.bench.looks SOCKET IP --clients 16 --looks 300``: clients as processes of their own,
each asking as the portal does, over a connection of its own. Must not know: what a Look costs the gate.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
from collections.abc import Sequence
from multiprocessing.synchronize import Barrier

from appliance import wire
from appliance.client import StandingClient
from tests.bench.effort import Effort
from tests.bench.ground import Ground, now_s
from tests.bench.report import Better, Row, compared, percentile
from tests.lab.run import program, run


def measure(ground: Ground, effort: Effort) -> list[Row]:
    """Looks a second and p99 with the largest crowd, the smallest one's beside them."""
    rates: dict[int, list[float]] = {}
    waits: dict[int, list[float]] = {}
    for _ in range(min(effort.repetitions, 3)):
        for size in dict.fromkeys((effort.few, effort.many)):
            ground.crowd(size)
            ground.admit()
            arguments = ["--clients", str(effort.clients), "--looks", str(effort.looks)]
            line = program("tests.bench.looks", ground.socket_path, ground.address(ground.phone), *arguments)
            seconds, waited_ms = json.loads(run(line, timeout_s=120.0).stdout)
            rates.setdefault(size, []).append(effort.clients * effort.looks / seconds)
            waits.setdefault(size, []).extend(waited_ms)
    about = f"{effort.clients} clients, {effort.many:,} admitted, {effort.few:,} beside"
    slowest = [percentile(waits[size], 99) for size in (effort.many, effort.few)]
    return [
        compared(f"wire: Look, {about}", rates[effort.many], rates[effort.few], "requests/s", Better.HIGHER),
        Row(f"wire: Look p99, {about}", slowest[0], "ms", Better.LOWER, slowest[1]),
    ]


def _ask(
    socket_path: str, address: str, count: int, together: Barrier, results: multiprocessing.SimpleQueue[object]
) -> None:
    client, waited_ms = StandingClient(socket_path), []
    together.wait()
    began_s = now_s()
    for _ in range(count):
        asked_s = now_s()
        reply = client.ask(wire.Look(address))
        waited_ms.append((now_s() - asked_s) * 1000)
        assert isinstance(reply, wire.Status), reply
    results.put((began_s, now_s(), waited_ms))


def _together(socket_path: str, address: str, clients: int, count: int) -> tuple[float, Sequence[float]]:
    """Seconds from the first question to the last answer, and each wait in milliseconds."""
    processes = multiprocessing.get_context("fork")
    results: multiprocessing.SimpleQueue[tuple[float, float, list[float]]] = processes.SimpleQueue()
    arguments = (socket_path, address, count, processes.Barrier(clients), results)
    for _ in range(clients):
        processes.Process(target=_ask, args=arguments, daemon=True).start()
    found = [results.get() for _ in range(clients)]
    seconds = max(end for _, end, _ in found) - min(begin for begin, _, _ in found)
    return seconds, [wait for _, _, waits in found for wait in waits]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.looks")
    parser.add_argument("socket")
    parser.add_argument("ip")
    parser.add_argument("--clients", type=int, default=16)
    parser.add_argument("--looks", type=int, default=300)
    given = parser.parse_args()
    print(json.dumps(_together(given.socket, given.ip, given.clients, given.looks)))


if __name__ == "__main__":
    main()
