"""What a device's addresses may do to its visit: one of IPv4 by DHCP, several of IPv6 of its own making.

The part of ``appliance.session`` that neither begins nor ends a visit. Must not know: how an address is learnt.
"""

from __future__ import annotations

from msgspec.structs import replace

from appliance.events import AddressDisputed, AddressLearnt, DeviceMoved
from appliance.state import Visit, is_ipv6
from appliance.turn import Turn
from journal.entries import AddressClaimed

MAX_IPV6 = 16
"""IPv6 addresses a visit has at once; phones use a handful (RFC 8981 makes a new one a day), an attacker thousands."""

MAX_DISPUTED = 4 * MAX_IPV6
"""Disputed addresses that a visit remembers; the oldest gives way."""

ADDRESS_EVERY_MS = 60_000
"""How long each new IPv6 address counts, of which MAX_IPV6 may count at once: every one is an entry in the journal."""

MAX_CLAIMANTS = 8
"""Claimants of an IPv4 address whom a visit records: a MAC address is quickly invented, a journal is for good."""


def device_moved(turn: Turn, event: DeviceMoved) -> None:
    """The device goes on under the IPv4 address that DHCP gave it; the old one is closed."""
    state = turn.session.devices.get(event.device)
    if isinstance(state, Visit) and event.address not in state.addresses:
        before = tuple(address for address in state.addresses if not is_ipv6(address))
        turn.readdress(event.device, state, gone=before, come=event.address)


def address_learnt(turn: Turn, event: AddressLearnt) -> None:
    """IPv6 devices take addresses by themselves, new ones during a visit (RFC 8981): all of them are the visit's."""
    holder = turn.session.devices.get(event.previous) if event.previous else None
    if event.previous and isinstance(holder, Visit) and event.address in holder.addresses:
        return _claimed(turn, event.previous, holder, event.address, by=event.device)
    state = turn.session.devices.get(event.device)
    if not isinstance(state, Visit) or not is_ipv6(event.address):
        return
    now = turn.at.boot_ms
    many = state.new_addresses_until_boot_ms - now > (MAX_IPV6 - 1) * ADDRESS_EVERY_MS
    if event.address not in state.addresses and event.address not in state.disputed and not many:
        own = [address for address in state.addresses if is_ipv6(address)]
        oldest = tuple(own[: max(0, len(own) + 1 - MAX_IPV6)])
        until_ms = max(state.new_addresses_until_boot_ms, now) + ADDRESS_EVERY_MS
        state = replace(state, new_addresses_until_boot_ms=until_ms)
        turn.readdress(event.device, state, gone=oldest, come=event.address)


def address_disputed(turn: Turn, event: AddressDisputed) -> None:
    """A claim that the kernel has refused already."""
    state = turn.session.devices.get(event.device)
    if isinstance(state, Visit) and event.address in state.addresses:
        _claimed(turn, event.device, state, event.address, by=event.by)


def _claimed(turn: Turn, device: str, visit: Visit, address: str, by: str) -> None:
    """Another device says that an address of this visit is its own; recorded once, however often it says so."""
    # The kernel binds IPv4 to the MAC address: a claim is noise. IPv6 it may not: then neither may have it.
    kept = not is_ipv6(address)
    known = by in visit.claimants or len(visit.claimants) >= MAX_CLAIMANTS if kept else address in visit.disputed
    if known:
        return
    turn.record(AddressClaimed(visit=visit.visit, device=device, address=address, by=by, kept=kept))
    if kept:
        turn.put(device, replace(visit, claimants=(*visit.claimants, by)))
        return
    _lose(turn, device, visit, address)
    claimant = turn.session.devices.get(by)
    if isinstance(claimant, Visit):
        _lose(turn, by, claimant, address)


def _lose(turn: Turn, device: str, visit: Visit, address: str) -> None:
    """The visit may not have the address, now or when it is claimed once more."""
    if address in visit.disputed:
        return
    disputed = replace(visit, disputed=(*visit.disputed, address)[-MAX_DISPUTED:])
    if address in visit.addresses:
        turn.readdress(device, disputed, gone=(address,))
    else:
        turn.put(device, disputed)
