"""The SMSC, the uplink, and what foreign hands do to the kernel's rules, sets and links."""

from __future__ import annotations

import ipaddress
import os
import re
import signal

from tests.chaos import hostile_frames
from tests.chaos.book import Allows
from tests.chaos.faults import Fault, Site, typed
from tests.lab import device
from tests.lab.namespaces import give_address, ip
from tests.lab.run import program, start
from tests.lab.venue import PORTAL, SMSC

_NO_SMS = (Allows.NO_SMS, Allows.SMS_TWICE)
_FLUSHED = (Allows.NO_PAGE, Allows.NO_INTERNET)
_THROTTLED = "58"  # ESME_RTHROTTLED (SMPP 3.4, 5.1.3)


# ── the SMSC ────────────────────────────────────────────────────────────────────────────────────────────────────────


def _smsc_goes(site: Site) -> None:
    site.venue.smsc.kill9()


def _smsc_comes(site: Site, *more: str) -> None:
    venue = site.venue
    log = venue.places.folder / "sms.jsonl"
    venue.smsc = start(
        program("tests.lab.smsc", "--host", SMSC, "--port", "2775", "--log", str(log), *more),
        name="smsc",
        log=venue.places.folder / "log" / "smsc.log",
        namespace=venue.operator,
    )
    venue.smsc.wait_for_line("ready 2775")


def _smsc_throttles(site: Site) -> None:
    _smsc_goes(site)
    _smsc_comes(site, "--reject", _THROTTLED)


def _smsc_takes_again(site: Site) -> None:
    _smsc_goes(site)
    _smsc_comes(site)


def _smsc_falls_silent(site: Site) -> None:
    os.killpg(site.venue.smsc.pid, signal.SIGSTOP)


def _smsc_speaks(site: Site) -> None:
    os.killpg(site.venue.smsc.pid, signal.SIGCONT)


# ── the uplink ──────────────────────────────────────────────────────────────────────────────────────────────────────


def _line_cut(site: Site) -> None:
    ip(site.venue.operator, "link", "set", "isp0", "down")


def _line_mended(site: Site) -> None:
    operator = site.venue.operator
    give_address(operator, "isp0", "203.0.113.1/24")
    # IPv6 addresses and routes go with the link.
    give_address(operator, "isp0", "2001:db8:ffff::1/64")
    ip(operator, "-6", "route", "replace", "2001:db8:77::/64", "via", "2001:db8:ffff::2")
    ip(operator, "-6", "route", "replace", "2001:db8:78::/64", "via", "2001:db8:ffff::2")


def _line_mended_elsewhere(site: Site) -> None:
    """DHCP gives another address, as after the operator's night."""
    gate = site.venue.gate
    new = f"203.0.113.{site.chance.randrange(3, 250)}"
    ip(gate, "address", "flush", "dev", "wan0", "scope", "global")
    give_address(gate, "wan0", f"{new}/24")
    give_address(gate, "wan0", "2001:db8:ffff::2/64")
    ip(gate, "route", "replace", "default", "via", "203.0.113.1")
    ip(gate, "-6", "route", "replace", "default", "via", "2001:db8:ffff::1")
    _line_mended(site)


def _renumber(site: Site) -> None:
    """The operator gives the visitors' network another prefix, and the owner writes it down."""
    venue, config = site.venue, site.venue.places.config
    text = config.read_text()
    found = re.search(r'(?m)^address6 = "(.*?)"', text)
    assert found is not None, "no address6"
    old = found[1]
    new = "2001:db8:78::1/64" if "db8:77:" in old else "2001:db8:77::1/64"
    config.write_text(text.replace(f'"{old}"', f'"{new}"'))
    give_address(venue.gate, "br-lan", new)
    ip(venue.gate, "address", "del", old, "dev", "br-lan")
    network = ipaddress.ip_interface(new).network
    ip(venue.operator, "-6", "route", "replace", str(network), "via", "2001:db8:ffff::2")
    device.apply(venue.places, venue.gate)
    for unit in ("gate", "dnsmasq-lan", "dnsmasq-captive", "portal", "nginx"):
        venue.processes[unit].stop()
        venue.restart(unit)


# ── the visitors' side ──────────────────────────────────────────────────────────────────────────────────────────────


def _bridge_deleted(site: Site) -> None:
    ip(site.venue.gate, "link", "del", "br-lan")


def _bridge_made(site: Site) -> None:
    gate = site.venue.gate
    ip(gate, "link", "add", "br-lan", "type", "bridge", "forward_delay", "0", "mcast_snooping", "0")
    for number, _ in enumerate(site.venue.visitors, 1):
        ip(gate, "link", "set", f"port{number}", "master", "br-lan", "up")
    give_address(gate, "br-lan", f"{PORTAL}/16")
    found = re.search(r'(?m)^address6 = "(.*?)"', site.venue.places.config.read_text())
    assert found is not None
    give_address(gate, "br-lan", found[1])


def _crowd_comes(site: Site) -> None:
    """From a port of their own; they knock in nobody's name."""
    gate = re.search(r"link/ether (\S+)", ip(site.venue.gate, "link", "show", "br-lan"))
    assert gate is not None
    hostile_frames.send(site.stranger.namespace, "eth0", gate[1], len(site.venue.visitors))


def _crowd_unseen(site: Site) -> None:
    """While the gate stands still: the kernel has more to tell than it keeps."""
    os.killpg(site.venue.processes["gate"].pid, signal.SIGSTOP)
    _crowd_comes(site)
    _crowd_comes(site)


def _gate_goes_on(site: Site) -> None:
    os.killpg(site.venue.processes["gate"].pid, signal.SIGCONT)


_UPLINK = (Allows.NO_INTERNET, Allows.NO_UPLINK, Allows.KEPT_BACK, *_NO_SMS)
NETWORKS = (
    Fault("SMSC gone", _NO_SMS, _smsc_goes, _smsc_comes, (1.0, 15.0)),
    Fault("SMSC silent", _NO_SMS, _smsc_falls_silent, _smsc_speaks, (1.0, 20.0)),
    Fault("SMSC throttling", _NO_SMS, _smsc_throttles, _smsc_takes_again, (2.0, 12.0)),
    Fault("uplink gone", _UPLINK, _line_cut, _line_mended, (2.0, 12.0)),
    Fault("uplink with another address", _UPLINK, _line_cut, _line_mended_elsewhere, (0.5, 4.0)),
    Fault("prefix renumbered", (Allows.NO_PAGE, Allows.UNWATCHED), _renumber, hold_s=(0.0, 0.0)),
    Fault("iptables -F", _FLUSHED, typed("iptables-legacy -F")),
    Fault("iptables -t nat -F", _FLUSHED, typed("iptables-legacy -t nat -F")),
    Fault("ip6tables -F", _FLUSHED, typed("ip6tables-legacy -F")),
    Fault("ipset flush", (Allows.NO_INTERNET,), typed("ipset flush")),
    Fault(
        "ipset destroy",
        _FLUSHED,
        typed("iptables-legacy -F; iptables-legacy -t nat -F; ip6tables-legacy -F; ipset destroy"),
    ),
    Fault(
        "ip link del br-lan",
        (*_FLUSHED, Allows.UNWATCHED, Allows.OUT_OF_RANGE),
        _bridge_deleted,
        _bridge_made,
        (0.5, 4.0),
    ),
    Fault("10,000 devices at once", (Allows.NO_PAGE,), _crowd_comes),
    Fault("netlink overflow", (Allows.NO_PAGE, Allows.UNWATCHED), _crowd_unseen, _gate_goes_on, (1.0, 4.0)),
)
