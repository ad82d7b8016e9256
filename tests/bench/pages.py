"""What an unadmitted phone's probe and the login page cost: requests a second from a phone's own namespace.

Each request is a connection of its own, as phones' probes are. A probe goes to a foreign address, through the real
redirect rule, to the product's nginx; by turns with a bare nginx that does nothing but answer 302 on the gateway's own
address, and (``peer``) with Debian's openNDS. Must not know: who answers.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.bench.effort import Effort
from tests.bench.ground import Ground, now_s
from tests.bench.report import Better, Row, compared
from tests.bench.stages import Stages
from tests.lab.run import run, start
from tests.lab.venue import PORTAL, WEB
from tests.lab.waiting import until

PROBE = f"http://{WEB}/generate_204"
_CLIENTS = 8
_CONNECTIONS = 64
"""For login pages, all phones together; nginx lets one have so many."""


def redirects(ground: Ground, effort: Effort) -> list[Row]:
    """Probe redirects a second beside a bare nginx."""
    ground.crowd(effort.many)
    ours, bare = [], []
    with _bare_nginx(ground.plain.gate, ground.folder):
        for _ in range(min(effort.repetitions, 5)):
            ours.append(requests_per_s(ground.stranger.namespace, PROBE, effort.requests, status=302))
            bare.append(requests_per_s(ground.plain.phone, f"http://{PORTAL}/", effort.requests, status=302))
    return [compared("pages: probe redirects, bare nginx beside", ours, bare, "requests/s", Better.HIGHER)]


def logins(ground: Ground, effort: Effort) -> list[Row]:
    """Login pages a second, each of which asks the gate, with the largest crowd and the smallest one's beside; and the
    processor time that each stage takes for one, which other work on the machine changes less."""
    count = max(20, effort.requests)
    rates: dict[int, list[float]] = {}
    slowest: dict[int, list[float]] = {}
    spent: dict[int, list[Stages]] = {}
    for _ in range(min(effort.repetitions, 3)):
        for size in dict.fromkeys((effort.few, effort.many)):
            ground.crowd(size)
            _pages(ground, _CONNECTIONS)  # each of the portal's processes has loaded its templates
            before = Stages.now(ground.venue)
            rate, p99_ms = _pages(ground, count)
            spent.setdefault(size, []).append((Stages.now(ground.venue) - before) / count)
            rates.setdefault(size, []).append(rate)
            slowest.setdefault(size, []).append(p99_ms)
    about = f"{_CONNECTIONS} connections, {effort.many:,} admitted, {effort.few:,} beside"
    rows = [
        compared(f"pages: login pages, {about}", rates[effort.many], rates[effort.few], "requests/s", Better.HIGHER),
        compared(f"pages: login pages p99, {about}", slowest[effort.many], slowest[effort.few], "ms", Better.LOWER),
    ]
    for stage in ("nginx", "portal", "gate"):
        many, few = ([getattr(each, f"{stage}_s") * 1e6 for each in spent[size]] for size in (effort.many, effort.few))
        rows.append(compared(f"pages: processor time a page, {stage}", many, few, "µs", Better.LOWER))
    return rows


def _pages(ground: Ground, count: int) -> tuple[float, float]:
    """Login pages a second by all strangers together, and the slower one's p99 in milliseconds."""
    phones = ground.strangers
    with ThreadPoolExecutor(len(phones)) as pool:
        began_s = now_s()
        asked = [
            pool.submit(_ab, phone.namespace, f"http://{PORTAL}/", count // len(phones), _CONNECTIONS // len(phones))
            for phone in phones
        ]
        said = [one.result() for one in asked]
        seconds = now_s() - began_s
    for answer in said:
        assert _found(r"Failed requests: +(\d+)", answer) == _found(r"Non-2xx responses: +(\d+)", answer) == 0, answer
    return count // len(phones) * len(phones) / seconds, max(_found(r"^ +99% +(\d+)", answer) for answer in said)


def _ab(namespace: str, url: str, count: int, connections: int) -> str:
    # -l: a page may differ in length from the one before it.
    line = ["ab", "-q", "-l", "-n", str(count), "-c", str(min(connections, count)), url]
    return run(line, namespace=namespace, timeout_s=60.0).stdout


def requests_per_s(namespace: str, url: str, count: int, *, status: int, timeout_s: float = 60.0) -> float:
    """``count`` requests by ab, each a connection; what answers must answer with this status."""
    # -l: a page may differ in length from the one before it.
    line = ["ab", "-q", "-l", "-n", str(count), "-c", str(_CLIENTS), url]
    answered = run(["curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", url], namespace=namespace).stdout
    assert answered == str(status), f"{url} answers {answered}, not {status}"
    said = run(line, namespace=namespace, timeout_s=timeout_s).stdout
    assert _found(r"Complete requests: +(\d+)", said) == count and _found(r"Failed requests: +(\d+)", said) == 0, said
    assert _found(r"Non-2xx responses: +(\d+)", said) == (0 if status < 300 else count), said
    return _found(r"Requests per second: +([\d.]+)", said)


def _found(pattern: str, said: str) -> float:
    found = re.search(pattern, said, re.MULTILINE)
    return float(found[1]) if found else 0.0


_BARE = """user www-data;
worker_processes auto;
daemon off;
pid {folder}/bare.pid;
error_log stderr warn;
events {{ worker_connections 4096; }}
http {{
    access_log off;
    server {{ listen {address}:80; keepalive_timeout 0; location / {{ return 302 http://{address}/; }} }}
}}
"""


@contextlib.contextmanager
def _bare_nginx(gate: str, folder: Path) -> Iterator[None]:
    config = folder / "bare.conf"
    config.write_text(_BARE.format(folder=folder, address=PORTAL))
    line = ["nginx", "-c", str(config), "-e", "stderr"]
    with start(line, name="bare nginx", log=folder / "log" / "bare.log", namespace=gate) as nginx:
        asked = ["curl", "-s", "-o", "/dev/null", f"http://{PORTAL}/"]
        until(lambda: run(asked, namespace=gate, check=False).code == 0, "the bare nginx to answer", 10.0)
        yield
        assert nginx.alive, nginx.output()
