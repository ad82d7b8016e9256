"""Attacks by tunnel: DNS in each of iodine's record types, ICMP by ptunnel, other people's DNS servers and proxies.

Each returns what got through, in words, or an empty text. Must not know: whether the gate is open.
"""

from __future__ import annotations

import contextlib

from tests.attack.field import (
    OUTSIDE,
    PROXY_PORT,
    SHOP,
    TUNNEL_PASSWORD,
    TUNNEL_SERVER,
    UPSTREAM,
    ZONE,
    Attack,
    Attacker,
)
from tests.lab.errors import TooLate
from tests.lab.run import Process, run, start
from tests.lab.venue import DNS, PORTAL, WEB
from tests.lab.waiting import until

RECORD_TYPES = ("NULL", "PRIVATE", "TXT", "SRV", "MX", "CNAME", "A")
"""All that iodine 0.7 has."""
_UP = "Connection setup complete"
_PATIENCE_S = 8.0
_LOCAL_PORT = 8000
_PAGE = "www.example.org"
_NO_PAGE = "No such page here."


def _tool(by: Attacker, name: str, argv: list[str]) -> Process:
    log = by.field.venue.places.folder / "log" / f"{by.phone.namespace}-{name}.log"
    return start(argv, name=name, log=log, namespace=by.phone.namespace)


def dns_tunnel(record_type: str, server: str) -> Attack:
    """iodine through the DNS server ``server`` to a zone of the attacker's own."""

    def attack(by: Attacker) -> str:
        # -r: not over UDP directly, which is another attack; -m: the size of answers is not searched for.
        words = ["-f", "-r", "-P", TUNNEL_PASSWORD, "-T", record_type, "-m", "200"]
        # An interface of its own name, since several run at once.
        words += ["-d", f"io{record_type.lower()[:4]}{server.rpartition('.')[2]}", server, ZONE]
        name = f"iodine-{record_type}-{server}"
        with _tool(by, name, ["iodine", *words]) as tool:
            with contextlib.suppress(TooLate):
                until(lambda: _UP in tool.output() or not tool.alive, "iodine to make up its mind", _PATIENCE_S)
            return f"a tunnel of {record_type} records by {server}" if _UP in tool.output() else ""

    return attack


def icmp_tunnel(by: Attacker) -> str:
    """ptunnel: TCP in the payload of pings."""
    words = ["-p", OUTSIDE, "-lp", str(_LOCAL_PORT), "-da", WEB, "-dp", "4242"]
    with _tool(by, "ptunnel", ["ptunnel", *words]), contextlib.suppress(TooLate):
        # It listens a moment after it has begun; a tunnel that is no tunnel accepts, and never answers.
        until(lambda: by.phone.tcp_echo("127.0.0.1", _LOCAL_PORT, timeout_s=1.5), "an echo through pings", 4)
        return "TCP inside pings"
    return ""


def foreign_dns(*flags: str) -> Attack:
    """Ask DNS servers out there themselves."""

    def attack(by: Attacker) -> str:
        got = [server for server in (DNS, UPSTREAM) if WEB in _dig(by, server, *flags, _PAGE)]
        # Nobody has asked for this name before, so that no cache knows it: iodined answers it itself.
        if "ns" in _dig(by, TUNNEL_SERVER, *flags, "-t", "NS", ZONE).casefold():
            got.append(TUNNEL_SERVER)
        return f"true answers from {', '.join(got)}" if got else ""

    return attack


def _dig(by: Attacker, server: str, *words: str) -> str:
    done = run(
        ["dig", f"@{server}", "+tries=1", "+time=2", "+noall", "+answer", *words],
        namespace=by.phone.namespace,
        check=False,
    )
    return done.stdout


def web_proxy(proxy: str, port: int, *, connect: bool) -> Attack:
    """A web proxy in the gate or out there, asked with an absolute address or by CONNECT."""

    def attack(by: Attacker) -> str:
        words = ["curl", "-q", "-s", "--max-time", "4", "--proxy", f"http://{proxy}:{port}"]
        words += ["--proxytunnel"] if connect else []
        done = run([*words, "-H", f"Host: {_PAGE}", f"http://{WEB}/"], namespace=by.phone.namespace, check=False)
        # A proxy asks for what the address says, not for what our Host line does; it is the Internet that answers.
        return "the Internet's page" if "You are online." in done.stdout or _NO_PAGE in done.stdout else ""

    return attack


PROXIES = (
    *((PORTAL, port) for port in (PROXY_PORT, 8080)),
    (SHOP, PROXY_PORT),
)
