"""What passed is recorded once, whoever dies in between: the engine with a real journal and a kernel that counts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from ipaddress import IPv6Address
from pathlib import Path

import pytest

from appliance import wire
from appliance.events import AddressLearnt, DeviceLeft, DeviceSeen
from appliance.inbox import Role
from appliance.state import Terms
from appliance.wire import EndVisit, ListVisits, Look, Phase
from journal.entries import VisitUsed
from journal.visits import entries, visits
from tests.edge.appliance.venue import ADDRESS, PHONE, Core

IPV6 = "fd77::10"
NewCore = Callable[..., Core]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.db"


@pytest.fixture
def new_core(path: Path) -> Iterator[NewCore]:
    """Makes a core on one and the same journal file; the one before must have crashed."""
    made: list[Core] = []

    def make(terms: Terms | None = None, after: Core | None = None, boot_id: str = "boot-1") -> Core:
        core = Core(path, terms, boot_id)
        made.append(core)
        if after is not None:
            core.now = after.now
            if boot_id == "boot-1":  # the kernel lives on
                core.kernel.admitted, core.kernel.passed = after.kernel.admitted, after.kernel.passed
        core.start()
        return core

    yield make
    for core in made:
        core.crash()


def used(path: Path) -> list[tuple[int | None, int | None, bool]]:
    """The entries of what was used: bytes up, bytes down, complete."""
    told = [entry for _, _, entry in entries(path) if isinstance(entry, VisitUsed)]
    return [(entry.up_bytes, entry.down_bytes, entry.complete) for entry in told]


def leave(core: Core) -> None:
    core.happen(DeviceLeft(core.now, PHONE, "port", core.now.utc_ms))


def back(core: Core) -> None:
    core.wait(1)
    core.happen(DeviceSeen(core.now, PHONE, "port", "port1", ADDRESS))


def status(core: Core) -> wire.Status:
    (reply,) = core.ask(Look(ADDRESS))
    assert isinstance(reply, wire.Status)
    return reply


def test_a_stay_in_two_stretches_and_two_families(new_core: NewCore, path: Path) -> None:
    core = new_core()
    core.log_in()
    core.happen(AddressLearnt(core.now, PHONE, IPV6, None))
    core.kernel.let_pass(ADDRESS, 100, 1000)
    core.kernel.let_pass(IPV6, 20, 200)
    leave(core)
    back(core)
    core.kernel.let_pass(ADDRESS, 3, 30)
    core.ask(EndVisit(PHONE), role=Role.ADMINISTRATOR)
    assert used(path) == [(120, 1200, True), (3, 30, True)]
    (visit,) = visits(path)
    assert (visit.up_bytes, visit.down_bytes, visit.in_part) == (123, 1230, False)


def test_the_page_and_the_list_show_what_was_last_counted(new_core: NewCore) -> None:
    core = new_core(Terms(quota_bytes=10_000, max_s=600))
    core.log_in()
    core.kernel.let_pass(ADDRESS, 100, 1000)
    core.count()
    core.wait(10)
    assert (status(core).bytes_used, status(core).bytes_remaining, status(core).seconds_remaining) == (1100, 8900, 590)
    (reply,) = core.ask(ListVisits(), role=Role.ADMINISTRATOR)
    assert isinstance(reply, wire.Visits)
    assert (reply.visits[0].up_bytes, reply.visits[0].down_bytes) == (100, 1000)


def test_a_gate_that_is_killed_counts_nothing_twice(new_core: NewCore, path: Path) -> None:
    core = new_core()
    core.log_in()
    core.kernel.let_pass(ADDRESS, 100, 1000)
    core.count()
    core.crash()
    core.kernel.let_pass(ADDRESS, 7, 70)  # while no gate is there
    core = new_core(after=core)
    core.count()
    core.kernel.let_pass(ADDRESS, 1, 10)
    core.count()
    assert status(core).bytes_used == 108 + 1080
    core.ask(EndVisit(PHONE), role=Role.ADMINISTRATOR)
    assert used(path) == [(108, 1080, True)]


def test_whoever_left_while_the_gate_was_dead_is_counted_at_its_start(new_core: NewCore, path: Path) -> None:
    core = new_core()
    core.log_in()
    core.kernel.let_pass(ADDRESS, 100, 1000)
    core.crash()
    dead = core
    core = Core(path)
    core.now, core.kernel.admitted, core.kernel.passed = dead.now, dead.kernel.admitted, dead.kernel.passed
    core.lan.dead_ports.add("port1")
    core.start()
    assert used(path) == [(100, 1000, True)]
    core.crash()


def test_an_admission_that_timed_out_unseen_is_told_as_a_part(new_core: NewCore, path: Path) -> None:
    core = new_core()
    core.log_in()
    core.wait(61)  # the next reading is kept
    core.kernel.let_pass(ADDRESS, 100, 1000)
    core.count()
    core.kernel.let_pass(ADDRESS, 50, 50)
    core.crash()
    core.kernel.sync({})
    core = new_core(after=core)
    assert used(path) == [(100, 1000, False)]
    core.wait(1)
    core.kernel.let_pass(ADDRESS, 5, 5)
    core.count()
    assert status(core).bytes_used == 1110
    core.ask(EndVisit(PHONE), role=Role.ADMINISTRATOR)
    (visit,) = visits(path)
    assert (visit.up_bytes, visit.down_bytes, visit.in_part) == (105, 1005, True)


def test_after_a_power_cut_it_is_null_not_nought(new_core: NewCore, path: Path) -> None:
    core = new_core()
    core.log_in()
    core.kernel.let_pass(ADDRESS, 100, 1000)
    core.crash()
    new_core(after=core, boot_id="boot-2")
    assert used(path) == [(None, None, False)]
    (visit,) = visits(path)
    assert (visit.up_bytes, visit.down_bytes, visit.in_part) == (None, None, True)


def test_what_was_used_is_not_forgotten_while_the_disk_is_full(new_core: NewCore, path: Path) -> None:
    core = new_core()
    core.log_in()
    core.kernel.let_pass(ADDRESS, 100, 1000)
    core.disk.full = True
    leave(core)
    assert core.kernel.admitted == {}, "closed, and the kernel's counters are gone"
    for _ in range(3):
        core.wait(1)
        core.happen()
    core.disk.full = False
    core.happen()
    assert used(path) == [(100, 1000, True)]


def test_an_end_that_could_not_be_recorded_is_counted_though_the_visit_goes_on(new_core: NewCore, path: Path) -> None:
    core = new_core()
    core.log_in()
    core.kernel.let_pass(ADDRESS, 100, 1000)
    core.disk.full = True
    core.ask(EndVisit(PHONE), role=Role.ADMINISTRATOR)
    core.disk.full = False
    core.happen()
    core.wait(6)
    core.happen()  # time for sync, which opens again
    core.kernel.let_pass(ADDRESS, 1, 2)
    core.count()
    assert status(core).bytes_used == 1103
    core.ask(EndVisit(PHONE), role=Role.ADMINISTRATOR)
    assert used(path) == [(100, 1000, True), (1, 2, True)]


def test_a_kernel_that_does_not_close_is_read_again_when_it_does(new_core: NewCore, path: Path) -> None:
    core = new_core()
    core.log_in()
    core.kernel.let_pass(ADDRESS, 100, 1000)
    core.kernel.broken = True
    leave(core)
    core.kernel.let_pass(ADDRESS, 1, 10)
    assert used(path) == []
    core.kernel.broken = False
    core.happen()
    assert used(path) == [(101, 1010, True)]


def test_counters_that_cannot_be_read_stop_no_closing(new_core: NewCore, path: Path) -> None:
    core = new_core()
    core.log_in()
    core.kernel.let_pass(ADDRESS, 100, 1000)
    core.count()
    core.kernel.let_pass(ADDRESS, 100, 1000)
    core.kernel.blind = True
    core.count()
    leave(core)
    assert core.kernel.admitted == {}
    assert used(path) == [(100, 1000, False)]


def test_left_returned_and_left_in_one_batch_is_counted_once(new_core: NewCore, path: Path) -> None:
    core = new_core()
    core.log_in()
    core.kernel.let_pass(ADDRESS, 100, 1000)
    core.count()
    left = DeviceLeft(core.now, PHONE, "port", core.now.utc_ms)
    core.happen(left, DeviceSeen(core.now, PHONE, "port", "port1", ADDRESS), left)
    assert used(path) == [(100, 1000, True)]


def test_a_crowd_that_leaves_at_once_is_counted_each(new_core: NewCore, path: Path) -> None:
    core = new_core()
    core.log_in()
    many = [f"fd77::1:{n:x}" for n in range(1, 13)]
    for address in many:
        core.happen(AddressLearnt(core.now, PHONE, address, None))
        core.kernel.let_pass(address, 1, 10)
    assert len(core.kernel.admitted[PHONE]) == 13
    # More closings in one batch than are done one by one: each address is disputed by another device.
    core.wait(1)
    core.happen(*(AddressLearnt(core.now, "02:00:00:00:00:09", address, PHONE) for address in many))
    assert core.kernel.admitted[PHONE].isdisjoint(map(IPv6Address, many))
    (visit,) = visits(path)
    assert (visit.up_bytes, visit.down_bytes, visit.in_part) == (12, 120, False)


def test_the_quota_closes_at_once_and_is_recorded(new_core: NewCore, path: Path) -> None:
    core = new_core(Terms(quota_bytes=1000))
    core.log_in()
    core.kernel.let_pass(ADDRESS, 100, 899)
    core.count()
    assert status(core).phase is Phase.ONLINE
    core.kernel.let_pass(ADDRESS, 1, 0)
    core.count()
    assert core.kernel.admitted == {}
    assert status(core).phase is Phase.STRANGER
    (visit,) = visits(path)
    assert (visit.proof, visit.up_bytes, visit.down_bytes) == ("quota", 101, 899)
    core.log_in()
    assert status(core).bytes_remaining == 1000


def test_a_quota_that_cannot_be_recorded_still_closes_and_readings_do_not_pile_up(
    new_core: NewCore, path: Path
) -> None:
    core = new_core(Terms(quota_bytes=1000))
    core.log_in()
    core.disk.full = True
    core.wait(70)
    for _ in range(5):
        core.kernel.let_pass(ADDRESS, 500, 500)
        core.count()
        core.wait(1)
    assert core.kernel.admitted == {}
    assert core.engine._untold == []
    core.disk.full = False
    core.wait(1)
    core.happen()
    core.count()
    (visit,) = visits(path)
    assert (visit.proof, visit.up_bytes, visit.down_bytes, visit.in_part) == ("quota", 500, 500, False)
    assert status(core).phase is Phase.STRANGER
