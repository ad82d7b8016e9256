"""What an attacker runs on a phone: forged frames, DNS to whatever server, raw HTTP, a look for open ports.

    python -m tests.system.attacker dns 198.51.100.53 10.77.0.1
    python -m tests.system.attacker frame --source-ip 10.77.3.4 --source-mac 02:… --gate-mac 02:… 198.51.100.10 4242 61

Each prints what came back, one line each. ``serve`` and ``proxy`` are the other side: services that somebody put on the
gate. Must not know: whether an attack should succeed.
"""

from __future__ import annotations

import argparse
import concurrent.futures
import contextlib
import os
import random
import selectors
import socket
import struct
import sys
import threading
import time

TYPES = {"A": 1, "CNAME": 5, "NULL": 10, "MX": 15, "TXT": 16, "AAAA": 28, "SRV": 33, "ANY": 255}
_PATIENCE_S = float(os.environ.get("ATTACKER_PATIENCE_S", "0.4"))
"""How long an answer is waited for. Short where nothing may come; long where the attack must succeed."""
_ANSWERS_S, _SILENT_S = 20.0, 1.0
"""Patience with a server that always answers, and with what it may say after its first words."""


def _say(what: object) -> None:
    # One write a line: several threads have something to say.
    sys.stdout.write(f"{what}\n")
    sys.stdout.flush()


# ── DNS ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _question(number: int, name: str, kind: int) -> bytes:
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split("."))
    return struct.pack(">HHHHHH", number, 0x0100, 1, 0, 0, 0) + labels + b"\0" + struct.pack(">HH", kind, 1)


def _told(answer: bytes, question: bytes) -> str:
    """rcode, and the answer section: an A record's address, anything else in hexadecimal."""
    _, flags, _, count, _, _ = struct.unpack(">HHHHHH", answer[:12])
    section = answer[len(question) :]
    if count and section[2:4] == b"\0\x01":
        return f"rcode {flags & 15} A {socket.inet_ntoa(section[12:16])}"
    return f"rcode {flags & 15} {f'data {section.hex()}' if count else 'empty'}"


def dns(server: str, proto: str, questions: list[bytes]) -> None:
    """Ask all of it at once; print what is answered within the patience."""
    family = socket.AF_INET6 if ":" in server else socket.AF_INET
    kind = socket.SOCK_DGRAM if proto == "udp" else socket.SOCK_STREAM
    with socket.socket(family, kind) as asking:
        asking.settimeout(_PATIENCE_S)
        asking.connect((server, 53))
        by_number = {question[:2]: question for question in questions}
        for question in questions:
            asking.sendall(question if proto == "udp" else struct.pack(">H", len(question)) + question)
        left = b""
        with contextlib.suppress(TimeoutError):
            for _ in questions:
                if proto == "udp":
                    answer = asking.recv(4096)
                else:
                    while len(left) < 2 or len(left) < 2 + struct.unpack(">H", left[:2])[0]:
                        piece = asking.recv(4096)
                        if not piece:
                            return
                        left += piece
                    size = 2 + struct.unpack(">H", left[:2])[0]
                    answer, left = left[2:size], left[size:]
                _say(_told(answer, by_number[answer[:2]]))


def tunnel(count: int) -> list[bytes]:
    """Questions as a DNS tunnel asks them: long names that are data, of the types that carry most back."""
    chance = random.Random(7)
    kinds = [TYPES[name] for name in ("TXT", "NULL", "MX", "CNAME", "SRV", "ANY", "A", "AAAA")]
    data = [".".join(f"{chance.getrandbits(200):050x}" for _ in range(4)) for _ in range(count)]
    return [_question(n, f"{name}.t.example.org", kinds[n % len(kinds)]) for n, name in enumerate(data)]


# ── frames, ports, raw HTTP ─────────────────────────────────────────────────────────────────────────────────────────


def frame(source: tuple[str, str], gate_mac: str, address: str, port: int, size: int) -> None:
    """A UDP datagram of ``size`` bytes with the sender's addresses as given, three times.

    Args:
        source: IP and MAC address.
    """
    source_ip, source_mac = source
    payload = struct.pack(">HHHH", 40000, port, 8 + size, 0) + bytes(size)  # checksum 0: none (RFC 768)
    ends = socket.inet_aton(source_ip) + socket.inet_aton(address)

    def header(checksum: int) -> bytes:
        return struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(payload), 1, 0, 64, socket.IPPROTO_UDP, checksum) + ends

    total = sum(struct.unpack(">10H", header(0)))
    total = (total & 0xFFFF) + (total >> 16)
    made = bytes.fromhex((gate_mac + source_mac).replace(":", "")) + b"\x08\x00" + header(~total & 0xFFFF) + payload
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as wire:
        wire.bind(("eth0", 0))
        for _ in range(3):
            wire.send(made)


