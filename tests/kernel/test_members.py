"""Whatever addresses devices choose for themselves, the sets are read as the kernel has them."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address

import pytest

from firewall.gate import Gate, Repairs
from tests.kernel.venue import GATE
from tests.lab.entering import inside

# 08 00 06 40 is how a member's time begins in the kernel's list.
LIKE_A_TIME = "02:08:00:06:40:01"
ADDRESS, ADDRESS6 = IPv4Address("10.77.0.11"), IPv6Address("fd77::800:640:0:1")


def looks(gate: Gate) -> list[bool]:
    return [gate.as_left() for _ in range(8)]


def test_a_mac_address_that_reads_like_a_time_is_a_mac_address(gate: Gate) -> None:
    desired = {LIKE_A_TIME: frozenset({ADDRESS})}
    with inside(GATE):
        gate.sync(desired)
        assert looks(gate) == [True] * 8
        assert gate.sync(desired) == Repairs(0, 0, 0)


@pytest.mark.parametrize("others", [0, 3])
def test_an_ipv6_address_that_reads_like_a_time_is_an_address(gate6: Gate, others: int) -> None:
    desired = {LIKE_A_TIME: frozenset({ADDRESS6 + number for number in range(others + 1)})}
    with inside(GATE):
        gate6.sync(desired)
        assert looks(gate6) == [True] * 8
        assert gate6.sync(desired) == Repairs(0, 0, 0)
