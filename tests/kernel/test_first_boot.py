"""The box's own network by the programs that are there: a new box finds its uplink, and networkd does as we write."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from appliance.cli import main
from appliance.config import load
from tests.kernel.test_dhcp_look import dnsmasq
from tests.kernel.venue import GATE, Venue, sh, until
from tests.lab.entering import inside

BOX = "ktbox"


def test_a_new_box_finds_its_uplink_by_itself(venue: Venue, tmp_path: Path) -> None:
    del venue
    sh("ip link del br-lan && ip addr flush dev wan0 && for p in p1 p2 p3; do ip link set $p up; done")
    path = tmp_path / "qaqpa.toml"
    command = ["first-boot", "--config", str(path), "--state", str(tmp_path / "state"), "--wait", "60"]
    with dnsmasq(tmp_path / "leases"), inside(GATE):
        first = CliRunner().invoke(main, command)
        again = CliRunner().invoke(main, command)
    assert first.exit_code == again.exit_code == 0, first.output + again.output
    assert "offered, rest" in first.output and "as it was" in again.output
    config = load(path)
    assert (config.wan.interface, config.console.interface) == ("wan0", "wan0")
    assert config.lan.ports == ("p1", "p2", "p3")
    assert (tmp_path / "state" / "console" / "claim").stat().st_mode & 0o077 == 0


@pytest.fixture
def box() -> Iterator[str]:
    """A namespace with three ports, of which two have something plugged in."""
    subprocess.run(["ip", "netns", "add", BOX], check=True)
    try:
        for number in (0, 1, 2):
            sh(f"ip link add eth{number} type veth peer name far{number}", BOX)
        sh("ip link set lo up && ip link set far0 up && ip link set far1 up", BOX)
        yield BOX
    finally:
        subprocess.run(["ip", "netns", "del", BOX], check=True)


def test_networkd_makes_the_bridge_as_it_is_written(box: str, tmp_path: Path) -> None:
    path, target = tmp_path / "qaqpa.toml", tmp_path / "network"
    path.write_text('[lan]\nports = ["eth1", "eth2"]\n[wan]\ninterface = "eth0"\n[console]\ninterface = "eth0"\n')
    told = CliRunner().invoke(main, ["network", "--config", str(path), "--target", str(target)])
    assert told.exit_code == 0, told.output
    # A /sys that nobody may write to tells networkd that no udev announces the ports.
    script = f"""
        mount -o remount,bind,ro /sys
        mount -t tmpfs tmpfs /run
        mkdir /run/systemd
        cp -r {target} /run/systemd/network
        exec /usr/lib/systemd/systemd-networkd
    """
    command = ["ip", "netns", "exec", box, "unshare", "-m", "--propagation", "private", "sh", "-ec", script]
    with (tmp_path / "log").open("w") as log, subprocess.Popen(command, stdout=log, stderr=log) as networkd:
        try:
            until(lambda: ports_of_the_bridge() == {"eth1": True, "eth2": True}, "both ports on the bridge, isolated")
            until(lambda: "10.77.0.1/16" in sh("ip -br addr show br-lan", box), "the gate's address")
            (bridge,) = json.loads(sh("ip -d -j link show br-lan", box))
            assert bridge["linkinfo"]["info_data"]["stp_state"] == 0
            assert bridge["linkinfo"]["info_data"]["forward_delay"] == 0
            assert bridge["address"] not in sh("ip -br link show type veth", box)
            # What is not plugged in is there all the same, and no port speaks for itself.
            assert sh("ip -br addr show eth1", box).split()[2:] == []
        finally:
            networkd.terminate()
    said = (tmp_path / "log").read_text()
    assert "Unknown" not in said and "Failed to parse" not in said, said


def ports_of_the_bridge() -> dict[str, bool]:
    """Name → whether it is kept apart from the others."""
    told = json.loads(sh("ip -d -j link show", BOX))
    return {
        each["ifname"]: bool(each["linkinfo"]["info_slave_data"]["isolated"])
        for each in told
        if each.get("master") == "br-lan"
    }


def test_what_is_not_wanted_any_more_goes_and_a_wrong_configuration_lets_every_port_ask(tmp_path: Path) -> None:
    path, target = tmp_path / "qaqpa.toml", tmp_path / "network"
    path.write_text('[lan]\nports = ["eth1"]\n[wan]\ninterface = "eth0.10"\n')
    command = ["network", "--config", str(path), "--target", str(target)]
    assert CliRunner().invoke(main, command).exit_code == 0
    (target / "10-yours.network").write_text("yours")
    path.write_text("lan = 1")
    told = CliRunner().invoke(main, command)
    assert told.exit_code == 0 and "every wired port asks" in told.output
    assert {each.name for each in target.iterdir()} == {"10-yours.network", "50-qaqpa-any.network"}
    again = CliRunner().invoke(main, command)
    assert "50-qaqpa-any.network: as before" in again.output
