"""IPv6 in the box, whose kernel has sets of MAC addresses: whatever address a device makes itself is that device's.

Must not know: how the gate tells devices apart.
"""

from __future__ import annotations

import json

from tests.image.site import PREFIX6, WEB, WEB6, Site
from tests.image.visit import goes_online, visits
from tests.lab.namespaces import ip, set_sysctl
from tests.lab.steps import Steps, hold
from tests.lab.visitor import Visitor
from tests.lab.waiting import until

_NUMBER = "+77011234510"
_PATIENCE_S = 120.0
_LOOK_EVERY_S = 1.0
_FRESH = 8
"""Two days of a phone that makes itself another address every six hours."""


def families(steps: Steps, site: Site) -> None:
    """The chapter, on a box that serves."""
    shell = site.machine.shell
    phone, clone = site.add_visitor(), site.add_visitor()
    steps.chapter("A device's own addresses")
    with steps.step("the gate knows devices by a set of MAC addresses"):
        kinds = shell.run("ipset list -terse | grep -A1 '^Name'").text
        hold("Type: hash:mac" in kinds, f"its sets are {kinds}")
    with steps.step("a phone that made itself an IPv6 address goes online in both families with one password") as notes:
        phone.connect(_PATIENCE_S)
        (first, *_) = until(phone.own_addresses, "an IPv6 address of its own", _PATIENCE_S, _LOOK_EVERY_S)
        notes.append(first)
        hold(not phone.udp_echo(WEB6, 4242, timeout_s=2), "IPv6 was open before")
        goes_online(site, phone, _NUMBER)
        hold(phone.udp_echo(WEB, 4242, 20) and phone.udp_echo(WEB6, 4242, 20), "a family is shut")
    with steps.step(f"{_FRESH} privacy addresses (RFC 8981): each the visit's before its first packet, which passes"):
        for number in range(_FRESH):
            _speaks_from(phone, _fresh(number))
            _waits_for(site, phone, _fresh(number))
            # One datagram, never sent again: a gate that had to learn the address would have lost it.
            hold(phone.udp_echo(WEB6, 4242, 20), f"the first packet of {_fresh(number)} was lost")
    with steps.step("an address that nobody asked for (RFC 4862 5.4 broken): refused once, then known"):
        _speaks_from(phone, _fresh(_FRESH), "nodad")
        until(lambda: phone.udp_echo(WEB6, 4242, 5), "it to pass", _PATIENCE_S, _LOOK_EVERY_S)
        hold(_fresh(_FRESH) in _recorded(site, phone), "it passes, and is not the visit's")
    with steps.step("another's IPv6 address does not make a stranger that visitor"):
        clone.connect(_PATIENCE_S)
        until(clone.own_addresses, "an IPv6 address of its own", _PATIENCE_S, _LOOK_EVERY_S)
        _speaks_from(clone, _fresh(_FRESH), "nodad")
        hold(not clone.udp_echo(WEB6, 4242, timeout_s=2), "a stranger got out with a visitor's address")
        ip(clone.namespace, "address", "del", f"{_fresh(_FRESH)}/64", "dev", "eth0")
    with steps.step("its MAC address on another port is that device: no second visit, and one end for both"):
        _becomes(clone, phone)
        until(lambda: clone.udp_echo(WEB6, 4242, 5), "the clone to pass for the visitor", _PATIENCE_S, _LOOK_EVERY_S)
        online = {device for device, state in visits(site).items() if state == "online"}
        hold(online == {phone.mac}, f"online are {online}")
        shell.run(f"qaqpa end {phone.mac}")
        for device in (phone, clone):
            hold(not device.udp_echo(WEB6, 4242, timeout_s=2), "IPv6 is open after the end")
            hold(not device.udp_echo(WEB, 4242, timeout_s=2), "IPv4 is open after the end")
    for device in (phone, clone):
        device.disconnect()


def _fresh(number: int) -> str:
    return f"{PREFIX6}abcd:{number + 1:x}"


def _speaks_from(phone: Visitor, address: str, *how: str) -> None:
    """A further address. As a phone does: the old ones are not used for anything new, and stay for what goes on."""
    for other in phone.own_addresses():
        ip(phone.namespace, "address", "change", f"{other}/64", "dev", "eth0", "preferred_lft", "0")
    ip(phone.namespace, "address", "add", f"{address}/64", "dev", "eth0", *how)


def _waits_for(site: Site, phone: Visitor, address: str) -> None:
    """The phone has found nobody else there, and the visit has it, though nothing was sent yet."""
    until(lambda: address in phone.own_addresses(), f"{address} to be the phone's", _PATIENCE_S, _LOOK_EVERY_S)
    until(lambda: address in _recorded(site, phone), f"{address} to be the visit's", _PATIENCE_S, _LOOK_EVERY_S)


def _becomes(clone: Visitor, phone: Visitor) -> None:
    """The other's MAC address, so its lease, and the IPv6 address made from that, which it does not ask for."""
    clone.disconnect()
    clone.become(phone.mac)
    for interface in ("all", clone.interface):
        set_sysctl(clone.namespace, f"net/ipv6/conf/{interface}/accept_dad", "0")
    clone.connect(_PATIENCE_S)
    until(clone.own_addresses, "an IPv6 address of the clone", _PATIENCE_S, _LOOK_EVERY_S)


def _recorded(site: Site, phone: Visitor) -> set[str]:
    said = json.loads(site.machine.shell.run("qaqpa visits --json").text)
    return {address for visit in said if visit["device"] == phone.mac for address in visit["addresses"]}
