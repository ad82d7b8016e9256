"""Who configures a port, by the files of NetworkManager, ifupdown and systemd-networkd as these write them."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance.port_holders import NETWORK_MANAGER, holder

INTERFACES = """\
# The primary network interface
source /etc/network/interfaces.d/*
auto lo
iface lo inet loopback
allow-hotplug enp1s0
iface enp1s0 inet dhcp
"""


def write(root: Path, path: str, text: str) -> None:
    file = root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")


@pytest.mark.parametrize(
    ("path", "text", "expected"),
    [
        ("etc/network/interfaces", INTERFACES, "/etc/network/interfaces"),
        ("etc/network/interfaces.d/uplink", "iface enp1s0 inet static\n", "/etc/network/interfaces.d/uplink"),
        ("etc/network/interfaces", "#iface enp1s0 inet dhcp\niface enp1s0np0 inet dhcp\n", ""),
        ("run/NetworkManager/devices/2", "[device]\nmanaged=true\nnm-owned=false\n", NETWORK_MANAGER),
        ("run/NetworkManager/devices/2", "[device]\nmanaged=false\n", ""),
        ("run/NetworkManager/devices/3", "[device]\nmanaged=true\n", ""),
        (
            "run/systemd/netif/links/2",
            "ADMIN_STATE=configured\nNETWORK_FILE=/etc/systemd/network/20-wired.network\n",
            "/etc/systemd/network/20-wired.network",
        ),
        ("run/systemd/netif/links/2", "NETWORK_FILE=/run/systemd/network/50-qaqpa-uplink.network\n", ""),
        ("run/systemd/netif/links/2", "ADMIN_STATE=unmanaged\n", ""),
    ],
)
def test_who_configures_a_port(tmp_path: Path, path: str, text: str, expected: str) -> None:
    write(tmp_path, path, text)
    assert holder("enp1s0", 2, tmp_path) == expected


def test_nobody_does_on_a_machine_that_has_none_of_them(tmp_path: Path) -> None:
    assert holder("enp1s0", 2, tmp_path) == ""
