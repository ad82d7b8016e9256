"""What each client asks to see whether it is online, and by what it knows: the table of public documentation, as data.

    [probe.client for probe in PROBES if not probe.online(204, {}, b"")]

Must not know: sockets, the gateway, the lab.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

Criterion = Callable[[int, Mapping[str, str], bytes], bool]
"""Whether status, headers (by lower-case name) and body make this client believe that it is online."""


@dataclass(frozen=True)
class ClientProbe:
    """One question of one client, on http."""

    client: str
    host: str
    path: str
    online: Criterion


def _no_content(status: int, _headers: Mapping[str, str], body: bytes) -> bool:
    return status == 204 and not body


def _apple(status: int, _headers: Mapping[str, str], body: bytes) -> bool:
    return status == 200 and re.search(rb"<BODY[^>]*>\s*Success\s*</BODY>", body, re.IGNORECASE) is not None


def _exactly(wanted: bytes) -> Criterion:
    return lambda status, _headers, body: status == 200 and body == wanted


def _begins(wanted: bytes) -> Criterion:
    return lambda status, _headers, body: status == 200 and body.startswith(wanted)


def _holds(wanted: bytes) -> Criterion:
    return lambda status, _headers, body: status == 200 and wanted in body


def _networkmanager(_status: int, headers: Mapping[str, str], _body: bytes) -> bool:
    return headers.get("x-networkmanager-status") == "online"


def _nintendo(status: int, headers: Mapping[str, str], body: bytes) -> bool:
    return status == 200 and body == b"ok" and headers.get("x-organization") == "Nintendo"


def _playstation(status: int, _headers: Mapping[str, str], _body: bytes) -> bool:
    return status == 403


_FIREFOX = b'<meta http-equiv="refresh" content="0;url=https://support.mozilla.org/kb/captive-portal"/>'
_KINDLE = b"81ce4465-7167-4dcb-835b-dcc9e44c112a"

PROBES: tuple[ClientProbe, ...] = (
    ClientProbe("Apple", "captive.apple.com", "/hotspot-detect.html", _apple),
    *(
        ClientProbe("Apple", host, "/library/test/success.html", _apple)
        for host in (
            "www.apple.com",
            "www.airport.us",
            "www.appleiphonecell.com",
            "www.ibook.info",
            "www.itools.info",
            "www.thinkdifferent.us",
        )
    ),
    ClientProbe("Android", "connectivitycheck.gstatic.com", "/generate_204", _no_content),
    ClientProbe("Android", "connectivitycheck.android.com", "/generate_204", _no_content),
    ClientProbe("Android", "clients3.google.com", "/generate_204", _no_content),
    ClientProbe("Android", "www.google.com", "/gen_204", _no_content),
    ClientProbe("Android", "play.googleapis.com", "/generate_204", _no_content),
    ClientProbe("ChromeOS", "www.gstatic.com", "/generate_204", _no_content),
    ClientProbe("Samsung", "connectivity.samsung.com.cn", "/generate_204", _no_content),
    ClientProbe("Huawei", "connectivitycheck.platform.hicloud.com", "/generate_204", _no_content),
    ClientProbe("Honor", "connectivitycheck.platform.hihonorcloud.com", "/generate_204", _no_content),
    ClientProbe("Xiaomi", "connect.rom.miui.com", "/generate_204", _no_content),
    ClientProbe("OPPO", "conn1.oppomobile.com", "/generate_204", _no_content),
    ClientProbe("vivo", "wifi.vivo.com.cn", "/generate_204", _no_content),
    ClientProbe("Windows", "www.msftconnecttest.com", "/connecttest.txt", _exactly(b"Microsoft Connect Test")),
    ClientProbe("Windows", "ipv6.msftconnecttest.com", "/connecttest.txt", _exactly(b"Microsoft Connect Test")),
    ClientProbe("Windows 7", "www.msftncsi.com", "/ncsi.txt", _exactly(b"Microsoft NCSI")),
    ClientProbe("Edge", "edge-http.microsoft.com", "/captiveportal/generate_204", _no_content),
    ClientProbe("Firefox", "detectportal.firefox.com", "/canonical.html", _exactly(_FIREFOX)),
    ClientProbe("Firefox", "detectportal.firefox.com", "/success.txt", _begins(b"success")),
    ClientProbe("Debian", "network-test.debian.org", "/nm", _networkmanager),
    ClientProbe("GNOME", "nmcheck.gnome.org", "/check_network_status.txt", _begins(b"NetworkManager is online")),
    ClientProbe("Arch", "ping.archlinux.org", "/nm-check.txt", _begins(b"NetworkManager is online")),
    ClientProbe("Ubuntu", "connectivity-check.ubuntu.com", "/", _networkmanager),
    ClientProbe("Fedora", "fedoraproject.org", "/static/hotspot.txt", _begins(b"OK")),
    ClientProbe("RHEL", "static.redhat.com", "/test/rhel-networkmanager.txt", _begins(b"OK")),
    ClientProbe("Kindle", "spectrum.s3.amazonaws.com", "/kindle-wifi/wifistub.html", _holds(_KINDLE)),
    ClientProbe("Nintendo", "ctest.cdn.nintendo.net", "/", _nintendo),
    ClientProbe("PlayStation", "ena.net.playstation.net", "/netstart/ps4", _playstation),
)

_SMALL_BYTES = 1024

NCSI_NAME = "dns.msftncsi.com"
NCSI_ADDRESSES = {"131.107.255.255", "fd3e:4f5a:5b81::1"}
"""Windows compares the addresses themselves, before login as after."""


def parsed(raw: str) -> tuple[int, dict[str, str], bytes]:
    """Status, headers by lower-case name, and body of an answer's bytes, given as Latin-1."""
    head, _, body = raw.partition("\r\n\r\n")
    first, *lines = head.split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    return int(first.split()[1]), headers, body.encode("latin-1")


def wrong_before_login(probe: ClientProbe, raw: str, portal: str) -> list[str]:
    """What of this answer keeps the client from showing the portal's page; empty if nothing does."""
    status, headers, body = parsed(raw)
    checks = {
        "302": status == 302,
        "Location": headers.get("location") == portal,
        "no-store": headers.get("cache-control") == "no-store",
        "closed": headers.get("connection") == "close",
        "HTML": headers.get("content-type", "").startswith("text/html"),
        "a link": f'<a href="{portal}">'.encode() in body,
        "small": len(raw) < _SMALL_BYTES,
        "not online": not probe.online(status, headers, body),
    }
    return [f"{probe.client} {probe.host}{probe.path}: {name}: {raw}" for name, good in checks.items() if not good]
