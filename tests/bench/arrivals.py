"""A crowd that arrives at once: each device probes, follows the redirect, asks, reads its SMS, enters, and is online?

Also a program, ``python -m tests.bench.arrivals PLAN``, in the crowd's namespace: one macvlan interface a device, so
that each has a MAC address and an IPv4 address of its own and everything it says passes bridge, neighbour table, nginx,
portal and gate as a phone's words do. Their leases are in dnsmasq's file beforehand; DHCP and DNS are not measured, nor
how long a person reads. Must not know: what the gate does in between.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from ipaddress import IPv4Address
from pathlib import Path
from urllib.parse import urlencode

from tests.bench.crowd import keep_leases, mac_of
from tests.bench.effort import QUICK, Effort
from tests.bench.ground import Ground, now_s
from tests.bench.report import Better, Row, percentile
from tests.lab.namespaces import ip, set_sysctl
from tests.lab.run import program, run
from tests.lab.venue import PORTAL, WEB

_DEVICES, _WITHIN_S = 1_000, 30.0
_MACS, _FIRST = "0a:00:00", IPv4Address("10.77.200.0")
_PATIENCE_S = 20.0
_LOOK_EVERY_S = 0.01
_PASSWORD = re.compile(r"(?<!\d)\d{6}(?!\d)")
_STEPS = ("probe to redirect", "page", "Get password to SMS", "password to first packet")


def measure(ground: Ground, effort: Effort) -> list[Row]:
    """How many are online, and p50 and p99 of each step; nobody else is admitted."""
    count, within_s = (20, 1.0) if effort is QUICK else (_DEVICES, _WITHIN_S)
    ground.crowd(effort.few)
    with _crowd(ground, count) as namespace:
        plan = {"count": count, "within_s": within_s, "sms": str(ground.folder / "sms.jsonl")}
        line = program("tests.bench.arrivals", json.dumps(plan))
        done = run(line, namespace=namespace, timeout_s=within_s + 4 * _PATIENCE_S)
    told = json.loads(done.stdout)
    assert not told["errors"], f"{len(told['errors'])} of {count} are not online: {told['errors'][:5]}"
    about = f"crowd: {count:,} devices within {within_s:g} s"
    rows = [Row(f"{about}, online", float(count - len(told["errors"])), "devices", Better.HIGHER)]
    for step in _STEPS:
        for percent in (50, 99):
            value = percentile(told["ms"][step], percent)
            rows.append(Row(f"{about}, {step}, p{percent}", value, "ms", Better.LOWER))
    return rows


@contextmanager
def _crowd(ground: Ground, count: int) -> Iterator[str]:
    """A namespace with so many devices at one port of the gate's bridge, their leases known to the gate."""
    venue = ground.venue
    venue.processes["dnsmasq-lan"].stop()
    keep_leases(venue.places.state / "leases" / "dnsmasq.leases", _MACS, _FIRST, count)
    venue.restart("dnsmasq-lan")
    namespace = venue.world.add("crowd")
    try:
        venue.world.cable(venue.gate, "crowd0", namespace, "eth0")
        for name, value in (("rp_filter", "0"), ("arp_ignore", "1"), ("arp_announce", "2")):
            set_sysctl(namespace, f"net/ipv4/conf/all/{name}", value)
            set_sysctl(namespace, f"net/ipv4/conf/default/{name}", value)
        set_sysctl(namespace, "net/ipv6/conf/default/disable_ipv6", "1")
        ip(namespace, "link", "set", "eth0", "up")
        ip(venue.gate, "link", "set", "crowd0", "master", "br-lan", "up")
        run(["ip", "-n", namespace, "-batch", "-"], stdin="\n".join(_interfaces(ground, count)), timeout_s=60.0)
        yield namespace
    finally:
        # The bridge's port goes with it, and that is how the gate hears that they have left.
        ip(venue.gate, "link", "delete", "crowd0")


def _interfaces(ground: Ground, count: int) -> Iterator[str]:
    gate = next(word for word in ip(ground.venue.gate, "-br", "link", "show", "dev", "br-lan").split() if ":" in word)
    for number in range(count):
        yield f"link add link eth0 name d{number} address {mac_of(number, _MACS)} type macvlan mode private"
        yield f"address add {_FIRST + number}/16 dev d{number}"
        yield f"link set d{number} up"
        # Theirs are a thousand tables of neighbours; here they are one, which all namespaces of the machine share.
        yield f"neigh replace {PORTAL} lladdr {gate} nud permanent dev d{number}"
        yield f"route add default via {PORTAL} dev d{number} metric {number + 1}"


# ── the devices ─────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class _Reply:
    status: int
    location: str
    body: str


