"""Rates: a cap holds, a line is shared by device and not by connection, the gate itself is never kept waiting."""

from __future__ import annotations

import contextlib
import dataclasses
import ipaddress
import logging
import socket
import time
from collections.abc import Callable
from ipaddress import IPv6Address

import pytest

from firewall import checks, rules, shaping, shares
from firewall.gate import Address, Gate
from firewall.rates import Rates
from firewall.settings import Settings
from tests.kernel import traffic
from tests.kernel.traffic import Traffic
from tests.kernel.venue import (
    ADDRESSES,
    ADDRESSES6,
    GATE,
    GATE_LAN,
    GATE_LAN6,
    MACS,
    PATIENCE_S,
    SERVER,
    SERVER6,
    VISITORS,
    Venue,
    connect,
    listener,
    pings,
    rules_of,
    sh,
    until,
)
from tests.lab.entering import inside

NewGate = Callable[[Settings], Gate]
_SO_SNDBUFFORCE = 32  # linux/socket.h; Python has no name for it
ONE, TWO, THREE = VISITORS
CAPS = Rates(line_down_kbit=20_000, line_up_kbit=20_000, visitor_down_kbit=3_000, visitor_up_kbit=1_500)
LINE = Rates(9_000, 6_000, 9_000, 6_000)
"""With caps, since CAKE would be taken without where the kernel has it."""
BOTH: dict[str, frozenset[Address]] = {
    name: frozenset({ADDRESSES[name], IPv6Address(ADDRESSES6[name])}) for name in VISITORS
}


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
    def held(rates: traffic.Rates) -> bool:
        down, up = rates[ONE, "down"] / CAPS.visitor_down_kbit, rates[ONE, "up"] / CAPS.visitor_up_kbit
        return 0.5 <= down <= 1.15 and 0.5 <= up <= 1.15

    def beyond(rates: traffic.Rates) -> bool:
        return rates[ONE, "down"] > 2 * CAPS.visitor_down_kbit and rates[ONE, "up"] > 2 * CAPS.visitor_up_kbit

    # First without, so that the test can fail.
    for settings, as_it_should in ((shaped(venue, Rates()), beyond), (shaped(venue, CAPS), held)):
        with inside(GATE):
            gate = new_gate(settings)
            gate.setup()
        cables_carry_ipv6()
        admit(gate, ONE)  # and no sync
        with Traffic() as bulk:
            for way in ("down", "up"):
                bulk.start(ONE, way, server=SERVER)
                bulk.start(ONE, way, server=SERVER6)
            rates = bulk.rates_kbit(as_it_should)
        assert as_it_should(rates), rates


@pytest.mark.parametrize(("way", "line_kbit"), [("down", LINE.line_down_kbit), ("up", LINE.line_up_kbit)])
def test_the_line_is_shared_by_device_however_many_connections(
    venue: Venue, new_gate: NewGate, way: str, line_kbit: int
) -> None:
    def fair(rates: traffic.Rates) -> bool:
        # Twenty connections in one queue lose of their own share while they wait for what was dropped; others take it.
        shares = [rates[name, way] / line_kbit for name in VISITORS]
        return 0.6 <= sum(shares) <= 1.15 and min(shares) >= 0.15 and shares[0] <= 1.75 * shares[2]

    def unfair(rates: traffic.Rates) -> bool:
        return rates[ONE, way] >= 2.25 * rates[THREE, way]

    with inside(GATE):
        gate = new_gate(shaped(venue, LINE))
        gate.setup()
    cables_carry_ipv6()
    admit(gate, *VISITORS)  # and no sync
    with Traffic() as bulk:
        bulk.start(ONE, way, connections=20)
        bulk.start(TWO, way, connections=4, server=SERVER6)
        bulk.start(THREE, way)
        rates = bulk.rates_kbit(fair)
        assert fair(rates), rates
        # So that the test can fail: without classes of their own the connections share, not the devices.
        sh("ipset flush qq-share4; ipset flush qq-share6")
        rates = bulk.rates_kbit(unfair)
        assert unfair(rates), rates


def test_a_visitor_at_its_cap_is_answered_by_the_gate_itself_at_once(venue: Venue, new_gate: NewGate) -> None:
    page = bytes(1_000_000)  # a minute at the cap
    with inside(GATE):
        gate = new_gate(shaped(venue, Rates(visitor_down_kbit=128)))
        gate.setup()
    admit(gate, ONE)
    with Traffic() as bulk, listener(GATE, 80) as portal:
        bulk.start(ONE, "down", connections=3)
        assert fetched(portal, page, PATIENCE_S) == len(page)
        # So that the test can fail: what the gate says goes by the visitor's class.
        sh("iptables-legacy -t mangle -A OUTPUT -j SET --map-set qq-share4 dst --map-prio")
        assert fetched(portal, page, 1.0) < len(page)


def fetched(portal: socket.socket, page: bytes, within_s: float) -> int:
    """How many bytes of the page the visitor gets from the gate in this time."""
    with connect(ONE, GATE_LAN, 80) as visitor, portal.accept()[0] as served:
        served.setsockopt(socket.SOL_SOCKET, _SO_SNDBUFFORCE, 2 * len(page))
        served.sendall(page)  # into the kernel's buffer, which is larger
        got, deadline = 0, time.monotonic() + within_s
        with contextlib.suppress(TimeoutError):
            while got < len(page) and (left_s := deadline - time.monotonic()) > 0:
                visitor.settimeout(left_s)
                got += len(visitor.recv(65_536))
    return got


