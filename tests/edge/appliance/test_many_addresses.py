"""Whoever makes up thousands of IPv6 addresses before logging in goes online with no more than anybody else."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address
from pathlib import Path

from appliance.addresses import MAX_IPV6
from tests.edge.appliance.venue import ADDRESS, PHONE, Core


def test_the_newest_of_many_addresses_go_online(tmp_path: Path) -> None:
    core = Core(tmp_path / "journal.db")
    core.start()
    made = [IPv6Address(f"fd77::{number + 1:x}") for number in range(1000)]
    core.lan.devices.update(dict.fromkeys(made, PHONE))
    core.log_in()
    assert core.kernel.admitted == {PHONE: frozenset({IPv4Address(ADDRESS), *made[-MAX_IPV6:]})}
    core.crash()
