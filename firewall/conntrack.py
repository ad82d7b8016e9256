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
from typing import Any

from pyroute2.netlink import NLM_F_ACK, NLM_F_DUMP, NLM_F_REQUEST, NLMSG_DONE, NLMSG_ERROR
from pyroute2.netlink.exceptions import NetlinkError
from pyroute2.netlink.nfnetlink import NFNL_SUBSYS_CTNETLINK
from pyroute2.netlink.nfnetlink.nfctsocket import (
    IPCTNL_MSG_CT_DELETE,
    IPCTNL_MSG_CT_GET,
    NFCTSocket,
    nfct_msg,
    terminate_error_msg,
)

from firewall.errors import KernelRefused
from firewall.netlink import NESTED, Netlink, attribute

Address = IPv4Address | IPv6Address

_FEW = 16
"""Up to here the kernel is asked for each address's entries; beyond, one dump of the whole table is cheaper."""
_NETLINK_NETFILTER = 12  # linux/netlink.h; Python has no name for it
_PATIENCE_S = 10.0
_RECEIVE_BYTES = 1 << 17
_HEADER = struct.Struct("=IHHII")
_CANNOT = (errno.EINVAL, errno.EOPNOTSUPP)
# linux/netfilter/nfnetlink_conntrack.h; the flags of a filter name what of the tuple is compared. By hand, because
# pyroute2 takes longer for such a message than the kernel for a walk through an empty table.
_DELETE = NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_DELETE
_TUPLE_ORIG, _FILTER, _TUPLE_IP, _FILTER_ORIG_FLAGS = 1, 25, 1, 1
_SOURCE, _DESTINATION = 1, 2
"""Both the attribute of an IPv4 address in a tuple and the flag that has it compared."""
_FLAGS = struct.Struct("=I")
_IPV4 = bytes([socket.AF_INET, 0, 0, 0])
"""struct nfgenmsg."""


class Connections:
    """The kernel's connections in the current network namespace, over sockets that stay open. For one thread."""

    def __init__(self) -> None:
        # pyroute2's socket speaks of one family only.
        self._sockets: dict[int, Any] = {}
        self._raw = Netlink(_NETLINK_NETFILTER)
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
            self._delete_listed({str(address) for address in rest})
        except (NetlinkError, OSError) as error:
            self.close()
            raise KernelRefused("delete connections", str(error)) from error

    def close(self) -> None:
        """Give the sockets back."""
        for kernel in self._sockets.values():
            kernel.close()
        self._sockets.clear()
        self._raw.close()

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
                self._raw.ask(_DELETE, NLM_F_ACK, _IPV4 + ends + only)
            except OSError as error:
                if error.errno not in _CANNOT:
                    raise
                self._deletes_by_address = False
                return False
        return True

    def _delete_listed(self, wanted: set[str]) -> None:
        for family in {socket.AF_INET6 if ":" in text else socket.AF_INET for text in wanted}:
            # The whole table is listed by family, and compared here.
            for message in [message for message in _listed(family, wanted) if _ends(message) & wanted]:
                request = nfct_msg()
                # The tuple goes back as it came: whatever the protocol needs to be found again (ports, ICMP
                # identifier) is in it.
                request["attrs"].append(["CTA_TUPLE_ORIG", {"attrs": message.get_attr("CTA_TUPLE_ORIG")["attrs"]}])
                try:
                    self._ask_to_delete(family, request)
                except NetlinkError as error:
                    if error.code != errno.ENOENT:  # it ended by itself
                        raise

    def _kernel(self, family: int) -> Any:
        if family not in self._sockets:
            self._sockets[family] = NFCTSocket(nfgen_family=family)
        return self._sockets[family]

    def _ask_to_delete(self, family: int, request: Any) -> None:
        list(
            self._kernel(family).request(
                request, IPCTNL_MSG_CT_DELETE, msg_flags=NLM_F_REQUEST | NLM_F_ACK, terminate=terminate_error_msg
            )
        )


def _listed(family: int, wanted: set[str]) -> list[Any]:
    """The family's connections, at least those in which a wanted address occurs.

    pyroute2 needs seconds to decode ten thousand: so the kernel's bytes are looked through first, and only what holds
    an address's bytes is decoded.
    """
    needles = [socket.inet_pton(family, text) for text in wanted if (":" in text) == (family == socket.AF_INET6)]
    found = []
    for raw in _dumped(family):
        if len(needles) > _FEW or any(needle in raw for needle in needles):
            message = nfct_msg(raw)
            message.decode()
            found.append(message)
    return found


def _dumped(family: int) -> list[bytes]:
    messages: list[bytes] = []
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, _NETLINK_NETFILTER) as kernel:
        kernel.settimeout(_PATIENCE_S)
        kind = NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_GET
        # struct nlmsghdr and struct nfgenmsg (linux/netlink.h, linux/netfilter/nfnetlink.h)
        kernel.send(_HEADER.pack(20, kind, NLM_F_REQUEST | NLM_F_DUMP, 1, 0) + bytes([family, 0, 0, 0]))
        while True:
            data, offset = kernel.recv(_RECEIVE_BYTES), 0
            while offset + _HEADER.size <= len(data):
                length, said, *_ = _HEADER.unpack_from(data, offset)
                if said == NLMSG_DONE:
                    return messages
                if said == NLMSG_ERROR or length < _HEADER.size:
                    raise OSError(errno.EIO, "the kernel does not list its connections")
                messages.append(data[offset : offset + length])
                offset += (length + 3) & ~3


def _ends(message: Any) -> set[str]:
    """The addresses of a connection as the device knows itself: who opened it, to whom, and who answers."""
    version = "V6" if message["nfgen_family"] == socket.AF_INET6 else "V4"
    original = message.get_attr("CTA_TUPLE_ORIG").get_attr("CTA_TUPLE_IP")
    answering = message.get_attr("CTA_TUPLE_REPLY").get_attr("CTA_TUPLE_IP")
    return {
        original.get_attr(f"CTA_IP_{version}_SRC"),
        original.get_attr(f"CTA_IP_{version}_DST"),
        answering.get_attr(f"CTA_IP_{version}_SRC"),
    }
