"""A visitor's phone: a network namespace with one interface, a real DHCP client, and what a person does with it.

    phone = Visitor("qq-visitor1", "eth0", "02:00:00:00:00:01", folder)
    lease = phone.connect()
    if not phone.probe(Probe.APPLE).online:
        page = phone.fetch(f"http://{lease.router}/")

It takes an answer as the real client would: online only by that client's own criterion. Must not know: the portal's
pages, the gateway's insides.
"""

from __future__ import annotations

import json
import re
import signal
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Network
from pathlib import Path
from typing import assert_never
from urllib.parse import urlsplit

from tests.lab.errors import LabError, NoAnswer, NoLease, TooLate
from tests.lab.namespaces import ip, write_configuration
from tests.lab.run import Process, plain_program, run, start
from tests.lab.waiting import PATIENCE_S, until

_SCRIPT = Path(__file__).with_name("udhcpc-script")
_MAX_BODY_BYTES = 8 * 1024 * 1024
_ANSWERS_S = 30.0
"""Patience with what is to answer: a shared machine stands still for seconds."""
_DATAGRAM_S = 10.0
"""The same with one that nobody sends again."""


class Probe(StrEnum):
    """Whose captive-portal detection."""

    APPLE = "apple"
    ANDROID = "android"
    WINDOWS = "windows"


@dataclass(frozen=True)
class Lease:
    """What DHCP gave."""

    address: str
    prefix: int
    router: str | None
    dns: tuple[str, ...]
    server: str
    seconds: int


@dataclass(frozen=True)
class Response:
    """An HTTP answer, redirects not followed."""

    status: int
    headers: Mapping[str, tuple[str, ...]]
    """By lower-case name."""
    body: str
    seconds: float

    def header(self, name: str) -> str | None:
        """The first header of this name, in whatever case."""
        return next(iter(self.headers.get(name.lower(), ())), None)


@dataclass(frozen=True)
class ProbeResult:
    """What a client made of its probe."""

    status: int | None
    """None: no answer came."""
    location: str | None
    body: str
    online: bool
    """By the client's own criterion: an answer that is exactly the expected one."""


