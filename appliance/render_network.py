"""systemd-networkd's files: the visitors' bridge, VLANs, the uplink and the console's port, as the configuration says.

    >>> sorted(files(Config(lan=Lan(ports=("enp2s0",)))))
    ['50-qaqpa-lan.netdev', '50-qaqpa-lan.network', '50-qaqpa-ports.network', '50-qaqpa-uplink.network']

Nothing is written where the bridge is somebody else's. No interface gets an address of its own making, no name is asked
for or told by LLMNR or mDNS, and IPv6 is announced by dnsmasq alone. Pure. Must not know: networkd, which ports there
are.
"""

from __future__ import annotations

from collections.abc import Iterator

from appliance.config import Config
from appliance.sections_network import vlan_of

PREFIX = "50-qaqpa-"
"""Of all our files; what has it and is not wanted any more is removed."""

_QUIET = ("LLMNR=no", "MulticastDNS=no", "LLDP=no", "EmitLLDP=no")
_NO_ADDRESS = ("LinkLocalAddressing=no", "IPv6AcceptRA=no", "DHCP=no")
_NOT_AWAITED = ("", "[Link]", "RequiredForOnline=no")
_OF_A_LEASE = ("", "[DHCPv4]", "ClientIdentifier=mac", "UseHostname=no", "UseDomains=no")


def files(config: Config) -> dict[str, str]:
    """File name → content, as they stand in ``/run/systemd/network``."""
    if not config.makes_network:
        return {}
    vlans = _vlans(config)
    rendered = {
        "lan.netdev": _bridge(config),
        "lan.network": _lan(config),
        "uplink.network": _uplink(config, vlans),
        **{f"vlan-{name}.netdev": _vlan(name) for names in vlans.values() for name in names},
    }
    if config.lan.ports:
        rendered["ports.network"] = _ports(config)
    staff = config.console.interface
    if staff and staff != config.wan.interface:
        rendered["console.network"] = _console(config, vlans)
    # What carries VLANs and is nothing else is up, and that is all.
    for carrier in vlans.keys() - {config.wan.interface, staff}:
        rendered[f"trunk-{carrier}.network"] = _text(
            _match(carrier), _carried(carrier, vlans), _NO_ADDRESS, _QUIET, _NOT_AWAITED
        )
    return {f"{PREFIX}{name}": text for name, text in rendered.items()}


def without_configuration() -> dict[str, str]:
    """What holds while there is none that can be read: every wired port asks for an address, so that the console is
    found, and there is no bridge. Nothing is forwarded meanwhile."""
    text = _text(
        ("[Match]", "Type=ether", "Kind=!*", "", "[Network]", "DHCP=ipv4", "LinkLocalAddressing=no", "IPv6AcceptRA=no"),
        _QUIET,
        _OF_A_LEASE,
        _NOT_AWAITED,
    )
    return {f"{PREFIX}any.network": text}


def made(config: Config) -> frozenset[str]:
    """Interfaces that need not be there before: networkd makes them."""
    if not config.makes_network:
        return frozenset()
    return frozenset({config.lan.interface, *(name for names in _vlans(config).values() for name in names)})


def needed(config: Config) -> Iterator[tuple[str, str]]:
    """(key, port) of each that must be there for this, a VLAN's carrier instead of the VLAN."""
    if config.makes_network:
        named = [*(("lan.ports", name) for name in config.lan.ports), ("wan.interface", config.wan.interface)]
        named += [("console.interface", config.console.interface), ("wifi.interface", config.wifi.interface)]
        for key, name in named:
            if name:
                vlan = vlan_of(name)
                yield key, vlan[0] if vlan else name


def _vlans(config: Config) -> dict[str, list[str]]:
    """By carrier."""
    found: dict[str, list[str]] = {}
    for name in dict.fromkeys((*config.lan.ports, config.wan.interface, config.console.interface)):
        if vlan := vlan_of(name):
            found.setdefault(vlan[0], []).append(name)
    return found


