"""Forget a device's connections: what was decided for them (translation, redirection) must not outlive its admission.

Rules here never trust a connection's past for sending, so this is no lock; it makes an admitted device's old redirected
flows new ones, and cuts what a revoked device's peers go on sending. Must not know: sets, rules, visits.
"""

from __future__ import annotations

import errno
from collections.abc import Collection
from ipaddress import IPv4Address
from typing import Any

from pyroute2.netlink import NLM_F_ACK, NLM_F_REQUEST
from pyroute2.netlink.exceptions import NetlinkError
from pyroute2.netlink.nfnetlink.nfctsocket import (
    IPCTNL_MSG_CT_DELETE,
    NFCTAttrTuple,
    NFCTSocket,
    nfct_msg,
    terminate_error_msg,
)

from firewall.errors import KernelRefused

_FEW = 16
"""Up to here the kernel is asked for each address's entries; beyond, one dump of the whole table is cheaper."""


def forget(addresses: Collection[IPv4Address]) -> int:
    """Delete every connection that one of the addresses opened or was addressed in; returns how many.

    Raises:
        KernelRefused
    """
    if not addresses:
        return 0
    try:
        kernel = NFCTSocket()
        try:
            tuples = _few(kernel, addresses) if len(addresses) <= _FEW else _many(kernel, addresses)
            return sum(_delete(kernel, connection) for connection in tuples)
        finally:
            kernel.close()
    except (NetlinkError, OSError) as error:
        raise KernelRefused("delete connections", str(error)) from error


def _few(kernel: Any, addresses: Collection[IPv4Address]) -> list[Any]:
    # The kernel filters (CTA_FILTER, since 5.8). An older one ignores the filter, hence _many's comparison again.
    found = []
    for address in addresses:
        text = str(address)
        for wanted in (NFCTAttrTuple(saddr=text), NFCTAttrTuple(daddr=text)):
            found += [message for message in kernel.dump(tuple_orig=wanted) if _ends(message) & {text}]
        # A translated connection knows the device by its answers' source only. The kernel's filter on the answering
        # tuple was wrong for years, but nothing here translates *to* a device, so those are left to _many.
    return [message.get_attr("CTA_TUPLE_ORIG") for message in found]


def _many(kernel: Any, addresses: Collection[IPv4Address]) -> list[Any]:
    wanted = {str(address) for address in addresses}
    return [message.get_attr("CTA_TUPLE_ORIG") for message in list(kernel.dump()) if _ends(message) & wanted]


def _ends(message: Any) -> set[str]:
    """The addresses of a connection as the device knows itself: who opened it, to whom, and who answers."""
    original = message.get_attr("CTA_TUPLE_ORIG").get_attr("CTA_TUPLE_IP")
    answering = message.get_attr("CTA_TUPLE_REPLY").get_attr("CTA_TUPLE_IP")
    return {
        original.get_attr("CTA_IP_V4_SRC"),
        original.get_attr("CTA_IP_V4_DST"),
        answering.get_attr("CTA_IP_V4_SRC"),
    }


def _delete(kernel: Any, connection: Any) -> int:
    # The tuple goes back as it came: whatever the protocol needs to be found again (ports, ICMP identifier) is in it.
    request = nfct_msg()
    request["attrs"].append(["CTA_TUPLE_ORIG", {"attrs": connection["attrs"]}])
    try:
        list(
            kernel.request(
                request, IPCTNL_MSG_CT_DELETE, msg_flags=NLM_F_REQUEST | NLM_F_ACK, terminate=terminate_error_msg
            )
        )
    except NetlinkError as error:
        if error.code == errno.ENOENT:  # it ended by itself, or two of our filters found it
            return 0
        raise
    return 1
