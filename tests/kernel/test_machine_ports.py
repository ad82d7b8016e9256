"""The ports of a machine as its kernel has them: plugged, unplugged, in a bridge, with the way to the Internet."""

from __future__ import annotations

from appliance.steward.ports import ports
from appliance.steward.wire import NetworkPort
from tests.kernel.venue import GATE, GATE_LAN, GATE_WAN, SERVER, Venue, sh, until
from tests.lab.entering import inside


def seen() -> dict[str, NetworkPort]:
    """Those of the venue's gate, by name."""
    with inside(GATE):
        return {port.name: port for port in ports().ports}


def test_ports_are_told_with_what_is_plugged_in(venue: Venue) -> None:
    del venue
    assert set(seen()) == {"wan0", "p1", "p2", "p3"}
    wan, one = seen()["wan0"], seen()["p1"]
    assert (wan.bridge, wan.carrier, wan.wireless, wan.default_route) == ("", True, False, False)
    assert wan.addresses == (f"{GATE_WAN}/24", "2001:db8::1/64")
    assert (one.bridge, f"{GATE_LAN}/16" in one.addresses, one.default_route) == ("br-lan", True, False)
    assert wan.mac == sh("cat /sys/class/net/wan0/address").strip()


def test_a_cable_that_is_pulled_and_a_way_that_comes(venue: Venue) -> None:
    del venue
    sh("ip link set eth0 down", "ktv1")
    until(lambda: not seen()["p1"].carrier, "the pulled cable")
    assert seen()["p2"].carrier
    sh(f"ip route add default via {SERVER}")
    assert [name for name, port in seen().items() if port.default_route] == ["wan0"]
    sh("ip route del default")
    sh("ip route add default nexthop via 10.77.0.9 dev br-lan nexthop via 10.77.0.8 dev br-lan")
    assert [name for name, port in seen().items() if port.default_route] == ["p1", "p2", "p3"]
    sh(f"ip route replace default nexthop via {SERVER} dev wan0 nexthop via 10.77.0.8 dev br-lan")
    assert [name for name, port in seen().items() if port.default_route] == ["wan0", "p1", "p2", "p3"]


def test_what_nobody_can_plug_into_is_no_port(venue: Venue) -> None:
    del venue
    sh("ip link add ifb7 type ifb && ip link add br7 type bridge")
    assert set(seen()) == {"wan0", "p1", "p2", "p3"}
