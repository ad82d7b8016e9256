"""dnsmasq's lease file: what is in it, and what its changes mean."""

from __future__ import annotations

import queue
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from ipaddress import IPv4Address
from pathlib import Path

import pytest

from firewall.presence.evidence import Evidence, Proof
from firewall.presence.lease_file import Lease, leases
from firewall.presence.leases import Leases

ONE, TWO = "02:00:00:00:00:01", "02:00:00:00:00:02"
PATIENCE_S = 60.0
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


class Clock:
    """Two clocks: one that is set, one that nobody sets. Begins when the machine was up for 1000 s."""

    def __init__(self, utc_s: float = 1767220000.0) -> None:
        self.utc, self.boot = utc_s, 1000.0
        self.asked = 0
        """How often the boot clock was looked at: at least once at each look at the file, and not four times."""

    def utc_s(self) -> float:
        return self.utc

    def boot_s(self) -> float:
        self.asked += 1
        return self.boot

    def passes(self, seconds: float) -> None:
        self.utc += seconds
        self.boot += seconds


class Came(queue.Queue[Evidence]):
    """What was told, and the clock of who tells."""

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self.clock = clock


@contextmanager
def watched(path: Path, clock: Clock | None = None, settle_s: float = 0.1) -> Iterator[tuple[Leases, Came]]:
    clock = clock or Clock()
    came = Came(clock)
    watch = Leases(path, came.put, interval_s=0.01, settle_s=settle_s, utc_s=clock.utc_s, boot_s=clock.boot_s)
    watch.start()
    try:
        yield watch, came
    finally:
        watch.stop()


def line(number: int, expires_utc_s: int = 1767225600) -> str:
    return f"{expires_utc_s} {mac(number)} 10.77.1.{number} * *\n"


def mac(number: int) -> str:
    return f"02:00:00:00:01:{number:02x}"


def left(number: int) -> Evidence:
    return Evidence(mac(number), False, Proof.LEASE)


def nothing(came: Came) -> bool:
    """Nothing is told, though the file has settled and was looked at several times."""
    time.sleep(0.05)
    looks = came.clock.asked
    until(lambda: came.clock.asked > looks + 10)
    return came.empty()


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
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
        assert came.get(timeout=PATIENCE_S) == Evidence(ONE, False, Proof.LEASE)
        assert watch.address_of(ONE) is None
        assert watch.address_of(TWO) == IPv4Address("10.77.0.100")
        assert came.empty()
        path.write_text("")
        assert came.get(timeout=PATIENCE_S) == Evidence(TWO, False, Proof.LEASE)


def test_who_was_given_an_address_is_told_once(tmp_path: Path) -> None:
    path = tmp_path / "leases"
    path.write_text(LINE_ONE + LINE_TWO)
    with watched(path) as (watch, _):
        assert watch.newly_given() == {ONE, TWO}
        path.write_text(LINE_ONE.replace("10.77.0.10", "10.77.0.20") + LINE_TWO)
        until(lambda: watch.address_of(ONE) == IPv4Address("10.77.0.20"))
        assert watch.newly_given() == {ONE}
        path.write_text(LINE_ONE.replace("10.77.0.10", "10.77.0.20"))
        until(lambda: watch.address_of(TWO) is None)
        path.write_text(LINE_ONE.replace("10.77.0.10", "10.77.0.20") + LINE_TWO)
        until(lambda: watch.address_of(TWO) is not None)
        assert watch.newly_given() == {TWO}, "again, because it had none in between"


def test_who_stays_without_a_lease_loses_its_address_to_whom_it_is_given(tmp_path: Path) -> None:
    path = tmp_path / "leases"
    path.write_text(LINE_ONE)
    watch = Leases(path, lambda _: None, vanished=lambda *_: None, interval_s=0.01, settle_s=0.1)
    watch.start()
    try:
        path.write_text(LINE_TWO)
        until(lambda: watch.address_of(TWO) is not None)
        assert watch.address_of(ONE) == IPv4Address("10.77.0.10")
        path.write_text(LINE_ONE.replace(ONE, TWO))
        until(lambda: watch.address_of(TWO) == IPv4Address("10.77.0.10"))
        assert watch.address_of(ONE) is None
    finally:
        watch.stop()


