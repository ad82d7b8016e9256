"""Who configures a port of a machine that is already in use: NetworkManager, ifupdown, or a file of systemd-networkd's.

    >>> holder("enp1s0", 2)                                                # doctest: +SKIP
    '/etc/network/interfaces'

Two who configure one port undo each other's work. Changes nothing. Must not know: what a port is to be.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from appliance.render_network import PREFIX

NETWORK_MANAGER = "NetworkManager"
_IFACE = re.compile(r"^\s*iface\s+(\S+)", re.MULTILINE)
_FILE = re.compile(r"^NETWORK_FILE=(\S+)$", re.MULTILINE)


def holder(name: str, index: int, root: Path = Path("/")) -> str:
    """ "NetworkManager", or the file that names the port; "": nobody, or a file of our own.

    Args:
        index: the kernel's number of the port.
        root: where the machine's files are.
    """
    if "managed=true" in _text(root / f"run/NetworkManager/devices/{index}").splitlines():
        return NETWORK_MANAGER
    for file in _interfaces_files(root):
        # What ifupdown made of it while it ran does not matter: at the next boot it would do it again.
        if name in _IFACE.findall(_text(file)):
            return f"/{file.relative_to(root)}"
    by_networkd = _FILE.search(_text(root / f"run/systemd/netif/links/{index}"))
    return by_networkd[1] if by_networkd and not Path(by_networkd[1]).name.startswith(PREFIX) else ""


def _interfaces_files(root: Path) -> Iterator[Path]:
    """interfaces(5), with the folder that Debian's own file has it read."""
    yield root / "etc/network/interfaces"
    yield from sorted((root / "etc/network/interfaces.d").glob("*"))


def _text(path: Path) -> str:
    """ "": it is not there, or not for reading."""
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