class Visitor:
    """A phone.

    Args:
        namespace: where it lives; its end of the cable, ``interface``, is there already.
        mac: the phone's MAC address.
        folder: keeps the DHCP client's log and lease.
    """

    def __init__(self, namespace: str, interface: str, mac: str, folder: Path) -> None:
        self.namespace, self.interface = namespace, interface
        folder.mkdir(parents=True, exist_ok=True)
        self._lease_file = folder / f"{namespace}.lease"
        self._log = folder / f"{namespace}.udhcpc.log"
        self._client: Process | None = None
        # Both must exist before the first program starts here, to be bound over the machine's own. A nsswitch.conf that
        # asks systemd-resolved would leave the namespace through its unix socket.
        write_configuration(namespace, "nsswitch.conf", "hosts: files dns\n")
        write_configuration(namespace, "resolv.conf", "")
        ip(namespace, "link", "set", interface, "down")
        self.become(mac)

    def become(self, mac: str) -> None:
        """Another device from now on, in the same place and with the same programs; out of range as it is made."""
        self.mac = mac
        ip(self.namespace, "link", "set", self.interface, "address", mac)

    def connect(self, timeout_s: float = PATIENCE_S) -> Lease:
        """Link up, and wait for the lease.

        Raises:
            NoLease: none within ``timeout_s`` seconds; the client goes on asking, as a phone does.
        """
        self._end_client()
        ip(self.namespace, "link", "set", self.interface, "up")
        wants = ["-t", "10", "-T", "1", "-A", "1", "-x", "hostname:phone"]
        self._client = start(
            ["udhcpc", "-f", "-i", self.interface, "-s", str(_SCRIPT), *wants],
            name=f"udhcpc {self.namespace}",
            log=self._log,
            namespace=self.namespace,
            environment={
                "LAB_LEASE": str(self._lease_file.resolve()),
                "LAB_RESOLV": f"/etc/netns/{self.namespace}/resolv.conf",
            },
        )
        try:
            return until(self.lease, "a lease", timeout_s)
        except TooLate as error:
            raise NoLease(f"{self.namespace}: {error}\n{self._client.output()}") from error

    def lease(self) -> Lease | None:
        """The lease it holds now."""
        try:
            address, mask, router, dns, server, seconds = self._lease_file.read_text().splitlines()
        except FileNotFoundError:
            return None
        # udhcpc gives the mask as a prefix length, in old versions dotted.
        prefix = int(mask) if mask.isdigit() else IPv4Network(f"0.0.0.0/{mask}").prefixlen
        return Lease(address, prefix, router.split()[0] if router else None, tuple(dns.split()), server, int(seconds))

    def own_addresses(self) -> list[str]:
        """What it made itself from the gate's advertisement (RFC 4862), ready for use."""
        shown = json.loads(ip(self.namespace, "-j", "-6", "address", "show", "dev", self.interface, "scope", "global"))
        return [a["local"] for part in shown for a in part["addr_info"] if "local" in a and not a.get("tentative")]

    def release(self) -> None:
        """Give the lease back, and stay on the link without an address.

        Raises:
            TooLate: the release did not go out.
        """
        assert self._client is not None, "never connected"
        self._client.send(signal.SIGUSR2)
        until(lambda: not self._lease_file.exists(), "the DHCP client to release its lease")

    def disconnect(self, release: bool = False) -> None:
        """Walk out of range: link down, addresses gone, the DHCP client ended without a word.

        Args:
            release: tell the DHCP server first, as some devices do.

        Raises:
            TooLate: the release did not go out.
        """
        if release and self._client is not None:
            self.release()
        ip(self.namespace, "link", "set", self.interface, "down")
        self._end_client()
        ip(self.namespace, "address", "flush", "dev", self.interface)
        write_configuration(self.namespace, "resolv.conf", "")

    def _end_client(self) -> None:
        if self._client is not None:
            # KILL, so that by no chance a farewell goes out.
            self._client.kill9()
            self._client = None
        self._lease_file.unlink(missing_ok=True)

    def probe(self, kind: Probe, timeout_s: float = _ANSWERS_S) -> ProbeResult:
        """Do as the phone's captive-portal detection does, and judge as it does; no answer is a result, no error."""
        match kind:
            case Probe.APPLE:
                url = "http://captive.apple.com/hotspot-detect.html"
            case Probe.ANDROID:
                url = "http://connectivitycheck.gstatic.com/generate_204"
            case Probe.WINDOWS:
                url = "http://www.msftconnecttest.com/connecttest.txt"
            case _:
                assert_never(kind)
        try:
            response = self.fetch(url, timeout_s=timeout_s)
        except NoAnswer:
            return ProbeResult(None, None, "", online=False)
        return ProbeResult(response.status, response.header("location"), response.body, _is_online(kind, response))

    def fetch(
        self,
        url: str,
        method: str = "GET",
        form: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        timeout_s: float = _ANSWERS_S,
    ) -> Response:
        """One HTTP request by curl; redirects are for the caller to follow.

        Args:
            form: sent as a web form, with ``method`` POST; as a browser does, with the Origin of ``url`` unless
                ``headers`` has one.

        Raises:
            NoAnswer: no name, no connection, reset, or not complete within ``timeout_s`` seconds.
        """
        sent = dict(headers or {})
        arguments = ["--request", method] if method != "HEAD" else ["--head"]
        if form is not None:
            parts = urlsplit(url)
            arguments = ["--request", "POST"]
            arguments += [word for name, value in form.items() for word in ("--data-urlencode", f"{name}={value}")]
            arguments += [] if form else ["--data", ""]
            if "origin" not in {name.lower() for name in sent}:
                sent["Origin"] = f"{parts.scheme}://{parts.netloc}"
        arguments += [word for name, value in sent.items() for word in ("--header", f"{name}: {value}")]
        done = run(
            [
                # -q: not the person's ~/.curlrc
                *("curl", "-q", "--silent", "--show-error", "--globoff", "--noproxy", "*"),
                *("--max-time", f"{timeout_s:g}", "--max-filesize", str(_MAX_BODY_BYTES)),
                *("--write-out", "%{stderr}\n\x1e%{http_code} %{time_total} %{header_json}"),
                *arguments,
                *("--", url),
            ],
            namespace=self.namespace,
            check=False,
            timeout_s=timeout_s + 5.0,
        )
        complaint, _, written = done.stderr.partition("\n\x1e")
        if done.code != 0:
            raise NoAnswer(url, done.code, complaint.strip() or "no answer")
        status, seconds, header_json = written.split(" ", 2)
        found = {name.lower(): tuple(values) for name, values in json.loads(header_json).items()}
        return Response(int(status), found, "" if method == "HEAD" else done.stdout, float(seconds))

    def tcp_echo(self, address: str, port: int = 7, timeout_s: float = _ANSWERS_S) -> bool:
        """Whether a TCP echo server answers within ``timeout_s`` seconds; refused and silent are both False."""
        return self._ask("tcp", address, str(port), timeout_s=timeout_s)

    def udp_echo(self, address: str, port: int = 7, timeout_s: float = _DATAGRAM_S) -> bool:
        """Whether a UDP echo server answers one datagram within ``timeout_s`` seconds."""
        return self._ask("udp", address, str(port), timeout_s=timeout_s)

    def ping(self, address: str, timeout_s: float = _DATAGRAM_S) -> bool:
        """Whether one ICMP echo request is answered within ``timeout_s`` seconds."""
        return self._ask("ping", address, timeout_s=timeout_s)

    def resolve(self, name: str, timeout_s: float = _ANSWERS_S) -> tuple[str, ...]:
        """The addresses of ``name`` by the namespace's resolver, sorted; empty when there is none."""
        return tuple(self._packets("resolve", name, timeout_s=timeout_s)[1].split())

    def _ask(self, what: str, *arguments: str, timeout_s: float) -> bool:
        return self._packets(what, *arguments, "--timeout", f"{timeout_s:g}", timeout_s=timeout_s)[0]

    def _packets(self, *arguments: str, timeout_s: float) -> tuple[bool, str]:
        line = plain_program("tests.lab.packets", *arguments)
        done = run(line, namespace=self.namespace, check=False, timeout_s=timeout_s + 10.0)
        if done.code not in (0, 3):
            raise LabError(f"{' '.join(line)}: {done.stderr}")
        return done.code == 0, done.stdout


def _is_online(kind: Probe, response: Response) -> bool:
    match kind:
        case Probe.APPLE:
            found = re.search(r"<BODY[^>]*>\s*(.*?)\s*</BODY>", response.body, re.IGNORECASE | re.DOTALL)
            return response.status == 200 and found is not None and found[1] == "Success"
        case Probe.ANDROID:
            return response.status == 204
        case Probe.WINDOWS:
            return response.status == 200 and response.body == "Microsoft Connect Test"
        case _:
            assert_never(kind)
