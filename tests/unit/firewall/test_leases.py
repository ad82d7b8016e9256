"""dnsmasq's lease file: what is in it, and what its changes mean."""

from __future__ import annotations

import queue
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from ipaddress import IPv4Address
from pathlib import Path

from firewall.presence.evidence import Evidence, Proof
from firewall.presence.leases import Lease, Leases, leases

ONE, TWO = "02:00:00:00:00:01", "02:00:00:00:00:02"
LINE_ONE = f"1767225600 {ONE} 10.77.0.10 phone 01:{ONE}\n"
LINE_TWO = f"0 {TWO.upper()} 10.77.0.100 * *\n"


def test_reading(tmp_path: Path) -> None:
    path = tmp_path / "leases"
    path.write_text(
        LINE_ONE
        + LINE_TWO
        + f"1767225599 {ONE} 10.77.0.9 phone *\n"  # an older lease of the same device
        + f"soon {ONE} 10.77.0.11 * *\n"
        + "1767225600 06-02:00:00:00:00:03 10.77.0.12 * *\n"  # not Ethernet
        + "duid 00:01:00:01:2c:00\n"
        + "1767225600 66051 fd77::10 phone 00:01:00:01\n"
        + "\n\xff\n"
        + "1767225600 02:00:00:00:00:04 10.77.0.1"  # being written: might become 10.77.0.13
    )
    assert leases(path) == {
        ONE: Lease(IPv4Address("10.77.0.10"), 1767225600),
        TWO: Lease(IPv4Address("10.77.0.100"), 0),
    }


@contextmanager
def watched(path: Path) -> Iterator[tuple[Leases, queue.Queue[Evidence]]]:
    came: queue.Queue[Evidence] = queue.Queue()
    watch = Leases(path, came.put, interval_s=0.01, settle_s=0.1)
    watch.start()
    try:
        yield watch, came
    finally:
        watch.stop()


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def test_a_vanished_lease_is_a_leave_and_a_moved_one_is_not(tmp_path: Path) -> None:
    path = tmp_path / "leases"
    path.write_text(LINE_ONE + LINE_TWO)
    with watched(path) as (watch, came):
        assert watch.address_of(ONE) == IPv4Address("10.77.0.10")
        path.write_text(LINE_ONE.replace("10.77.0.10", "10.77.0.20") + LINE_TWO)
        until(lambda: watch.address_of(ONE) == IPv4Address("10.77.0.20"))
        path.write_text(LINE_TWO)
        assert came.get(timeout=10) == Evidence(ONE, False, Proof.LEASE)
        assert watch.address_of(ONE) is None
        assert watch.address_of(TWO) == IPv4Address("10.77.0.100")
        assert came.empty()
        path.write_text("")
        assert came.get(timeout=10) == Evidence(TWO, False, Proof.LEASE)


def test_a_file_seen_while_it_is_rewritten_ends_nobody(tmp_path: Path) -> None:
    path = tmp_path / "leases"
    path.write_text(LINE_ONE + LINE_TWO)
    with watched(path) as (watch, came):
        for _ in range(10):
            path.write_text("")
            time.sleep(0.02)  # as long as several looks, shorter than the time to settle
            path.write_text(LINE_ONE[:30])
            time.sleep(0.02)
            path.write_text(LINE_ONE + LINE_TWO)
        path.write_text(LINE_ONE.replace("10.77.0.10", "10.77.0.30") + LINE_TWO)
        until(lambda: watch.address_of(ONE) == IPv4Address("10.77.0.30"))
        assert came.empty()


def test_a_missing_file_is_no_news(tmp_path: Path) -> None:
    path = tmp_path / "leases"
    with watched(path) as (watch, came):
        assert watch.address_of(ONE) is None
        path.write_text(LINE_ONE)
        until(lambda: watch.address_of(ONE) is not None)
        path.unlink()
        time.sleep(0.3)
        assert came.empty()
        assert watch.address_of(ONE) is not None


def test_a_lease_of_this_moment_counts_at_once(tmp_path: Path) -> None:
    path = tmp_path / "leases"
    path.write_text(LINE_ONE)
    watch = Leases(path, lambda _: None, interval_s=3600)
    watch.start()
    try:
        one, two = IPv4Address("10.77.0.10"), IPv4Address("10.77.0.100")
        assert watch.fresh_address_of(ONE, one)
        assert not watch.fresh_address_of(TWO, two)
        path.write_text(LINE_ONE + LINE_TWO)
        assert watch.fresh_address_of(TWO, two)
        assert not watch.fresh_address_of(TWO, one)
        path.write_text("")  # being rewritten
        assert watch.fresh_address_of(ONE, one)
        path.write_text(LINE_ONE.replace(ONE, TWO))
        assert not watch.fresh_address_of(ONE, one)
        assert watch.fresh_address_of(TWO, one)
    finally:
        watch.stop()
