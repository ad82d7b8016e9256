"""The kernel's own switches (sysctls) that the data path stands on: forwarding, and what a device could talk it into.

Written in the network namespace of the calling process; CAP_NET_ADMIN is enough. Must not know: rules, sets.
"""

from __future__ import annotations

from pathlib import Path

from firewall.errors import KernelRefused
from firewall.settings import Settings

_ROOT = Path("/proc/sys/net")
_FORWARDING = ("ipv4/ip_forward", "ipv6/conf/all/forwarding")
# Another program's wish (Docker's, for one), where br_netfilter is loaded: a bridge's frames walk through these tables
# too. Nothing of ours wants it, every packet pays for it, and a TCP reset then leaves by the port its cause came from
# instead of being sent like any packet, so that an IPv6 neighbour who speaks TCP alone would never be learnt.
_BRIDGE = tuple((f"bridge/bridge-nf-call-{which}tables", "0") for which in ("ip", "ip6", "arp"))


def hold(settings: Settings) -> int:
    """Set every switch that is not as it should be; returns how many. Call it when the rules are in place.

    Raises:
        KernelRefused
    """
    return sum(_set(name, value) for name, value in _wanted(settings))


def shut() -> None:
    """Forward nothing, in either family.

    Raises:
        KernelRefused
    """
    for name in _FORWARDING:
        _set(name, "0")


def _wanted(settings: Settings) -> list[tuple[str, str]]:
    lan, wan = settings.lan_interface, settings.wan_interface
    wanted = [
        # Of "all" and the interface's own the kernel takes one or both, each switch its own way (ip-sysctl): so both.
        ("ipv4/conf/all/accept_source_route", "0"),
        (f"ipv4/conf/{lan}/accept_source_route", "0"),
        (f"ipv4/conf/{wan}/accept_source_route", "0"),
        # A redirect would tell visitors how to go around the gate.
        ("ipv4/conf/all/send_redirects", "0"),
        (f"ipv4/conf/{lan}/send_redirects", "0"),
        (f"ipv4/conf/{wan}/send_redirects", "0"),
        (f"ipv4/conf/{lan}/accept_redirects", "0"),
        # Who sends under an address that is not reached through the LAN is lying.
        (f"ipv4/conf/{lan}/rp_filter", "1"),
        # Visitors need not learn by ARP which other addresses the gate has.
        (f"ipv4/conf/{lan}/arp_ignore", "1"),
        *_BRIDGE,
        ("ipv4/ip_forward", "1"),
    ]
    if settings.lan6 is not None:
        wanted += [
            (f"ipv6/conf/{lan}/accept_source_route", "-1"),
            (f"ipv6/conf/{lan}/accept_redirects", "0"),
            # A visitor must not become the gate's router; the provider must stay it, for which 2 is said before
            # forwarding is switched on: the kernel forgets its routers at that moment.
            (f"ipv6/conf/{lan}/accept_ra", "0"),
            *_provider(f"ipv6/conf/{wan}/accept_ra"),
            ("ipv6/conf/all/forwarding", "1"),
        ]
    # Without lan6, IPv6 forwarding is left as it is: the rules drop everything.
    return wanted


def _provider(switch: str) -> tuple[tuple[str, str], ...]:
    """Where it is off, another (systemd-networkd, dhcpcd) hears the provider's router: a second who did would give the
    uplink two addresses and two ways out."""
    try:
        off = (_ROOT / switch).read_text().strip() == "0"
    except OSError:
        off = False  # no such interface now
    return () if off else ((switch, "2"),)


def _set(name: str, value: str) -> int:
    # An interface's name may hold a dot, which is why this is a path and not sysctl's dotted name.
    path = _ROOT / name
    try:
        if path.read_text().strip() == value:
            return 0
        path.write_text(value)
    except FileNotFoundError:
        if "/conf/all/" in name or name == "ipv4/ip_forward":
            raise KernelRefused(f"write {value} to {path}", "there is no such switch") from None
        return 0  # the interface is not there now: nothing can come through it, and a later sync finds it
    except OSError as error:
        raise KernelRefused(f"write {value} to {path}", str(error)) from error
    return 1
