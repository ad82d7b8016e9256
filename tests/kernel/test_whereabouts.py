"""The sources together: which evidence of one is believed against another."""

from __future__ import annotations

import queue
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from firewall.presence.evidence import Evidence, Proof
from firewall.presence.whereabouts import Whereabouts
from tests.kernel.venue import ADDRESSES, GATE, MACS, PATIENCE_S, VISITORS, pings, sh, until
from tests.lab.entering import inside

ONE, TWO, _ = VISITORS
ELSEWHERE = "02:00:00:00:00:77"
"""Behind no port that the bridge told of."""


def lease(mac: str, last_byte: int) -> str:
    return f"0 {mac} 10.77.0.{last_byte} * *\n"


@contextmanager
def watched(interface: str, path: Path) -> Iterator[tuple[Whereabouts, queue.Queue[Evidence]]]:
    came: queue.Queue[Evidence] = queue.Queue()
    whereabouts = Whereabouts(interface, path, None, came.put, lambda _: None)
    with inside(GATE):
        whereabouts.start({})
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
        assert came.get(timeout=PATIENCE_S) == Evidence(ELSEWHERE, True, Proof.LEASE)
        assert came.empty()
        # What DHCP says against the device is passed on, wherever it is.
        path.write_text(lease(ELSEWHERE, 77))
        assert came.get(timeout=PATIENCE_S) == Evidence(MACS[ONE], False, Proof.LEASE)


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