class _Post:
    """The SMS that the SMSC was given, by number."""

    def __init__(self, log: Path) -> None:
        self._log, self._read = log, 0
        self._found: dict[str, asyncio.Future[tuple[str, int]]] = {}

    def expected(self, number: str) -> asyncio.Future[tuple[str, int]]:
        """The password to come, and when it was submitted (UTC milliseconds)."""
        return self._found.setdefault(number, asyncio.get_running_loop().create_future())

    async def collect(self) -> None:
        """Look for new ones until cancelled."""
        while True:
            with self._log.open("rb") as log:
                log.seek(self._read)
                whole, _, _ = log.read().rpartition(b"\n")
            self._read += len(whole) + 1 if whole else 0
            for line in whole.splitlines():
                sms = json.loads(line)
                found = _PASSWORD.search(sms["text"])
                expected = self.expected(f"+{sms['to']}")
                if found and not expected.done():
                    expected.set_result((found[0], sms["utc_ms"]))
            await asyncio.sleep(_LOOK_EVERY_S)


@dataclass(frozen=True)
class _Device:
    number: int
    post: _Post
    ms: dict[str, list[float]]

    async def arrive(self, after_s: float) -> None:
        """The whole way; what it took is noted in ``ms``."""
        await asyncio.sleep(after_s)
        began_s = now_s()
        probed = await self._request(WEB, "connectivitycheck.gstatic.com", "/generate_204")
        self._note("probe to redirect", began_s)
        assert (probed.status, probed.location) == (302, f"http://{PORTAL}/"), probed

        began_s = now_s()
        page = await self._request(PORTAL, PORTAL, "/")
        self._note("page", began_s)
        assert page.status == 200 and 'name="number"' in page.body, page

        subscriber = f"+7705{self.number:07d}"
        asked_ms = time.time_ns() / 1_000_000
        asked = await self._request(PORTAL, PORTAL, "/password", {"number": subscriber})
        assert (asked.status, asked.location) == (303, "/"), asked
        password, submitted_ms = await self.post.expected(subscriber)
        self.ms["Get password to SMS"].append(submitted_ms - asked_ms)
        page = await self._request(PORTAL, PORTAL, "/")  # the window comes back from the SMS
        assert page.status == 200 and 'name="password"' in page.body, page

        began_s = now_s()
        entered = await self._request(PORTAL, PORTAL, "/login", {"password": password})
        assert (entered.status, entered.location) == (303, "/online"), entered
        online = await self._request(WEB, "connectivitycheck.gstatic.com", "/generate_204")
        self._note("password to first packet", began_s)
        assert online.status == 204, online

    def _note(self, step: str, began_s: float) -> None:
        self.ms[step].append((now_s() - began_s) * 1000)

    async def _request(self, address: str, host: str, path: str, form: dict[str, str] | None = None) -> _Reply:
        connection = socket.socket()
        connection.setblocking(False)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, f"d{self.number}".encode())
        connection.bind((str(_FIRST + self.number), 0))
        async with asyncio.timeout(_PATIENCE_S):
            try:
                await asyncio.get_running_loop().sock_connect(connection, (address, 80))
                reader, writer = await asyncio.open_connection(sock=connection)
            except BaseException:
                connection.close()
                raise
            try:
                writer.write(_octets(host, path, form))
                head, _, body = (await reader.read()).partition(b"\r\n\r\n")
            finally:
                writer.close()
        first, *headers = head.decode().split("\r\n")
        said = {name.lower(): value for name, _, value in (line.partition(": ") for line in headers)}
        return _Reply(int(first.split()[1]), said.get("location", ""), body.decode(errors="replace"))


def _octets(host: str, path: str, form: dict[str, str] | None) -> bytes:
    body = urlencode(form) if form else ""
    lines = [
        f"{'POST' if form else 'GET'} {path} HTTP/1.1",
        f"Host: {host}",
        "Connection: close",
        "Accept-Language: kk",
    ]
    if form:
        lines += [f"Origin: http://{host}", "Content-Type: application/x-www-form-urlencoded"]
        lines += [f"Content-Length: {len(body)}"]
    return "\r\n".join([*lines, "", body]).encode()


async def _all(count: int, within_s: float, sms: Path) -> dict[str, object]:
    ms: dict[str, list[float]] = {step: [] for step in _STEPS}
    post = _Post(sms)
    collecting = asyncio.create_task(post.collect())
    devices = [_Device(number, post, ms).arrive(number * within_s / count) for number in range(count)]
    async with asyncio.timeout(within_s + 2 * _PATIENCE_S):
        ended = await asyncio.gather(*devices, return_exceptions=True)
    collecting.cancel()
    return {"ms": ms, "errors": [f"{type(error).__name__}: {error}"[:300] for error in ended if error is not None]}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.arrivals")
    parser.add_argument("plan")
    plan = json.loads(parser.parse_args().plan)
    print(json.dumps(asyncio.run(_all(plan["count"], plan["within_s"], Path(plan["sms"])))))


if __name__ == "__main__":
    main()
