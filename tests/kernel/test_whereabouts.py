"""The sources together: which evidence of one is believed against another."""

from __future__ import annotations

import queue
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from ipaddress import IPv4Address, IPv4Interface, IPv6Address, IPv6Interface
from pathlib import Path

import pytest

from firewall.presence.evidence import Address, Evidence, Proof
from firewall.presence.whereabouts import Network, Whereabouts
from tests.edge.firewall.access_point import AccessPoint
from tests.kernel.venue import ADDRESSES, GATE, MACS, PATIENCE_S, VISITORS, pings, sh, until
from tests.lab.entering import inside

ONE, TWO, _ = VISITORS
ELSEWHERE = "02:00:00:00:00:77"
"""Behind no port that the bridge told of."""


@pytest.fixture
def point(venue: object, tmp_path: Path) -> Iterator[AccessPoint]:
    """An access point of ours whose BSS is the bridge's port p1."""
    del venue
    made = AccessPoint(tmp_path / "hostapd", "p1", ["ip", "netns", "exec", GATE])
    yield made
    made.stop(kill=True)


def lease(mac: str, last_byte: int) -> str:
    return f"0 {mac} 10.77.0.{last_byte} * *\n"


@contextmanager
def watched(
    interface: str,
    path: Path,
    learnt: Callable[[Address], None] = lambda _: None,
    held: Mapping[str, Collection[IPv4Address | IPv6Address]] | None = None,
) -> Iterator[tuple[Whereabouts, queue.Queue[Evidence]]]:
    came: queue.Queue[Evidence] = queue.Queue()
    whereabouts = Whereabouts(
        Network(interface, IPv4Interface("10.77.0.1/16"), IPv6Interface("fd77::1/64")),
        path,
        path.parent / "hostapd",
        deliver=came.put,
        learnt=learnt,
        answered=lambda _: None,
    )
    with inside(GATE):
        whereabouts.start({}, held or {})
    try:
        yield whereabouts, came
    finally:
        whereabouts.stop()


@pytest.mark.usefixtures("venue")
def test_a_device_whose_port_is_gone_is_not_brought_back_by_a_late_lease(tmp_path: Path) -> None:
    path = tmp_path / "leases"
    path.touch()
    with watched("br-lan", path) as (whereabouts, came):
        assert pings(ONE, "10.77.0.1", 5)
        until(lambda: whereabouts.port_of(MACS[ONE]) == "p1", "the bridge to tell of the device")
        sh("ip link set eth0 down", ONE)
        until(lambda: whereabouts.port_of(MACS[ONE]) is None, "the leave")
        while not came.empty():
            came.get()
        path.write_text(lease(MACS[ONE], 11) + lease(ELSEWHERE, 77))
        while (said := came.get(timeout=PATIENCE_S)) != Evidence(ELSEWHERE, True, Proof.LEASE):
            assert said.mac != MACS[ONE]  # the other visitors' chatter
        assert whereabouts.port_of(MACS[ONE]) is None
        assert not any(came.get().mac == MACS[ONE] for _ in range(came.qsize()))


@pytest.mark.usefixtures("venue")
def test_an_address_held_before_the_start_is_not_its_next_users_alone(tmp_path: Path) -> None:
    path, own = tmp_path / "leases", IPv6Address("fd77::77")
    path.touch()
    learnt: queue.Queue[Address] = queue.Queue()
    with watched("br-lan", path, learnt.put, {MACS[ONE]: frozenset({own})}) as (whereabouts, _):
        assert whereabouts.addresses_of(MACS[ONE]) == [own]
        sh(f"ip neigh replace {own} lladdr {MACS[TWO]} dev br-lan nud stale")
        while (heard := learnt.get(timeout=PATIENCE_S)).address != own:
            pass  # the visitors' chatter
        assert heard == Address(MACS[TWO], own, previous=MACS[ONE])
        assert whereabouts.addresses_of(MACS[ONE]) == []


@pytest.mark.usefixtures("venue")
def test_without_ports_leases_alone_tell(tmp_path: Path) -> None:
    path = tmp_path / "leases"
    path.write_text(lease(MACS[ONE], 11))
    with watched("wan0", path) as (whereabouts, came):
        assert whereabouts.address_of(MACS[ONE]) == ADDRESSES[ONE]
        assert not whereabouts.lacks_lease(MACS[ONE])
        assert whereabouts.lacks_lease(MACS[TWO])
        path.write_text(lease(MACS[ONE], 11) + lease(MACS[TWO], 12))
        assert came.get(timeout=PATIENCE_S) == Evidence(MACS[TWO], True, Proof.LEASE)


@pytest.mark.usefixtures("venue")
def test_a_station_that_left_for_another_port_has_not_left(tmp_path: Path, point: AccessPoint) -> None:
    path = tmp_path / "leases"
    path.touch()
    roamer, walker = "02:00:00:00:00:78", "02:00:00:00:00:79"
    for mac in (roamer, walker):
        point.connect(mac)
        sh(f"bridge fdb replace {mac} dev p1 master dynamic")
    with watched("br-lan", path) as (whereabouts, came):
        assert "stations" in [source.name for source in whereabouts.sources() if source.live]
        # To a foreign access point behind p3, as the bridge learns from its first packet; ours notices later.
        sh(f"bridge fdb replace {roamer} dev p3 master dynamic")
        until(lambda: whereabouts.port_of(roamer) == "p3", "the bridge to tell of the move")
        while not came.empty():
            came.get()
        point.disconnect(roamer)
        point.disconnect(walker)
        said = came.get(timeout=PATIENCE_S)
        while said.mac not in (roamer, walker):
            said = came.get(timeout=PATIENCE_S)  # the visitors' chatter
        assert said == Evidence(walker, False, Proof.STATION, "p1")
        # Who left with a BSS is not brought back by a late lease either.
        path.write_text(lease(walker, 12) + lease(ELSEWHERE, 77))
        while (said := came.get(timeout=PATIENCE_S)) != Evidence(ELSEWHERE, True, Proof.LEASE):
            assert said.mac not in (roamer, walker)


@pytest.mark.usefixtures("venue")
def test_every_source_says_whether_it_is_live(tmp_path: Path) -> None:
    with watched("wan0", tmp_path / "leases") as (whereabouts, _):
        sources = {source.name: source for source in whereabouts.sources()}
    assert {name for name, source in sources.items() if source.live} == {"neighbours", "probes", "releases"}
    assert "is no bridge" in sources["ports"].why
    assert "hostapd" in sources["stations"].why
    assert sources["wireless"].why
    assert "dnsmasq" in sources["leases"].why