def _bridge(config: Config) -> str:
    # networkd makes the MAC address of machine and name, and sets it: so it stays when ports come and go. Without
    # spanning tree a port passes frames at once; visitors' ports reach the gate alone, so there is no loop to find.
    # Without snooping the gate hears what devices ask the whole link (RFC 4862 5.4), whoever queries groups there.
    return _text(
        ("[NetDev]", f"Name={config.lan.interface}", "Kind=bridge"),
        ("", "[Bridge]", "STP=no", "MulticastSnooping=no", "ForwardDelaySec=0"),
    )


def _lan(config: Config) -> str:
    lan = config.lan
    # Phones are told the gate's link-local address as their router (RFC 4861 6.1.2).
    own = ("LinkLocalAddressing=ipv6",) if lan.gate6 else ("LinkLocalAddressing=no",)
    addresses = ["", "[Address]", f"Address={lan.gate}"]
    if lan.gate6:
        # Nobody could have it but the gate, and while no port has a carrier the question would stand open.
        addresses += ["", "[Address]", f"Address={lan.gate6}", "DuplicateAddressDetection=none"]
    return _text(
        _match(lan.interface),
        # nginx and dnsmasq bind the address whether or not anything is plugged in.
        ("", "[Network]", "ConfigureWithoutCarrier=yes", "IPv6AcceptRA=no", "DHCP=no", *own),
        _QUIET,
        addresses,
        _NOT_AWAITED,
    )


def _ports(config: Config) -> str:
    return _text(
        _match(*config.lan.ports),
        ("", "[Network]", f"Bridge={config.lan.interface}"),
        _NO_ADDRESS,
        _QUIET,
        # The gate sees to it too; here it holds from the first frame on.
        ("", "[Bridge]", "Isolated=yes"),
        _NOT_AWAITED,
    )


def _vlan(name: str) -> str:
    vlan = vlan_of(name)
    assert vlan is not None
    return _text(("[NetDev]", f"Name={name}", "Kind=vlan"), ("", "[VLAN]", f"Id={vlan[1]}"))


def _uplink(config: Config, vlans: dict[str, list[str]]) -> str:
    wan = config.wan
    lines = [*_carried(wan.interface, vlans), "LinkLocalAddressing=ipv6", "IPv6AcceptRA=yes"]
    if wan.address:
        lines += ["DHCP=no", f"Address={wan.address}", f"Gateway={wan.gateway}"]
        lines += [f"DNS={server}" for server in wan.dns]
        return _text(_match(wan.interface), lines, _QUIET, ("", "[IPv6AcceptRA]", "UseDomains=no"), _NOT_AWAITED)
    return _text(
        _match(wan.interface),
        [*lines, "DHCP=ipv4"],
        _QUIET,
        _OF_A_LEASE,
        ("", "[IPv6AcceptRA]", "UseDomains=no"),
        _NOT_AWAITED,
    )


def _console(config: Config, vlans: dict[str, list[str]]) -> str:
    # An address in staff's network, and no second way to the Internet beside the uplink's.
    return _text(
        _match(config.console.interface),
        [*_carried(config.console.interface, vlans), "DHCP=ipv4", "LinkLocalAddressing=no", "IPv6AcceptRA=no"],
        _QUIET,
        (*_OF_A_LEASE, "UseGateway=no", "UseRoutes=no", "UseDNS=no", "UseNTP=no"),
        _NOT_AWAITED,
    )


def _match(*names: str) -> tuple[str, ...]:
    return "[Match]", f"Name={' '.join(names)}"


def _carried(carrier: str, vlans: dict[str, list[str]]) -> list[str]:
    return ["", "[Network]", *(f"VLAN={name}" for name in vlans.get(carrier, ()))]


def _text(*blocks: tuple[str, ...] | list[str]) -> str:
    return "\n".join(line for block in blocks for line in block) + "\n"
