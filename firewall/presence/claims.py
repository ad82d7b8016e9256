"""Who claims by ARP an address that the gate has bound to another device: heard on the LAN, told once.

    >>> Claims("br-lan", network, holder=holder, leased=leased, deliver=print).start()          # doctest: +SKIP
    Claim(mac='02:00:00:00:00:02', address=IPv4Address('10.77.0.10'), holder='02:00:00:00:00:01')

The kernel refuses such a claim by itself (``firewall.binding``, the set that binds address and MAC address) and so says
nothing of it in the neighbour table; this is for the record. A claim is the sender's pair of addresses in whatever ARP
message: kernels learn from requests and answers alike (RFC 826), and an announcement is a request (RFC 5227 3). A probe
has no sender address and claims nothing. IPv6 needs no such listener: ``presence.neighbours`` sees its claims.

A flood costs next to nothing: what cannot be a visitor's address ends in the kernel's filter. Must not know: visits,
what follows.
"""

from __future__ import annotations

import struct
import time
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network

from firewall.devices import is_device
from firewall.presence import filters
from firewall.presence.allowance import Allowance
from firewall.presence.listening import Listening

REMEMBERED = 4096
"""How many pairs of address and claimant are remembered; the oldest gives way."""
REPEAT_S = 60.0
"""How long the same pair is not judged again."""
BURST = 32
PER_S = 1.0
"""How many claims are told at once, and how many a second for long: enough to tell of who forges a thousand senders."""

_ETH_P_ARP = 0x0806
# RFC 826, behind Ethernet's header: hardware, protocol, their addresses' lengths, what it is, the sender's addresses.
_ARP = struct.Struct("!HHBBH6s4s")
_ETHERNET_BYTES = 14
_KIND = (1, 0x0800, 6, 4)  # Ethernet and IPv4


@dataclass(frozen=True)
class Claim:
    """A device says that it has an address which the gate has bound to another."""

    mac: str
    """The claimant's, by its own word. Lower case, like ``02:00:00:00:00:01``."""
    address: IPv4Address
    holder: str
    """The MAC address of the device that is admitted under it."""


class Claims:
    """Listens on one interface in a thread of its own.

    Args:
        network: the visitors'.
        holder: the MAC address that is admitted under an address, None if none is; asked in our thread.
        leased: whether DHCP gave this MAC address this address, so that it moved there rightfully; asked in our thread.
        deliver: called in our thread.
        now_s: a clock that nobody sets.
    """

    def __init__(
        self,
        lan_interface: str,
        network: IPv4Network,
        *,
        holder: Callable[[IPv4Address], str | None],
        leased: Callable[[str, IPv4Address], bool],
        deliver: Callable[[Claim], None],
        now_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._holder, self._leased, self._deliver, self._now_s = holder, leased, deliver, now_s
        self._judged: dict[tuple[str, IPv4Address], float] = {}
        """When each pair was judged, the one judged last at the end."""
        self._allowance = Allowance(BURST, PER_S, now_s())
        self._listening = Listening(
            lan_interface, _ETH_P_ARP, filters.arp_claims(network), heard=self.heard, name="claims"
        )

    def start(self) -> None:
        """Listen from now on.

        Raises:
            KernelRefused: no such interface, or no CAP_NET_RAW.
        """
        self._listening.start()

    def stop(self) -> None:
        """Returns when the thread has ended. Harmless if it never started."""
        self._listening.stop()

    def heard(self, frame: bytes) -> None:
        """Judge one frame; what is no claim, or was told already, is passed over."""
        pair = sender(frame)
        if pair is None:
            return
        mac, address = pair
        holder = self._holder(address)
        if holder is None or holder == mac:
            return
        now_s = self._now_s()
        if now_s - self._judged.get(pair, -REPEAT_S) < REPEAT_S:
            return
        if not self._allowance.take(now_s):
            return  # not remembered: it is told when it is made again
        self._judged.pop(pair, None)
        self._judged[pair] = now_s
        if len(self._judged) > REMEMBERED:
            del self._judged[next(iter(self._judged))]
        if not self._leased(mac, address):
            self._deliver(Claim(mac, address, holder))


def sender(frame: bytes) -> tuple[str, IPv4Address] | None:
    """The pair of addresses that an ARP frame's sender claims to have; None if it is no such frame.

    >>> sender(bytes(14) + bytes.fromhex("0001 0800 06 04 0002 020000000001 0a4d000a") + bytes(10))
    ('02:00:00:00:00:01', IPv4Address('10.77.0.10'))
    """
    if len(frame) < _ETHERNET_BYTES + 28:
        return None
    *kind, _, mac_bytes, ip_bytes = _ARP.unpack_from(frame, _ETHERNET_BYTES)
    mac = mac_bytes.hex(":")
    if tuple(kind) != _KIND or not is_device(mac):
        return None
    return mac, IPv4Address(ip_bytes)
