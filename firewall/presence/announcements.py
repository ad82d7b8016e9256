"""New IPv6 addresses of admitted devices, heard before their first packet: the gate knows whose they are when it comes.

A device that makes itself an address first asks on the link whether it is free (duplicate address detection, RFC 4862
5.4), and phones do so anew for each privacy address (RFC 8981). Whoever asked is written into the kernel's neighbour
table, as RFC 9131 would have first-hop routers do by what devices say later. From there ``presence.neighbours`` tells
it as it tells everything. Without it, the gate would learn an address by refusing its first packet.

An entry that there is already stays: to ask is no claim, and if the address is another's, that one answers. Must not
know: visits, sets, what follows.
"""

from __future__ import annotations

import contextlib
import errno
import logging
import socket
import struct
import time
from collections.abc import Callable
from ipaddress import IPv6Address, IPv6Network

from firewall.netlink import (
    NLM_F_ACK,
    NLM_F_CREATE,
    NLM_F_EXCL,
    NUD_STALE,
    RTM_NEWNEIGH,
    Netlink,
    attribute,
)
from firewall.presence import filters
from firewall.presence.allowance import Allowance
from firewall.presence.listening import Listening

log = logging.getLogger(__name__)

BURST = 256
PER_S = 50.0
"""How many are written down at once, and how many a second for long. Whoever forges more only makes the gate learn as
it would without us."""

_ETH_P_IPV6 = 0x86DD
_SENDER, _TARGET = slice(6, 12), slice(62, 78)  # of the frame; of the neighbour solicitation (RFC 4861 4.3)
_NEIGHBOUR = struct.Struct("=BxxxiHBB")  # struct ndmsg: family, interface, state, flags, type
_DST, _LLADDR = 1, 2


class Announcements:
    """Listens on one interface in a thread of its own.

    Args:
        network: the visitors'.
        admitted: whether the device of this MAC address is; asked in our thread. Of others nothing needs to be known.
        holder: the MAC address that is admitted under an address, None if none is; asked in our thread.
        now_s: a clock that nobody sets.
    """

    def __init__(
        self,
        lan_interface: str,
        network: IPv6Network,
        *,
        admitted: Callable[[str], bool],
        holder: Callable[[IPv6Address], str | None],
        now_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._interface = lan_interface
        self._admitted, self._holder, self._now_s = admitted, holder, now_s
        self._allowance = Allowance(BURST, PER_S, now_s())
        program = filters.first_words(network)
        self._listening = Listening(lan_interface, _ETH_P_IPV6, program, heard=self._heard, name="announcements")

    def start(self) -> None:
        """Listen from now on.

        Raises:
            KernelRefused: no such interface, or no CAP_NET_RAW.
        """
        self._listening.start()

    def stop(self) -> None:
        """Returns when the thread has ended. Harmless if it never started."""
        self._listening.stop()

    def _heard(self, frame: bytes) -> None:
        mac, address = frame[_SENDER], IPv6Address(frame[_TARGET])
        known = self._holder(address) is not None
        if self._admitted(mac.hex(":")) and not known and self._allowance.take(self._now_s()):
            self._write_down(mac, address)

    def _write_down(self, mac: bytes, address: IPv6Address) -> None:
        try:
            with contextlib.closing(Netlink(socket.NETLINK_ROUTE)) as kernel:
                # STALE: not confirmed yet; the kernel asks the device itself once it is used (RFC 4861 7.3.3).
                index = socket.if_nametoindex(self._interface)
                entry = _NEIGHBOUR.pack(socket.AF_INET6, index, NUD_STALE, 0, 0)
                about = attribute(_DST, address.packed) + attribute(_LLADDR, mac)
                kernel.ask(RTM_NEWNEIGH, NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL, entry + about)
        except OSError as error:
            if error.errno != errno.EEXIST:
                log.info("%s of %s on %s is not written down: %s", address, mac.hex(":"), self._interface, error)