def announce(address: str) -> None:
    """An ARP announcement (RFC 5227 3): everybody hears that the address is this device's."""
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as wire:
        wire.bind(("eth0", 0))
        own: bytes = wire.getsockname()[4]
        claim = own + socket.inet_aton(address)
        kind = struct.pack(">HHBBH", 1, 0x0800, 6, 4, 1)
        wire.send(b"\xff" * 6 + own + b"\x08\x06" + kind + claim + bytes(6) + socket.inet_aton(address))


def ports(address: str, wanted: list[int]) -> None:
    """Which TCP ports accept a connection."""
    with selectors.DefaultSelector() as waiting, contextlib.ExitStack() as stack:
        for port in wanted:
            attempt = stack.enter_context(socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET))
            attempt.setblocking(False)
            attempt.connect_ex((address, port))
            waiting.register(attempt, selectors.EVENT_WRITE, port)
        deadline = time.monotonic() + _PATIENCE_S
        over = False
        while waiting.get_map() and not over:
            over = time.monotonic() >= deadline  # then one more look: what came while we were not run has come in time
            for key, _ in waiting.select(0.05):
                waiting.unregister(key.fileobj)
                assert isinstance(key.fileobj, socket.socket)
                if key.fileobj.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == 0:
                    _say(key.data)


def raw(address: str, port: int) -> None:
    """Send standard input, print what comes back until the other side closes or is silent."""
    with socket.create_connection((address, port), _ANSWERS_S) as connection:
        connection.sendall(sys.stdin.buffer.read())
        with contextlib.suppress(TimeoutError):
            for piece in iter(lambda: connection.recv(65536), b""):
                sys.stdout.buffer.write(piece)
                connection.settimeout(_SILENT_S)


# ── the other side ──────────────────────────────────────────────────────────────────────────────────────────────────


def serve(port: int) -> None:
    """An echo service on every address of this machine, TCP and UDP, that nobody meant for visitors."""
    listener = socket.create_server(("::", port), family=socket.AF_INET6, dualstack_ipv6=True)
    datagrams = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    datagrams.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    datagrams.bind(("::", port))

    def echo_datagrams() -> None:
        while True:
            data, sender = datagrams.recvfrom(4096)
            datagrams.sendto(data, sender)

    threading.Thread(target=echo_datagrams, daemon=True).start()
    print("ready", flush=True)
    while True:
        connection, _ = listener.accept()
        with connection:
            connection.sendall(connection.recv(4096))


def proxy(port: int) -> None:
    """A forward proxy of the simplest kind, for one request a connection."""
    listener = socket.create_server(("0.0.0.0", port))
    print("ready", flush=True)
    while True:
        connection, _ = listener.accept()
        with connection, contextlib.suppress(OSError, IndexError, ValueError):
            head = connection.recv(65536)
            method, target = head.split(b" ")[:2]
            host = target.removeprefix(b"http://").split(b"/")[0].split(b":")[0].decode()
            with socket.create_connection((host, 80), _ANSWERS_S) as onward:
                if method == b"CONNECT":
                    connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
                    head = head.partition(b"\r\n\r\n")[2] or connection.recv(65536)
                onward.sendall(head)
                for piece in iter(lambda: onward.recv(65536), b""):
                    connection.sendall(piece)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.system.attacker")
    commands = parser.add_subparsers(dest="what", required=True)
    dns_ = commands.add_parser("dns")
    dns_.add_argument("server", nargs="+")
    dns_.add_argument("--name", default="www.example.org")
    dns_.add_argument("--tunnel", type=int, default=0, help="so many questions of a tunnel's instead of --name")
    frame_ = commands.add_parser("frame")
    for option in ("--source-ip", "--source-mac", "--gate-mac"):
        frame_.add_argument(option, required=True)
    frame_.add_argument("address")
    frame_.add_argument("port", type=int)
    frame_.add_argument("bytes", type=int)
    commands.add_parser("announce").add_argument("address")
    ports_ = commands.add_parser("ports")
    ports_.add_argument("address")
    ports_.add_argument("port", type=int, nargs="+")
    raw_ = commands.add_parser("raw")
    raw_.add_argument("address")
    raw_.add_argument("port", type=int)
    for other in ("serve", "proxy"):
        commands.add_parser(other).add_argument("port", type=int)
    given = parser.parse_args()
    match given.what:
        case "dns":
            asked = tunnel(given.tunnel) or [_question(int.from_bytes(os.urandom(2)), given.name, TYPES["A"])]
            tried = [(server, proto) for server in given.server for proto in ("udp", "tcp")]
            with concurrent.futures.ThreadPoolExecutor(len(tried)) as pool:
                for running in [pool.submit(dns, server, proto, asked) for server, proto in tried]:
                    with contextlib.suppress(OSError):  # refused or silent: nothing came back
                        running.result()
        case "frame":
            frame((given.source_ip, given.source_mac), given.gate_mac, given.address, given.port, given.bytes)
        case "announce":
            announce(given.address)
        case "ports":
            ports(given.address, given.port)
        case "raw":
            raw(given.address, given.port)
        case "serve":
            serve(given.port)
        case _:
            proxy(given.port)


if __name__ == "__main__":
    main()
