"""What this kernel can do, asked without changing anything of the running rules and sets.

    >>> asked()                                                             # doctest: +SKIP
    Abilities(mac_sets=True, nat6=True)

Must not know: settings, what follows from the answer.
"""

from __future__ import annotations

import errno
import socket
from typing import Any

from pyroute2 import IPSet
from pyroute2.netlink.exceptions import NetlinkError
from pyroute2.netlink.nfnetlink.ipset import IPSET_ERR_FIND_TYPE

from firewall import tables
from firewall.datapath import Abilities
from firewall.errors import KernelRefused
from firewall.rules import Family, TableName


def asked() -> Abilities:
    """This kernel's abilities; asking loads the modules that it has.

    Raises:
        KernelRefused: the kernel answers no question about sets.
    """
    return Abilities(mac_sets=_has_set_type("hash:mac"), nat6=tables.available(Family.IPV6, TableName.NAT))


def sentence(known: Abilities) -> str:
    """The abilities in words, for a log or a doctor."""
    way = (
        "IPv6 devices are known by their MAC addresses (sets of type hash:mac)"
        if known.mac_sets
        else "IPv6 devices are known by their addresses, learnt as neighbours (no sets of type hash:mac here)"
    )
    nat = "" if known.nat6 else "; no IPv6 translation here: the unadmitted are refused in IPv6, not redirected"
    return way + nat


def _has_set_type(name: str) -> bool:
    kernel: Any = IPSet()
    try:
        kernel.get_supported_revisions(name, family=socket.AF_UNSPEC)
    except NetlinkError as error:
        if error.code in (IPSET_ERR_FIND_TYPE, errno.ENOENT):
            return False
        raise KernelRefused(f"ask for the set type {name}", str(error)) from error
    except OSError as error:
        raise KernelRefused(f"ask for the set type {name}", str(error)) from error
    finally:
        kernel.close()
    return True
