"""An address that one visit still names is another device's by now: what closes the one does not shut out the other."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path

import pytest

from appliance import wire
from appliance.events import AddressLearnt, DeviceLeft, DeviceSeen
from appliance.inbox import Role
from appliance.wire import AskPassword, EndVisit, EnterPassword, Phase
from tests.edge.appliance.venue import ADDRESS, PHONE, Core

OTHER = "02:00:00:00:01:00"
OLD = "10.77.1.0"


@pytest.fixture
def core(tmp_path: Path) -> Iterator[Core]:
    made = Core(tmp_path / "journal.db")
    made.start()
    yield made
    made.crash()


def enters(core: Core, device: str, address: str, number: str) -> None:
    """The device comes and logs in."""
    core.lan.devices[IPv4Address(address)] = device
    core.lan.ports[device] = "port2"
    core.ask(AskPassword(address, number, wire.Language.KAZAKH))
    (reply,) = core.ask(EnterPassword(address, core.password()))
    assert isinstance(reply, wire.Status) and reply.phase is Phase.ONLINE, reply


def leaves(core: Core, device: str) -> None:
    core.happen(DeviceLeft(core.now, device, "port", core.now.utc_ms))


def test_who_is_admitted_while_the_one_before_ends_is_admitted(core: Core) -> None:
    core.log_in()
    enters(core, OTHER, OLD, "+77012345678")
    core.wait(1)
    leaves(core, OTHER)
    core.wait(59.5)  # whole syncs are a minute apart: no other follows soon
    leaves(core, PHONE)
    assert core.kernel.admitted == {}
    core.wait(1)
    core.happen(DeviceSeen(core.now, PHONE, "port", "port1", OLD))
    assert core.kernel.admitted == {PHONE: frozenset({IPv4Address(OLD)})}


def test_many_who_end_at_once_leave_the_address_to_whom_it_was_given(core: Core) -> None:
    leaving = {f"02:00:00:00:02:0{number}": f"10.77.2.{number}" for number in range(8)}
    for number, (device, address) in enumerate(leaving.items()):
        enters(core, device, address, f"+7701111223{number}")
    core.log_in()
    enters(core, OTHER, OLD, "+77012345678")
    leaves(core, OTHER)
    core.lan.give(PHONE, OLD)
    core.wait(1)
    core.happen()
    assert core.kernel.admitted[PHONE] == frozenset({IPv4Address(OLD)})
    core.kernel.let_pass(OLD, 1, 1)
    core.ask(*(EndVisit(device) for device in (OTHER, *leaving)), role=Role.ADMINISTRATOR)
    assert core.kernel.admitted == {PHONE: frozenset({IPv4Address(OLD)})}
    assert core.kernel.passed, "and counts on"


def test_who_is_given_an_address_that_a_visit_still_has_can_use_it(core: Core) -> None:
    core.log_in()
    core.lan.devices[IPv6Address("fd77::10")] = PHONE
    core.happen(AddressLearnt(core.now, PHONE, "fd77::10", None))
    # Its lease was released in its name, or ended while it slept; it answers, so that it has not left.
    core.lan.give(OTHER, ADDRESS)
    core.wait(1)
    core.happen()
    assert core.kernel.admitted == {PHONE: frozenset({IPv6Address("fd77::10")})}
    core.story.clear()
    core.lan.given.add(OTHER)
    core.wait(1)
    core.happen()
    assert core.story == [], "said once"
    enters(core, OTHER, ADDRESS, "+77012345678")
    core.wait(1)
    core.happen()
    assert core.kernel.admitted[OTHER] == frozenset({IPv4Address(ADDRESS)})
    core.lan.give(PHONE, OLD)
    core.wait(1)
    core.happen()
    assert core.kernel.admitted[PHONE] == frozenset({IPv4Address(OLD), IPv6Address("fd77::10")})


def test_its_old_address_stays_closed_to_who_left_until_that_is_recorded(core: Core) -> None:
    core.log_in()
    core.disk.full = True
    leaves(core, PHONE)
    core.wait(61)
    core.happen()
    assert core.kernel.admitted == {}, ADDRESS
