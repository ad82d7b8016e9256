"""The LAN bridge keeps the MAC address it has: visitors' neighbour tables remember the gate by it.

Left alone, a Linux bridge takes the lowest MAC address among its ports, so that it changes when a port comes or goes
(an access point's radio, a USB adapter), and every phone talks to nobody until its neighbour table notices. An address
that was set stays. Must not know: ports, rules, who is admitted.
"""

from __future__ import annotations

from pathlib import Path

from firewall import links
from firewall.errors import KernelRefused

_SET = "3"
"""NET_ADDR_SET of linux/netdevice.h, which the kernel tells in sysfs alone."""


class BridgeAddress:
    """For one bridge. For one thread."""

    def __init__(self, bridge: str) -> None:
        self._bridge = bridge
        self._held: int | None = None

    def hold(self) -> None:
        """From now on the bridge's MAC address is this one. Nothing happens where it is set already, or no bridge is.

        Raises:
            KernelRefused
        """
        try:
            link = next((link for link in links.links() if link.name == self._bridge), None)
            index = link.index if link else None
            # Once for each interface: setting, even to the same, makes the kernel forget who its neighbours are.
            if link is not None and index != self._held and not self._is_set() and link.kind == "bridge":
                links.keep_mac(link)
            self._held = index
        except OSError as error:
            raise KernelRefused(f"hold the MAC address of {self._bridge}", str(error)) from error

    def _is_set(self) -> bool:
        told = Path(f"/sys/class/net/{self._bridge}/addr_assign_type")
        return told.exists() and told.read_text(encoding="ascii").strip() == _SET
