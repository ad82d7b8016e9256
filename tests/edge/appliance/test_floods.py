"""What one visitor can make by the thousand costs the gate neither its memory nor its time."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address
from pathlib import Path

from appliance.addresses import MAX_IPV6
from appliance.events import DeviceLeft, DeviceSeen
from tests.edge.appliance.venue import ADDRESS, PHONE, Core


def test_the_newest_of_many_addresses_go_online(tmp_path: Path) -> None:
    core = Core(tmp_path / "journal.db")
    core.start()
    made = [IPv6Address(f"fd77::{number + 1:x}") for number in range(1000)]
    core.lan.devices.update(dict.fromkeys(made, PHONE))
    core.log_in()
    assert core.kernel.admitted == {PHONE: frozenset({IPv4Address(ADDRESS), *made[-MAX_IPV6:]})}
    core.crash()


def test_a_device_that_wanders_between_ports_is_not_hoarded_while_the_disk_is_full(tmp_path: Path) -> None:
    core = Core(tmp_path / "journal.db")
    core.start()
    core.log_in()
    core.disk.full = True
    for number in range(100):
        core.happen(*(DeviceSeen(core.now, PHONE, "port", f"port{2 + port}", ADDRESS) for port in range(2)))
        assert len(core.engine._untold) <= 1, f"after {number}"
    left, back = (
        DeviceLeft(core.now, PHONE, "port", core.now.utc_ms),
        DeviceSeen(core.now, PHONE, "port", "port4", ADDRESS),
    )
    core.happen(left, back, DeviceSeen(core.now, PHONE, "port", "port5", ADDRESS))
    core.disk.full = False
    core.wait(1)
    core.happen()
    assert PHONE in core.kernel.admitted
    assert core.engine._session.ports() == {PHONE: "port5"}
    core.crash()
