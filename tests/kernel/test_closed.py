"""Law 1 before the gate: what `qaqpa closed` loads lets nothing pass, whatever is switched on behind its back."""

from __future__ import annotations

import dataclasses
import ipaddress
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from firewall.closed import close
from firewall.gate import Gate
from firewall.settings import Settings
from tests.kernel.venue import (
    ADDRESSES,
    GATE,
    GATE_LAN,
    GATE_LAN6,
    GATE_WAN,
    MACS,
    OUTSIDE,
    PATIENCE_S,
    SERVER,
    SERVER6,
    Venue,
    connect,
    listener,
    pings,
    sh,
    until,
)
from tests.lab.entering import inside

ONE = "ktv1"
CONSOLE = 8443


@pytest.fixture
def forwarding(venue: Venue) -> Venue:
    """A machine that forwards to everybody, as it would if somebody switched it on; seen to do so."""
    sh("sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1")
    until(lambda: pings(ONE, SERVER) and pings(ONE, SERVER6), "the open machine forwards")
    return venue


def nothing_passes() -> bool:
    return not pings(ONE, SERVER) and not pings(ONE, SERVER6) and not pings(OUTSIDE, str(ADDRESSES[ONE]))


def shut_and_open_again(settings: Settings | None) -> None:
    """Closed, and then forwarding switched on by hand."""
    with inside(GATE):
        close(settings)
    assert sh("cat /proc/sys/net/ipv4/ip_forward /proc/sys/net/ipv6/conf/all/forwarding").split() == ["0", "0"]
    sh("sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1")


@pytest.mark.parametrize("known", [True, False])
def test_nothing_passes_though_forwarding_is_switched_on(forwarding: Venue, known: bool) -> None:
    shut_and_open_again(forwarding.settings if known else None)
    assert nothing_passes()
    # Nor by a rule of somebody else's that stands behind ours.
    sh("iptables-legacy -A FORWARD -j ACCEPT; ip6tables-legacy -A FORWARD -j ACCEPT")
    assert nothing_passes()


def test_visitors_reach_nothing_of_the_machine_itself(forwarding: Venue) -> None:
    shut_and_open_again(dataclasses.replace(forwarding.settings, lan6=ipaddress.IPv6Interface(f"{GATE_LAN6}/64")))
    assert not pings(ONE, GATE_LAN)
    assert not pings(ONE, GATE_LAN6)


def test_staff_find_the_console_where_the_configuration_says(venue: Venue) -> None:
    with listener(GATE, CONSOLE), inside(GATE):
        close(dataclasses.replace(venue.settings, console_interface="wan0", console_port=CONSOLE))
        connect(OUTSIDE, GATE_WAN, CONSOLE).close()
        with pytest.raises(TimeoutError):
            connect(ONE, GATE_LAN, CONSOLE, timeout_s=0.3)


@pytest.mark.usefixtures("venue")
def test_staff_find_the_console_when_no_configuration_can_be_read(tmp_path: Path) -> None:
    broken = tmp_path / "qaqpa.toml"
    broken.write_text("[lan]\ninterfaec = 'br-lan'\n")
    command = [str(Path(sys.executable).with_name("qaqpa")), "closed", "--config", str(broken)]
    with listener(GATE, CONSOLE), listener(GATE, 22):
        with inside(GATE):
            done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0
        assert "interfaec" in done.stderr
        connect(OUTSIDE, GATE_WAN, CONSOLE).close()
        with pytest.raises(TimeoutError):
            connect(OUTSIDE, GATE_WAN, 22, timeout_s=0.3)


def test_the_gate_takes_over_and_leaves_it_closed(venue: Venue, new_gate: Callable[..., Gate]) -> None:
    with inside(GATE):
        close(None)
        close(venue.settings)
        gate = new_gate(venue.settings)
        gate.setup()
        gate.admit(MACS[ONE], [ADDRESSES[ONE]])
        assert pings(ONE, SERVER, PATIENCE_S)
        # Said again while visits run: closed for them too, until the gate's next look.
        close(venue.settings)
        sh("sysctl -qw net.ipv4.ip_forward=1")
        assert not pings(ONE, SERVER)
        gate.sync({MACS[ONE]: frozenset({ADDRESSES[ONE]})})
        assert pings(ONE, SERVER, PATIENCE_S)


@pytest.mark.usefixtures("venue")
def test_rules_that_cannot_be_loaded_are_a_failure(tmp_path: Path) -> None:
    """systemd then leaves every interface down."""
    qaqpa = Path(sys.executable).with_name("qaqpa")
    without = ["setpriv", "--bounding-set=-net_admin", "--inh-caps=-net_admin", str(qaqpa), "closed"]
    with inside(GATE):
        done = subprocess.run([*without, "--config", str(tmp_path / "none")], capture_output=True, check=False)
    assert done.returncode == 1