def test_a_file_seen_while_it_is_rewritten_ends_nobody(tmp_path: Path) -> None:
    path = tmp_path / "leases"
    path.write_text(LINE_ONE + LINE_TWO)
    with watched(path, settle_s=1.5) as (watch, came):
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
        assert came.get(timeout=PATIENCE_S) == Evidence(ONE, True, Proof.LEASE)
        path.unlink()
        assert nothing(came)
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


def test_who_left_while_nobody_watched(tmp_path: Path) -> None:
    path = tmp_path / "leases"
    path.write_text(line(1) + line(2))
    with watched(path) as (watch, came):
        assert not watch.lacks_lease(mac(1))
        assert watch.lacks_lease(mac(3))
        path.write_text(line(1) + line(2) + line(3))
        until(lambda: not watch.lacks_lease(mac(3)))
        assert came.get(timeout=PATIENCE_S) == Evidence(mac(3), True, Proof.LEASE)


@pytest.mark.parametrize("content", [None, "unreadable", line(1)[:-1], line(1) + line(2)[:9]])
def test_a_file_that_cannot_be_believed_lacks_nobody(tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "leases"
    match content:
        case None:
            pass
        case "unreadable":
            path.mkdir()
        case _:
            path.write_text(content)
    with watched(path) as (watch, came):
        assert not watch.lacks_lease(mac(7))
        assert nothing(came)
        assert not watch.lacks_lease(mac(7))


def test_a_file_with_a_sudden_gap_lacks_nobody(tmp_path: Path) -> None:
    path = tmp_path / "leases"
    path.write_text("".join(map(line, range(9))))
    with watched(path) as (watch, _):
        assert watch.lacks_lease(mac(77))
        path.write_text(line(1))
        time.sleep(0.05)  # or it would be in doubt as just written
        assert not watch.lacks_lease(mac(77))


def test_an_empty_file_lacks_everybody(tmp_path: Path) -> None:
    path = tmp_path / "leases"
    path.touch()
    with watched(path) as (watch, _):
        assert watch.lacks_lease(mac(1))


def test_a_lease_between_two_looks_is_known_and_its_end_noticed(tmp_path: Path) -> None:
    path = tmp_path / "leases"
    path.write_text(line(1))
    came: queue.Queue[Evidence] = queue.Queue()
    clock = Clock()
    watch = Leases(path, came.put, interval_s=3600, settle_s=0.01, utc_s=clock.utc_s, boot_s=clock.boot_s)
    watch.start()

    def told() -> Evidence:
        def looked_at() -> bool:
            watch.given_back(mac(99))
            return not came.empty()

        until(looked_at)
        return came.get()

    try:
        path.write_text(line(1) + line(2))
        assert watch.fresh_address_of(mac(2), IPv4Address("10.77.1.2"))
        path.write_text(line(1))
        assert came.empty()  # no look yet
        assert told() == Evidence(mac(2), True, Proof.LEASE)
        assert told() == left(2)
        assert watch.address_of(mac(2)) is None
    finally:
        watch.stop()


def test_an_unchanged_file_is_not_read_again(tmp_path: Path) -> None:
    path = tmp_path / "leases"
    path.write_text(
        "".join(
            f"1767225600 02:00:00:01:{n >> 8:02x}:{n & 255:02x} 10.77.{n >> 8}.{n & 255} * *\n" for n in range(20000)
        )
    )
    watch = Leases(path, lambda _: None, interval_s=3600)
    watch.start()
    try:
        began = time.process_time()
        for _ in range(200):
            assert watch.fresh_address_of("02:00:00:01:00:07", IPv4Address("10.77.0.7"))
        assert time.process_time() - began < 2  # 20 s if each question read the file
    finally:
        watch.stop()


def test_a_returning_device_is_seen(tmp_path: Path) -> None:
    path = tmp_path / "leases"
    path.write_text(line(1) + line(2))
    with watched(path) as (_, came):
        path.write_text(line(2))
        assert came.get(timeout=PATIENCE_S) == left(1)
        path.write_text(line(2) + line(1))
        assert came.get(timeout=PATIENCE_S) == Evidence(mac(1), True, Proof.LEASE)
        path.write_text(line(2) + line(1, 1767229999))
        assert nothing(came)  # renewed: nothing new


def test_a_file_cut_off_by_a_full_disk_ends_nobody_for_a_while(tmp_path: Path) -> None:
    path, clock = tmp_path / "leases", Clock()
    whole = "".join(map(line, range(10)))
    path.write_text(whole)
    with watched(path, clock) as (watch, came):
        cut = whole[: whole.rindex("\n", 0, -1) - 5]  # two of ten
        path.write_text(cut)
        assert nothing(came)
        clock.passes(60)
        path.write_text(cut)  # tried again, the disk is still full
        assert nothing(came)
        clock.passes(60)
        assert nothing(came)
        assert watch.address_of(mac(9)) == IPv4Address("10.77.1.9")
        path.write_text(whole)
        assert nothing(came)
        path.write_text(cut)
        assert nothing(came)  # and in doubt anew
        clock.passes(91)
        assert {came.get(timeout=PATIENCE_S), came.get(timeout=PATIENCE_S)} == {left(8), left(9)}
        assert nothing(came)


def test_many_leases_gone_at_once_are_doubted_and_few_are_not(tmp_path: Path) -> None:
    path, clock = tmp_path / "leases", Clock()
    path.write_text("".join(map(line, range(10))))
    with watched(path, clock) as (_, came):
        path.write_text("".join(map(line, range(5))))
        assert {came.get(timeout=PATIENCE_S) for _ in range(5)} == set(map(left, range(5, 10)))
        path.write_text(line(0) + line(1))
        assert nothing(came)
        clock.passes(80)
        path.write_text(line(0) + line(1) + line(20))  # life goes on, the gap stays
        assert came.get(timeout=PATIENCE_S).present
        assert nothing(came)
        clock.passes(11)
        assert {came.get(timeout=PATIENCE_S) for _ in range(3)} == set(map(left, (2, 3, 4)))


def test_who_was_heard_to_release_is_in_no_doubt(tmp_path: Path) -> None:
    path, clock = tmp_path / "leases", Clock()
    path.write_text("".join(map(line, range(4))))
    with watched(path, clock) as (watch, came):
        watch.given_back(mac(1))
        watch.given_back(mac(2))
        clock.passes(5)
        path.write_text("")  # two have left, and nobody knows of the others
        assert {came.get(timeout=PATIENCE_S), came.get(timeout=PATIENCE_S)} == {left(1), left(2)}
        assert nothing(came)
        path.write_text(line(0) + line(3))
        assert nothing(came)
        clock.passes(11)
        watch.given_back(mac(0))
        clock.passes(11)  # what was heard so long ago explains nothing
        path.write_text("")
        assert nothing(came)


def test_a_clock_that_jumps_forward_ends_nobody(tmp_path: Path) -> None:
    path, clock = tmp_path / "leases", Clock()
    ends = int(clock.utc) + 3600
    path.write_text(line(1, ends) + line(2, ends))
    with watched(path, clock) as (watch, came):
        clock.utc += 30 * 86400
        path.write_text(line(2, ends))  # dnsmasq lets the first lease expire …
        assert nothing(came)
        assert watch.address_of(mac(1)) == IPv4Address("10.77.1.1")
        assert not watch.lacks_lease(mac(1))
        path.write_text(line(2, ends) + line(1, int(clock.utc) + 3600))  # … its device renews it
        assert nothing(came)
        path.write_text(line(1, int(clock.utc) + 3600))  # the second expires too, and its device is no more
        assert nothing(came)
        clock.passes(3590)
        assert nothing(came)
        clock.passes(10)
        assert came.get(timeout=PATIENCE_S) == left(2)
        assert watch.address_of(mac(2)) is None
        assert nothing(came)


def test_a_lease_whose_time_has_passed_is_a_leave(tmp_path: Path) -> None:
    path, clock = tmp_path / "leases", Clock()
    ends = int(clock.utc) + 3600
    path.write_text(line(1, ends) + line(2, ends + 9999))
    with watched(path, clock) as (_, came):
        clock.passes(3601)
        path.write_text(line(2, ends + 9999))
        assert came.get(timeout=PATIENCE_S) == left(1)
        path.write_text("")  # released before its time, by a clock that is right
        assert came.get(timeout=PATIENCE_S) == left(2)


def test_a_lease_from_before_the_clock_was_set_is_not_kept_for_ever(tmp_path: Path) -> None:
    """Booted in 1970, the lease file of today: the clock is set, dnsmasq lets what is old expire."""
    path, clock = tmp_path / "leases", Clock(utc_s=100.0)
    path.write_text(line(1) + line(2, 1799999999))
    with watched(path, clock) as (_, came):
        clock.utc = 1767230000
        path.write_text(line(2, 1799999999))
        assert nothing(came)
        clock.passes(604800)
        assert came.get(timeout=PATIENCE_S) == left(1)


def test_who_asks_decides_whether_a_vanished_lease_is_a_leave(tmp_path: Path) -> None:
    path, clock = tmp_path / "leases", Clock()
    path.write_text("".join(line(number, int(clock.utc) + 600) for number in range(4)))
    vanished: queue.Queue[tuple[str, IPv4Address, bool]] = queue.Queue()
    came = Came(clock)
    watch = Leases(
        path,
        came.put,
        vanished=lambda *lease: vanished.put(lease),
        interval_s=0.01,
        settle_s=0.1,
        utc_s=clock.utc_s,
        boot_s=clock.boot_s,
    )
    watch.start()
    try:
        one = IPv4Address("10.77.1.1")
        path.write_text("".join(line(number, int(clock.utc) + 600) for number in (0, 2, 3)))
        assert vanished.get(timeout=PATIENCE_S) == (mac(1), one, True)
        # As long as nobody says that it left, it is known under its address, and may have its lease again.
        assert (watch.address_of(mac(1)), watch.listed(mac(1)), watch.lacks_lease(mac(1))) == (one, False, False)
        assert watch.fresh_address_of(mac(1), one)
        for seconds in (601, 301):  # its time is over; asked again later
            clock.passes(seconds)
            assert vanished.get(timeout=PATIENCE_S) == (mac(1), one, False)
        assert came.empty()
        watch.forget(mac(2))  # it is listed
        watch.forget(mac(1))
        assert came.get(timeout=PATIENCE_S) == left(1)
        watch.forget(mac(1))
        assert (watch.address_of(mac(1)), watch.address_of(mac(2))) == (None, IPv4Address("10.77.1.2"))
        assert came.empty()
    finally:
        watch.stop()


def test_a_release_that_was_heard_does_not_wait_for_the_interval(tmp_path: Path) -> None:
    path = tmp_path / "leases"
    path.write_text(line(1) + line(2) + line(3))
    came: queue.Queue[Evidence] = queue.Queue()
    watch = Leases(path, came.put, interval_s=3600, settle_s=0.01)
    watch.start()
    try:
        path.write_text(line(1) + line(2))
        time.sleep(0.3)
        assert came.empty()
        watch.given_back(mac(99))
        assert came.get(timeout=PATIENCE_S) == left(3)
    finally:
        watch.stop()


@pytest.mark.parametrize("end", ["\x0b", "\x0c", "\x1c", "\x85", "\u2028", "\r"])
def test_a_host_name_begins_no_line(tmp_path: Path, end: str) -> None:
    path = tmp_path / "leases"
    path.write_bytes(f"1767225600 {ONE} 10.77.0.10 x{end}0 {mac(3)} 10.77.0.11 * *\n{LINE_TWO}".encode())
    assert leases(path) == {TWO: Lease(IPv4Address("10.77.0.100"), 0)}
