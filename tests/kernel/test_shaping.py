"""Rates: a cap holds, a line is shared by device and not by connection, the gate itself is never kept waiting."""

from __future__ import annotations

import dataclasses
import ipaddress
import logging
import socket
import threading
from collections.abc import Callable
from ipaddress import IPv4Address, IPv6Address

import pytest

from firewall import shaping
from firewall.gate import Gate
from firewall.rates import Rates
from firewall.settings import Settings
from tests.kernel.traffic import Traffic
from tests.kernel.venue import (
    ADDRESSES,
    ADDRESSES6,
    GATE,
    GATE_LAN,
    GATE_LAN6,
    MACS,
    SERVER,
    SERVER6,
    VISITORS,
    Venue,
    connect,
    inside,
    listener,
    pings,
    rules_of,
    sh,
    until,
)

NewGate = Callable[[Settings], Gate]
ONE, TWO, THREE = VISITORS
CAPS = Rates(line_down_kbit=20_000, line_up_kbit=20_000, visitor_down_kbit=3_000, visitor_up_kbit=1_500)
LINE = Rates(line_down_kbit=9_000, line_up_kbit=6_000)
BOTH = {name: frozenset({ADDRESSES[name], IPv6Address(ADDRESSES6[name])}) for name in VISITORS}


def shaped(venue: Venue, rates: Rates) -> Settings:
    lan6 = ipaddress.IPv6Interface(f"{GATE_LAN6}/64")
    return dataclasses.replace(venue.settings, lan6=lan6, rates=rates)


def cables_carry_ipv6() -> None:
    until(lambda: pings(GATE, SERVER6) and all(pings(name, GATE_LAN6) for name in VISITORS), "IPv6 on the cables")


def admit(gate: Gate, *names: str) -> None:
    with inside(GATE):
        for name in names:
            gate.admit(MACS[name], BOTH[name])


def test_a_visitors_cap_holds_for_both_families_together_from_its_admission(venue: Venue, new_gate: NewGate) -> None:
    rates = []
    for settings in (shaped(venue, Rates()), shaped(venue, CAPS)):
        with inside(GATE):
            gate = new_gate(settings)
            gate.setup()
        cables_carry_ipv6()
        admit(gate, ONE)  # and no sync
        with Traffic() as traffic:
            for way in ("down", "up"):
                traffic.start(ONE, way, server=SERVER)
                traffic.start(ONE, way, server=SERVER6)
            rates.append(traffic.rates_kbit(2.5))
    free, capped = rates
    # So that the test can fail: without rates there is far more.
    assert free[ONE, "down"] > 2 * CAPS.visitor_down_kbit
    assert free[ONE, "up"] > 2 * CAPS.visitor_up_kbit
    assert 0.5 <= capped[ONE, "down"] / CAPS.visitor_down_kbit <= 1.15
    assert 0.5 <= capped[ONE, "up"] / CAPS.visitor_up_kbit <= 1.15
