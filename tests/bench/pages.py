"""What an unadmitted phone's probe and the login page cost: requests a second from a phone's own namespace.

Each request is a connection of its own, as phones' probes are. A probe goes to a foreign address, through the real
redirect rule, to the product's nginx; by turns with a bare nginx that does nothing but answer 302 on the gateway's own
address, and (``peer``) with Debian's openNDS. Must not know: who answers.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from pathlib import Path

from tests.bench.effort import Effort
from tests.bench.ground import Ground
from tests.bench.report import Better, Row, compared
from tests.lab.run import run, start
from tests.lab.venue import PORTAL, WEB
from tests.lab.waiting import until

PROBE = f"http://{WEB}/generate_204"
_CLIENTS = 8


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
    """Login pages a second, each of which asks the gate, with the largest crowd and the smallest one's beside."""
    count = max(20, effort.requests // 5)
    rates: dict[int, list[float]] = {}
    for _ in range(min(effort.repetitions, 3)):
        for size in dict.fromkeys((effort.few, effort.many)):
            ground.crowd(size)
            rate = requests_per_s(ground.stranger.namespace, f"http://{PORTAL}/", count, status=200)
            rates.setdefault(size, []).append(rate)
    name = f"pages: login pages, {effort.many:,} admitted, {effort.few:,} beside"
    return [compared(name, rates[effort.many], rates[effort.few], "requests/s", Better.HIGHER)]


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
    found = re.search(pattern, said)
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
