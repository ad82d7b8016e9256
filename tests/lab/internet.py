"""The operator's Internet: web servers that answer probes truthfully, echo servers, an upstream DNS server.

    with Internet.start("qq-operator", ["203.0.113.10", "2001:db8::10"], "203.0.113.53", folder) as internet:
        ...
        assert internet.arrivals() == []      # nothing whatever came through

Whatever arrives is written down before it is answered, one JSON line each, so that a test can prove that nothing did.
The first half is the handle that the lab holds, the second the program that runs in the namespace. No TLS: nobody here
can hold a certificate for Apple's names. Must not know: the gateway.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import re
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Self, cast

import msgspec

from tests.lab import hosts
from tests.lab.run import Process, command_line, program, start

ECHO_PORTS = (7, 443, 853, 4242)
"""TCP and UDP ports that send back whatever comes: echo, and foreign ports that a gate must hold shut."""

_MAX_HEAD_BYTES = 16 * 1024
_HTTP_PATIENCE_S = 10.0


class Arrival(msgspec.Struct, frozen=True):
    """Something that reached the Internet."""

    at_s: float
    """CLOCK_MONOTONIC of this machine, seconds; the same in all namespaces."""
    service: str
    """``http``, ``echo`` or ``dns``."""
    proto: str
    """``tcp`` or ``udp``; of a DNS query dnsmasq does not say: ``any``."""
    address: str
    """Where it arrived, and ``port``."""
    port: int
    source: str
    """Who sent it, as seen here (behind NAT the gateway), and ``source_port`` (0 unknown)."""
    source_port: int
    bytes: int
    """Payload; 0 for a TCP connection as it opens."""
    detail: str = ""
    """The request line with its host, or the DNS question."""


class Internet:
    """The handle of a running Internet. Made by ``start``; as a context it stops at the end."""

    def __init__(self, process: Process, log: Path) -> None:
        self.process, self._log = process, log

    @classmethod
    def start(
        cls,
        namespace: str,
        addresses: Sequence[str],
        dns_address: str,
        folder: Path,
        echo_ports: Sequence[int] = ECHO_PORTS,
    ) -> Self:
        """Start it in a namespace that has these addresses already, and wait until all of it answers.

        Args:
            folder: keeps ``internet.log`` and ``arrivals.jsonl`` (started anew).

        Raises:
            CommandFailed, CommandTooLong: it did not come up; the text holds its log.
        """
        folder.mkdir(parents=True, exist_ok=True)
        log = folder / "arrivals.jsonl"
        log.write_bytes(b"")
        arguments = [f"--address={address}" for address in addresses]
        arguments += [f"--echo-port={port}" for port in echo_ports]
        argv = program("tests.lab.internet", *arguments, f"--dns-address={dns_address}", f"--log={log}")
        process = start(argv, name="internet", log=folder / "internet.log", namespace=namespace)
        try:
            process.wait_for_line("ready")
        except BaseException:
            process.stop()
            raise
        return cls(process, log)

    def arrivals(self, service: str | None = None) -> list[Arrival]:
        """What has arrived so far, oldest first; of one service, or of all."""
        # The last line may be half written.
        whole = self._log.read_bytes().rpartition(b"\n")[0]
        found = [msgspec.json.decode(line, type=Arrival) for line in whole.splitlines()]
        return [arrival for arrival in found if service in (None, arrival.service)]

    def stop(self) -> None:
        self.process.stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


class _Book:
    """Writes arrivals down."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("ab", buffering=0)

    def note(
        self, service: str, proto: str, here: Sequence[object], there: Sequence[object], *, size: int, detail: str = ""
    ) -> None:
        # asyncio gives socket names as (address, port, …)
        arrival = Arrival(
            time.monotonic(),
            service,
            proto,
            address=str(here[0]),
            port=int(str(here[1])),
            source=str(there[0]),
            source_port=int(str(there[1])),
            bytes=size,
            detail=detail,
        )
        self._file.write(msgspec.json.encode(arrival) + b"\n")


class _UdpEcho(asyncio.DatagramProtocol):
    def __init__(self, book: _Book) -> None:
        self._book = book

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # asyncio's own datagram transport is no subclass of the documented class.
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[object, ...]) -> None:
        here = self._transport.get_extra_info("sockname")
        self._book.note("echo", "udp", here, addr, size=len(data))
        self._transport.sendto(data, addr)


