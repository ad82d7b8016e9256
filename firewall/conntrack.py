"""Forget a device's connections: what was decided for them (translation, redirection) must not outlive its admission.

Rules here never trust a connection's past for sending, so this is no lock; it makes an admitted device's old redirected
flows new ones, and cuts what a revoked device's peers go on sending. Must not know: sets, rules, visits.
"""

from __future__ import annotations

import errno
import socket
import struct
from collections.abc import Collection
from ipaddress import IPv4Address, IPv6Address

from firewall.errors import KernelRefused
from firewall.netlink import (
    HEADER,
    NESTED,
    NETLINK_NETFILTER,
    NLM_F_ACK,
    NLM_F_DUMP,
    Netlink,
    attribute,
    attributes,
    messages,
)

Address = IPv4Address | IPv6Address

_FEW = 16
"""Up to here the kernel is asked for each address's entries; beyond, one dump of the whole table is cheaper."""
_CANNOT = (errno.EINVAL, errno.EOPNOTSUPP)
# linux/netfilter/nfnetlink_conntrack.h; the flags of a filter name what of the tuple is compared.
_GET, _DELETE = 1 << 8 | 1, 1 << 8 | 2
_TUPLE_ORIG, _TUPLE_REPLY, _FILTER, _TUPLE_IP, _FILTER_ORIG_FLAGS = 1, 2, 25, 1, 1
_SOURCE, _DESTINATION = 1, 2
"""Both the attribute of an IPv4 address in a tuple and the flag that has it compared."""
_ENDS: dict[int, tuple[int, int]] = {socket.AF_INET: (_SOURCE, _DESTINATION), socket.AF_INET6: (3, 4)}
"""The attributes of source and destination in a tuple."""
_FLAGS = struct.Struct("=I")
_IPV4 = bytes([socket.AF_INET, 0, 0, 0])
"""struct nfgenmsg."""


class Connections:
    """The kernel's connections in the current network namespace, over a socket that stays open. For one thread."""

    def __init__(self) -> None:
        self._kernel = Netlink(NETLINK_NETFILTER)
        self._deletes_by_address = True

    def forget(self, addresses: Collection[Address], to_them: bool = True) -> None:
        """Delete every connection that one of the addresses opened or, if ``to_them``, was addressed in.

        Each question to the kernel is a walk through its whole table (2 ms for 65,536 buckets, whatever they hold), so
        at an admission the second is spared: nothing can have been forwarded to a device that was not admitted.

        Raises:
            KernelRefused
        """
        if not addresses:
            return
        try:
            few = len(addresses) <= _FEW
            rest = [address for address in addresses if not (few and self._delete_of(address, to_them))]
            self._delete_listed({address.packed for address in rest})
        except OSError as error:
            self.close()
            raise KernelRefused("delete connections", str(error)) from error

    def close(self) -> None:
        """Give the socket back."""
        self._kernel.close()

    def _delete_of(self, address: Address, to_them: bool) -> bool:
        """A message or two, and the kernel finds and deletes by itself (CTA_FILTER for deletion, since 6.10).

        False: this kernel cannot. An older one takes the tuple for a whole one, which it is not, and refuses; it never
        takes the message for "delete everything".
        """
        # Never for IPv6: the kernel's comparison of IPv6 addresses is the wrong way round (ctnetlink_filter_match_tuple
        # takes ipv6_addr_cmp for a truth; tried on 6.18), so that everybody else's connections would be deleted.
        if not self._deletes_by_address or isinstance(address, IPv6Address):
            return False
        for end in (_SOURCE, _DESTINATION) if to_them else (_SOURCE,):
            ends = attribute(_TUPLE_ORIG | NESTED, attribute(_TUPLE_IP | NESTED, attribute(end, address.packed)))
            only = attribute(_FILTER | NESTED, attribute(_FILTER_ORIG_FLAGS, _FLAGS.pack(end)))
            try:
                self._kernel.ask(_DELETE, NLM_F_ACK, _IPV4 + ends + only)
            except OSError as error:
                if error.errno not in _CANNOT:
                    raise
                self._deletes_by_address = False
                return False
        return True

    def _delete_listed(self, wanted: set[bytes]) -> None:
        for family, length in ((socket.AF_INET, 4), (socket.AF_INET6, 16)):
            needles = {address for address in wanted if len(address) == length}
            if not needles:
                continue
            # The whole table is listed by family, and compared here.
            head = bytes([family, 0, 0, 0])
            for tuple_orig in _original_tuples(self._kernel.ask(_GET, NLM_F_DUMP, head), family, needles):
                try:
                    # Whatever of a connection needs to be found again (ports, ICMP identifier) is in it.
                    self._kernel.ask(_DELETE, NLM_F_ACK, head + attribute(_TUPLE_ORIG | NESTED, tuple_orig))
                except OSError as error:
                    if error.errno != errno.ENOENT:  # it ended by itself
                        raise


def _original_tuples(listed: bytes, family: int, wanted: set[bytes]) -> list[bytes]:
    """How those connections were opened in which a wanted address occurs: who opened it, to whom, or who answers."""
    found = []
    for message in messages(listed):
        # Seldom is it one of them: so the bytes are looked through before anything is taken apart.
        if len(wanted) <= _FEW and not any(address in message for address in wanted):
            continue
        said = dict(attributes(message[HEADER.size + len(_IPV4) :]))
        original, answering = said.get(_TUPLE_ORIG, b""), said.get(_TUPLE_REPLY, b"")
        ends = (*_addresses(original, family), _addresses(answering, family)[0])
        if not wanted.isdisjoint(ends):
            found.append(original)
    return found


def _addresses(told: bytes, family: int) -> tuple[bytes, bytes]:
    """Source and destination of a tuple."""
    ends = dict(attributes(dict(attributes(told)).get(_TUPLE_IP, b"")))
    source, destination = _ENDS[family]
    return ends.get(source, b""), ends.get(destination, b"")