DESIRED = {MACS[name]: BOTH[name] for name in (ONE, TWO)}
DAMAGES = [
    "tc qdisc del dev br-lan root",
    "tc qdisc replace dev wan0 root handle 1: tbf rate 1mbit burst 4000 limit 32000",
    "tc qdisc del dev wan0 root; tc qdisc add dev wan0 root handle 7171: htb; "
    "tc class add dev wan0 parent 7171: classid 7171:b htb rate 1gbit",
    "tc class del dev wan0 classid 7171:b",
    "tc class change dev br-lan parent 7171:1 classid 7171:b htb rate 1kbit ceil 1gbit",
    "ipset flush qq-share4",
    "ipset del qq-share6 fd77::11",
    "ipset -exist add qq-share4 10.77.0.11 skbprio 1:b",
    "ipset add qq-share4 10.77.0.99 skbprio 7171:b",
    "iptables-legacy -t mangle -F",
    "ip6tables-legacy -t mangle -D FORWARD 1",
]


HELD = """
for name in br-lan wan0; do
    tc qdisc show dev $name | grep -o '^qdisc htb.*root'
    tc class show dev $name | grep htb | sed 's/ leaf [^ ]*//' | sort
done
ipset save | grep share | sed 's/initval.*//' | sort
for save in iptables-legacy-save ip6tables-legacy-save; do $save -t mangle | sed '/^#/d; s/ \\[.*//'; done
"""


def held() -> str:
    """Everything of ours in the kernel, without what the kernel numbers by itself."""
    return sh(HELD)


def test_what_a_stranger_changed_is_repaired_by_the_next_sync(venue: Venue, new_gate: NewGate) -> None:
    with inside(GATE):
        gate = new_gate(shaped(venue, CAPS))
        gate.setup()
        gate.sync(DESIRED)
        whole = held()
        for damage in DAMAGES:
            sh(damage)
            assert held() != whole, damage
            gate.sync(DESIRED)
            assert held() == whole, damage
    assert whole.count("skbprio 7171:b") == 2, "both families, one class"
    marking = rules.listing(shares.marking(shaped(venue, CAPS)))
    assert all(line in whole for line in marking.splitlines() if line.startswith("-A"))


def sent(minor: str) -> list[str]:
    return [
        sh(f"tc -s class show dev {name} classid 7171:{minor} | grep -E 'leaf|Sent'") for name in ("br-lan", "wan0")
    ]


def test_a_restart_touches_no_queue_and_takes_other_rates_over(venue: Venue, new_gate: NewGate) -> None:
    with inside(GATE):
        gate = new_gate(shaped(venue, CAPS))
        gate.setup()
        gate.sync(DESIRED)
        cables_carry_ipv6()
        assert pings(ONE, SERVER, PATIENCE_S)
        assert pings(ONE, SERVER6, PATIENCE_S)
        before = sent("b")
        assert not any(" 0 bytes" in text for text in before), before
        again = new_gate(shaped(venue, CAPS))
        again.setup()
        again.sync(DESIRED)
        assert sent("b") == before, "neither the queue nor what it has counted is another"
        other = new_gate(shaped(venue, dataclasses.replace(CAPS, visitor_up_kbit=2_000)))
        other.setup()
        other.sync(DESIRED)
        assert "ceil 2Mbit" in sent("b")[1]
        assert sent("b")[1].splitlines()[1] == before[1].splitlines()[1]
        other.sync({MACS[TWO]: BOTH[TWO]})
        assert "7171:b " not in held()
        assert "7171:c " in held()


def test_without_rates_nothing_of_them_is_left(venue: Venue, new_gate: NewGate) -> None:
    with inside(GATE):
        plain = {name: sh(f"tc qdisc show dev {name}") for name in ("br-lan", "wan0")}
        gate = new_gate(shaped(venue, CAPS))
        gate.setup()
        gate.sync(DESIRED)
        gate = new_gate(shaped(venue, Rates()))
        gate.setup()
        gate.sync(DESIRED)
        assert {name: sh(f"tc qdisc show dev {name}") for name in plain} == plain
        assert "share" not in sh("ipset list -n")
        assert not any("QQ-" in line for line in rules_of("iptables-legacy-save", "mangle"))


def test_where_rates_cannot_be_held_admission_goes_on_and_nothing_opens(
    venue: Venue, new_gate: NewGate, caplog: pytest.LogCaptureFixture
) -> None:
    # A stranger's set of our name that can hold no classes, and is in use: neither taken nor removed.
    sh("ipset create qq-share4 hash:net && iptables-legacy -A OUTPUT -m set --match-set qq-share4 dst -j ACCEPT")
    with inside(GATE), caplog.at_level(logging.ERROR):
        gate = new_gate(shaped(venue, CAPS))
        gate.setup()
        for _ in range(2):
            gate.sync({MACS[ONE]: BOTH[ONE]})
        gate.admit(MACS[TWO], BOTH[TWO])
    assert [record.message.partition(":")[0] for record in caplog.records] == ["visitors' rates are not held"]
    assert "qq-share4" in caplog.text
    assert pings(ONE, SERVER, PATIENCE_S)
    assert pings(TWO, SERVER, PATIENCE_S)
    assert not pings(THREE, SERVER)


def test_the_doctor_says_what_the_kernel_lacks_and_what_is_live(venue: Venue, new_gate: NewGate) -> None:
    settings = shaped(venue, Rates(line_down_kbit=9_000, line_up_kbit=9_000))
    with inside(GATE):
        new_gate(settings).setup()
        sh("tc qdisc del dev wan0 root")
        found = checks.findings(settings)
        kind = shaping.live("br-lan")
    assert [finding.what for finding in found if not finding.ok] == ["rates up: no queue of ours on wan0"]
    assert any(finding.what == f"rates down: {kind} on br-lan" for finding in found)
    (way,) = (finding.what for finding in found if finding.what.startswith("rates: "))
    assert ("no cake" in way) == (kind == "htb")
    assert kind in way
