"""What the real Internet answers, as data: the hosts that clients probe, by the table of public documentation.

    >>> answer("captive.apple.com", "/hotspot-detect.html").status
    200

Must not know: sockets, visitors. What a client makes of an answer is ``visitor``'s.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address


@dataclass(frozen=True)
class Answer:
    """One HTTP answer; the server adds length and connection headers."""

    status: int
    body: str = ""
    type: str = "text/html"
    headers: dict[str, str] = field(default_factory=dict)


APPLE = Answer(200, "<HTML><HEAD><TITLE>Success</TITLE></HEAD><BODY>Success</BODY></HTML>")
NO_CONTENT = Answer(204)
NOT_FOUND = Answer(404, "<!doctype html><title>Not Found</title><p>No such page here.</p>")
CANONICAL = '<meta http-equiv="refresh" content="0;url=https://support.mozilla.org/kb/captive-portal"/>'
PAGE = Answer(200, "<!doctype html><title>The Internet</title><h1>The Internet</h1><p>You are online.</p>")


def _text(body: str, **headers: str) -> Answer:
    return Answer(200, body, "text/plain", {name.replace("_", "-"): value for name, value in headers.items()})


_NETWORKMANAGER = _text("NetworkManager is online\n", X_NetworkManager_Status="online")
_REDIRECT = Answer(302, type="text/html", headers={"Location": "http://www.msn.com/"})

_KINDLE = "<html><body><!-- 81ce4465-7167-4dcb-835b-dcc9e44c112a --></body></html>"
_PLAYSTATION = Answer(403, "<HTML><HEAD><TITLE>Access Denied</TITLE></HEAD><BODY>Access Denied</BODY></HTML>")

_APPLE_HOSTS = (
    "www.apple.com",
    "www.airport.us",
    "www.appleiphonecell.com",
    "www.ibook.info",
    "www.itools.info",
    "www.thinkdifferent.us",
)
_NO_CONTENT_HOSTS = (
    "clients3.google.com",
    "connectivitycheck.android.com",
    "connectivitycheck.gstatic.com",
    "play.googleapis.com",
    "www.google.com",
    "www.gstatic.com",
    # Samsung, Huawei, Honor, Xiaomi, OPPO, vivo
    "connectivity.samsung.com.cn",
    "connectivitycheck.platform.hicloud.com",
    "connectivitycheck.platform.hihonorcloud.com",
    "connect.rom.miui.com",
    "conn1.oppomobile.com",
    "wifi.vivo.com.cn",
)

_PAGES: dict[tuple[str, str], Answer] = {
    ("captive.apple.com", "/hotspot-detect.html"): APPLE,
    ("captive.apple.com", "/"): APPLE,
    **{(host, "/library/test/success.html"): APPLE for host in _APPLE_HOSTS},
    ("www.msftconnecttest.com", "/connecttest.txt"): _text("Microsoft Connect Test"),
    ("www.msftconnecttest.com", "/redirect"): _REDIRECT,
    ("ipv6.msftconnecttest.com", "/connecttest.txt"): _text("Microsoft Connect Test"),
    ("www.msftncsi.com", "/ncsi.txt"): _text("Microsoft NCSI"),
    ("www.msftncsi.com", "/redirect"): _REDIRECT,
    ("detectportal.firefox.com", "/success.txt"): _text("success\n"),
    ("detectportal.firefox.com", "/canonical.html"): Answer(200, CANONICAL),
    ("network-test.debian.org", "/nm"): _NETWORKMANAGER,
    ("nmcheck.gnome.org", "/check_network_status.txt"): _NETWORKMANAGER,
    ("ping.archlinux.org", "/nm-check.txt"): _NETWORKMANAGER,
    ("connectivity-check.ubuntu.com", "/"): Answer(204, headers={"X-NetworkManager-Status": "online"}),
    ("fedoraproject.org", "/static/hotspot.txt"): _text("OK"),
    ("static.redhat.com", "/test/rhel-networkmanager.txt"): _text("OK"),
    ("edge-http.microsoft.com", "/captiveportal/generate_204"): NO_CONTENT,
    ("spectrum.s3.amazonaws.com", "/kindle-wifi/wifistub.html"): Answer(200, _KINDLE),
    ("ctest.cdn.nintendo.net", "/"): _text("ok", X_Organization="Nintendo"),
    ("ena.net.playstation.net", "/netstart/ps4"): _PLAYSTATION,
    ("www.example.org", "/"): PAGE,
    ("www.msn.com", "/"): PAGE,
    **{(host, path): NO_CONTENT for host in _NO_CONTENT_HOSTS for path in ("/generate_204", "/gen_204")},
}
HOSTS: tuple[str, ...] = tuple(sorted({host for host, _ in _PAGES}))
"""Every name the lab's Internet knows, beside FIXED."""

FIXED: dict[str, tuple[str, ...]] = {
    # Windows compares the addresses themselves.
    "dns.msftncsi.com": ("131.107.255.255", "fd3e:4f5a:5b81::1"),
    # Resolvers that guard against rebinding take IPv6 addresses of the documentation for private; this is none.
    "till.example.kz": ("198.18.0.30", "2a00:77::30"),
}
"""Names whose addresses are part of the answer."""


def answer(host: str, path: str) -> Answer:
    """The Internet's answer; ``host`` without port, ``path`` without query."""
    return _PAGES.get((host.lower().rstrip("."), path), NOT_FOUND)


def addresses_of(addresses: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Which host lives where: every host gets one of the IPv4 and one of the IPv6 addresses, by turns."""
    by_family = [[a for a in addresses if ip_address(a).version == version] for version in (4, 6)]
    return {
        host: tuple(family[turn % len(family)] for family in by_family if family) for turn, host in enumerate(HOSTS)
    }