class _TcpServers:
    def __init__(self, book: _Book) -> None:
        self._book = book

    async def echo(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        here, there = writer.get_extra_info("sockname"), writer.get_extra_info("peername")
        with contextlib.suppress(OSError):  # the visitor is free to vanish
            self._book.note("echo", "tcp", here, there, size=0)
            while data := await reader.read(65536):
                self._book.note("echo", "tcp", here, there, size=len(data))
                writer.write(data)
                await writer.drain()
        writer.close()

    async def http(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        here, there = writer.get_extra_info("sockname"), writer.get_extra_info("peername")
        with contextlib.suppress(OSError):
            self._book.note("http", "tcp", here, there, size=0)
            try:
                async with asyncio.timeout(_HTTP_PATIENCE_S):
                    head = await reader.readuntil(b"\r\n\r\n")
            except (TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
                writer.close()
                return
            lines = head.decode("latin-1").split("\r\n")
            names = [line.partition(":")[2].strip() for line in lines if line.lower().startswith("host:")]
            host = re.sub(r":\d+$", "", names[0]) if names else ""
            self._book.note("http", "tcp", here, there, size=len(head), detail=f"{host} {lines[0]}")
            writer.write(_http_reply(lines[0], host))
            await writer.drain()
        writer.close()


def _http_reply(request_line: str, host: str) -> bytes:
    match request_line.split(" "):
        case ["GET" | "HEAD" | "POST" as method, target, "HTTP/1.0" | "HTTP/1.1"]:
            answer = hosts.answer(host, target.partition("?")[0])
        case _:
            method, answer = "GET", hosts.Answer(400, "<!doctype html><title>Bad Request</title>")
    body = answer.body.encode()
    head = [f"HTTP/1.1 {answer.status} -", "Connection: close"]
    if answer.status != 204:
        head += [f"Content-Type: {answer.type}", f"Content-Length: {len(body)}"]
    head += [f"{name}: {value}" for name, value in answer.headers.items()]
    return "\r\n".join([*head, "", ""]).encode() + (b"" if method == "HEAD" else body)


_QUERY = re.compile(rb"query\[(\w+)\] (\S+) from (\S+)")


async def _start_dns(dns_address: str, addresses: Sequence[str]) -> asyncio.subprocess.Process:
    """dnsmasq as a real upstream server: the lab's names, and NXDOMAIN for all others."""
    names = {**hosts.addresses_of(addresses), **hosts.FIXED}
    line = ["dnsmasq", "--keep-in-foreground", "--conf-file=/dev/null", "--no-resolv", "--no-hosts", "--pid-file="]
    line += ["--bind-interfaces", f"--listen-address={dns_address}", "--user=root", "--group=root"]
    line += ["--log-queries", "--log-facility=-", "--address=/#/", "--local-ttl=60"]
    line += [f"--host-record={','.join([name, *where])}" for name, where in names.items()]
    # --user=root: a program that changes its user is no longer tied to our life.
    return await asyncio.create_subprocess_exec(*command_line(line), stderr=asyncio.subprocess.PIPE)


async def _follow_dns(book: _Book, child: asyncio.subprocess.Process, dns_address: str, started: asyncio.Event) -> None:
    """Note the questions that dnsmasq tells of, until it ends."""
    assert child.stderr is not None
    while said := await child.stderr.readline():
        if query := _QUERY.search(said):
            kind, name, source = (group.decode(errors="replace") for group in query.groups())
            if (kind, name) == ("NS", "."):
                continue  # the gate itself asks whether anybody is there; without a name it carries nothing out
            book.note("dns", "any", (dns_address, 53), (source, 0), size=0, detail=f"{kind} {name}")
            continue
        sys.stderr.buffer.write(said)
        sys.stderr.flush()
        if b": started," in said:
            started.set()


async def _serve(addresses: Sequence[str], echo_ports: Sequence[int], dns_address: str, book: _Book) -> int:
    """Serve until TERM; the exit code is 1 if the DNS server ended first."""
    loop = asyncio.get_running_loop()
    told_to_stop, dns_started = asyncio.Event(), asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, told_to_stop.set)
    servers = _TcpServers(book)
    for address in addresses:
        await asyncio.start_server(servers.http, address, 80, backlog=1024, limit=_MAX_HEAD_BYTES)
        for port in echo_ports:
            await asyncio.start_server(servers.echo, address, port, backlog=1024)
            await loop.create_datagram_endpoint(lambda: _UdpEcho(book), local_addr=(address, port))
    child = await _start_dns(dns_address, addresses)
    dns_end = asyncio.create_task(_follow_dns(book, child, dns_address, dns_started))
    ready, stop = asyncio.create_task(dns_started.wait()), asyncio.create_task(told_to_stop.wait())
    await asyncio.wait({ready, stop, dns_end}, return_when=asyncio.FIRST_COMPLETED)
    if ready.done():
        print("ready", flush=True)
    await asyncio.wait({stop, dns_end}, return_when=asyncio.FIRST_COMPLETED)
    if dns_end.done():
        print("internet: the DNS server ended; is port 53 free and its address on an interface?", file=sys.stderr)
        return 1
    child.terminate()
    await child.wait()
    return 0


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.lab.internet", description="The operator's Internet.")
    parser.add_argument("--address", action="append", required=True, help="serve HTTP and echo here; may be repeated")
    parser.add_argument("--echo-port", action="append", type=int, required=True, help="TCP and UDP; may be repeated")
    parser.add_argument("--dns-address", required=True)
    parser.add_argument("--log", type=Path, required=True, help="arrivals as JSON lines, appended")
    given = parser.parse_args()
    book = _Book(given.log)
    sys.exit(asyncio.run(_serve(given.address, given.echo_port, given.dns_address, book)))


if __name__ == "__main__":
    main()
