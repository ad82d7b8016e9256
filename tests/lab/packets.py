"""Send one thing and say whether the answer came: the program behind ``Visitor``'s echoes, ping and resolve.

    python -m tests.lab.packets tcp 203.0.113.10 7 --timeout 2

Runs in a visitor's namespace. Exit code 0: it was answered; 3: it was not (1 is a Python error, 2
a usage error). Must not know: which of the two is right.
"""

from __future__ import annotations

import argparse
import os
import socket
import struct
import sys
import time
from ipaddress import ip_address

_ICMP_ECHO, _ICMP_ECHO_REPLY = 8, 0
_ICMPV6_ECHO, _ICMPV6_ECHO_REPLY = 128, 129
_PAYLOAD_BYTES = 32


def _family(address: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ip_address(address).version == 6 else socket.AF_INET


def tcp(address: str, port: int, timeout_s: float) -> bool:
    """Connect, send, and get the same back, all within ``timeout_s`` seconds."""
    sent = os.urandom(_PAYLOAD_BYTES)
    deadline = time.monotonic() + timeout_s
    with socket.socket(_family(address), socket.SOCK_STREAM) as connection:
        connection.settimeout(timeout_s)
        connection.connect((address, port))
        connection.sendall(sent)
        back = b""
        while len(back) < len(sent):
            connection.settimeout(max(0.001, deadline - time.monotonic()))
            piece = connection.recv(len(sent) - len(back))
            if not piece:
                return False
            back += piece
    return back == sent


def udp(address: str, port: int, timeout_s: float) -> bool:
    """Send one datagram and get the same back within ``timeout_s`` seconds."""
    sent = os.urandom(_PAYLOAD_BYTES)
    with socket.socket(_family(address), socket.SOCK_DGRAM) as endpoint:
        endpoint.settimeout(timeout_s)
        endpoint.connect((address, port))
        endpoint.send(sent)
        return endpoint.recv(2048) == sent


def ping(address: str, timeout_s: float) -> bool:
    """One ICMP echo request, and its reply within ``timeout_s`` seconds."""
    six = ip_address(address).version == 6
    request, reply = (_ICMPV6_ECHO, _ICMPV6_ECHO_REPLY) if six else (_ICMP_ECHO, _ICMP_ECHO_REPLY)
    ours = os.urandom(4) + os.urandom(_PAYLOAD_BYTES)  # identifier, sequence number, payload
    head = struct.pack("!BBH", request, 0, 0)
    if not six:  # for ICMPv6 the kernel computes it (RFC 3542 §3.1)
        head = struct.pack("!BBH", request, 0, _checksum(head + ours))
    protocol = socket.getprotobyname("ipv6-icmp") if six else socket.IPPROTO_ICMP
    deadline = time.monotonic() + timeout_s
    with socket.socket(_family(address), socket.SOCK_RAW, protocol) as endpoint:
        endpoint.connect((address, 0))
        endpoint.send(head + ours)
        while (left_s := deadline - time.monotonic()) > 0:
            endpoint.settimeout(left_s)
            packet = endpoint.recv(2048)
            # A raw IPv4 socket gives the IP header too.
            message = packet if six else packet[(packet[0] & 0x0F) * 4 :]
            if message[:1] == bytes([reply]) and message[4:] == ours:
                return True
    return False


def _checksum(message: bytes) -> int:
    """RFC 1071, of an even number of bytes."""
    total: int = sum(struct.unpack(f"!{len(message) // 2}H", message))
    total = (total >> 16) + (total & 0xFFFF)
    total += total >> 16
    return ~total & 0xFFFF


def resolve(name: str) -> bool:
    """Print the addresses of ``name``, one a line; whether there are any."""
    found = sorted({str(answer[4][0]) for answer in socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)})
    for address in found:
        print(address)
    return bool(found)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.lab.packets", description="Is it answered?")
    parser.add_argument("what", choices=("tcp", "udp", "ping", "resolve"))
    parser.add_argument("whom", help="an address; for resolve a name")
    parser.add_argument("port", nargs="?", type=int, default=7)
    parser.add_argument("--timeout", type=float, default=2.0, help="seconds")
    given = parser.parse_args()
    try:
        match given.what:
            case "tcp":
                answered = tcp(given.whom, given.port, given.timeout)
            case "udp":
                answered = udp(given.whom, given.port, given.timeout)
            case "ping":
                answered = ping(given.whom, given.timeout)
            case _:
                answered = resolve(given.whom)
    except OSError as error:
        # Refused, unreachable, silent, no such name: each is a "no", and the reason is for a person.
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        answered = False
    sys.exit(0 if answered else 3)


if __name__ == "__main__":
    main()
