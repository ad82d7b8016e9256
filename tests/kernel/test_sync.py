"""Law 4: the kernel is a projection of what is wanted, and forgets by itself what nobody renews."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from ipaddress import IPv4Address

import pytest

from firewall.errors import DeviceRefused
from firewall.gate import Gate, Repairs
from firewall.settings import Settings
from tests.kernel.venue import (
    ADDRESSES,
    GATE,
    GATE_LAN,
    MACS,
    OUTSIDE,
    SERVER,
    Venue,
    connect,
    listener,
    pings,
    sh,
    until,
)
from tests.lab.entering import inside

NewGate = Callable[[Settings], Gate]
ONE, TWO = "ktv1", "ktv2"
LOOKS = 8
"""As many as see everything once, in both families."""
DESIRED = {MACS[ONE]: frozenset({ADDRESSES[ONE]})}


def members() -> set[str]:
    """The sets' members as ipset prints them, without time and counters."""
    return set(re.findall(r"^add (\S+ \S+)", sh("ipset save"), re.MULTILINE))


def times_left() -> list[int]:
    """Seconds, of each member of the sets in both directions."""
    found = [int(left_s) for left_s in re.findall(r"^add .* timeout (\d+)", sh("ipset save"), re.MULTILINE)]
    assert len(found) == 2
    return found


def known_connections() -> str:
    """Without the gate's own multicast membership reports, which come when they will."""
    return sh("conntrack -L 2>/dev/null | grep -v 224.0.0.22 || true")


ONES = {f"qq-up4 {ADDRESSES[ONE]},{MACS[ONE]}", f"qq-down4 {ADDRESSES[ONE]}"}
TWOS = {f"qq-up4 {ADDRESSES[TWO]},{MACS[TWO]}", f"qq-down4 {ADDRESSES[TWO]}"}


def test_sync_admits_who_is_missing_and_revokes_who_is_not_wanted(gate: Gate) -> None:
    with inside(GATE):
        assert gate.sync(DESIRED) == Repairs(admitted=1, revoked=0, rules=0)
        assert gate.sync(DESIRED) == Repairs(0, 0, 0)
        assert members() == ONES
        gate.admit(MACS[TWO], [ADDRESSES[TWO]])
        gate.admit(MACS[TWO], [ADDRESSES[TWO]])
        assert members() == ONES | TWOS
        assert gate.sync(DESIRED) == Repairs(admitted=0, revoked=1, rules=0)
        assert members() == ONES
        assert gate.sync({}) == Repairs(admitted=0, revoked=1, rules=0)
        assert members() == set()


@pytest.mark.parametrize(
    ("damage", "repairs"),
    [
        ("ipset add qq-up4 10.77.0.99,02:00:00:00:00:99; ipset add qq-down4 10.77.0.99", Repairs(0, 1, 0)),
        ("ipset add qq-down4 192.0.2.9", Repairs(0, 1, 0)),
        ("ipset add qq-up4 10.77.0.99", Repairs(0, 1, 0)),  # without a MAC address: for whatever device
        ("ipset del qq-down4 10.77.0.11", Repairs(1, 0, 0)),
        ("ipset del qq-up4 10.77.0.11", Repairs(1, 0, 0)),
        ("ipset flush", Repairs(1, 0, 0)),
        ("ipset -exist add qq-up4 10.77.0.11,02:00:00:00:00:99", Repairs(1, 0, 0)),
        ("ipset -exist add qq-up4 10.77.0.11,02:00:00:00:00:01 timeout 0", Repairs(0, 0, 0)),
    ],
)
def test_sync_repairs_the_sets(gate: Gate, damage: str, repairs: Repairs) -> None:
    with inside(GATE):
        gate.sync(DESIRED)
        sh(damage)
        assert gate.sync(DESIRED) == repairs
        assert members() == ONES
        assert " timeout 0 " not in sh("ipset save | grep ^add"), "nothing of ours is for ever"
        assert gate.sync(DESIRED) == Repairs(0, 0, 0)


def noticed(gate: Gate) -> bool:
    """Whether a round of looks finds the kernel changed."""
    return not all(gate.as_left() for _ in range(LOOKS))


@pytest.mark.parametrize(
    "damage",
    [
        "ipset add qq-up4 10.77.0.99,02:00:00:00:00:99",
        "ipset add qq-up4 10.77.0.99",
        "ipset add qq-down4 192.0.2.9",
        "ipset del qq-down4 10.77.0.11",
        "ipset flush qq-up4",
        "ipset -exist add qq-up4 10.77.0.11,02:00:00:00:00:99",
        "iptables-legacy -F FORWARD",
        "iptables-legacy -P FORWARD ACCEPT",
        "iptables-legacy -I FORWARD -j ACCEPT",
        "iptables-legacy -t nat -F QQ-CAPTIVE",
        "iptables-legacy -R QQ-FROM-LAN 2 -i br-lan -j ACCEPT",
        "ip6tables-legacy -I FORWARD -j ACCEPT",
        "ip neigh del 10.77.0.11 dev br-lan",
        "ip neigh replace 10.77.0.11 lladdr 02:00:00:00:00:99 dev br-lan nud permanent proto 81",
        "ip link set p1 type bridge_slave isolated off",
        "sysctl -w net.ipv4.conf.br-lan.rp_filter=0",
        "for t in filter nat; do iptables-legacy -t $t -F; iptables-legacy -t $t -X; done; ipset destroy",
    ],
)
def test_a_round_of_looks_notices_what_a_stranger_changed(gate: Gate, damage: str) -> None:
    with inside(GATE):
        gate.sync(DESIRED)
        assert not noticed(gate)
        gate.admit(MACS[TWO], [ADDRESSES[TWO]])
        assert not noticed(gate)
        gate.revoke(MACS[TWO], [ADDRESSES[TWO]])
        assert not noticed(gate), "what the gate does is no stranger's change"
        pings(ONE, GATE_LAN, 5)
        assert not noticed(gate), "nor is what the kernel counts"
        sh(damage)
        assert noticed(gate)
        gate.sync(DESIRED)
        assert not noticed(gate)


def test_looks_renew_in_time_and_keep_counters(venue: Venue, new_gate: NewGate) -> None:
    with inside(GATE):
        gate = new_gate(venue.short(3000))
        gate.setup()
        gate.sync(DESIRED)
        sh(
            f"ipset -exist add qq-up4 {ADDRESSES[ONE]},{MACS[ONE]} timeout 1900 packets 7 bytes 700;"
            f"ipset -exist add qq-down4 {ADDRESSES[ONE]} timeout 0 packets 9 bytes 900"
        )
        assert not noticed(gate)
        saved = sh("ipset save")
    assert len(re.findall(r"^add .* timeout (?:29..|3000) ", saved, re.MULTILINE)) == 2
    assert "packets 7 bytes 700" in saved
    assert "packets 9 bytes 900" in saved


def test_a_free_address_goes_to_the_other_that_claims_it(gate: Gate) -> None:
    claims = {mac: frozenset({ADDRESSES[ONE]}) for mac in (MACS[ONE], MACS[TWO])}
    with inside(GATE):
        gate.sync(claims)
        assert not noticed(gate)
        gate.revoke(MACS[ONE], [ADDRESSES[ONE]])
        assert noticed(gate), "another is still waiting"
        gate.sync({MACS[TWO]: claims[MACS[TWO]]})
        assert members() == {f"qq-up4 {ADDRESSES[ONE]},{MACS[TWO]}", f"qq-down4 {ADDRESSES[ONE]}"}
        assert not noticed(gate)


def test_who_has_an_address_keeps_it_over_a_restart(gate: Gate, venue: Venue, new_gate: NewGate) -> None:
    claims = {mac: frozenset({ADDRESSES[ONE]}) for mac in (MACS[ONE], MACS[TWO])}
    with inside(GATE):
        gate.sync({MACS[TWO]: claims[MACS[TWO]]})
        again = new_gate(venue.settings)
        again.setup()
        assert again.sync(claims) == Repairs(0, 0, 0)
        assert members() == {f"qq-up4 {ADDRESSES[ONE]},{MACS[TWO]}", f"qq-down4 {ADDRESSES[ONE]}"}


def test_revoke_is_idempotent_and_spares_the_addresses_next_device(gate: Gate) -> None:
    with inside(GATE):
        gate.revoke(MACS[ONE], [ADDRESSES[ONE]])
        gate.admit(MACS[ONE], [ADDRESSES[ONE]])
        gate.admit(MACS[TWO], [ADDRESSES[ONE]])  # the address was given to another device
        both = {f"qq-up4 {ADDRESSES[ONE]},{MACS[TWO]}", f"qq-down4 {ADDRESSES[ONE]}"}
        assert members() == both
        gate.revoke(MACS[ONE], [ADDRESSES[ONE]])
        assert members() == both
        # Both claim it: the one that has it keeps it, whichever is named first.
        claims = {mac: frozenset({ADDRESSES[ONE]}) for mac in (MACS[ONE], MACS[TWO])}
        assert gate.sync(claims) == Repairs(0, 0, 0)
        assert members() == both
        gate.revoke(MACS[TWO], [ADDRESSES[ONE]])
        gate.revoke(MACS[TWO], [ADDRESSES[ONE]])
        assert members() == set()


def test_addresses_of_a_renumbered_lan_are_passed_over(gate: Gate) -> None:
    with inside(GATE):
        assert gate.sync({**DESIRED, MACS[TWO]: frozenset({IPv4Address("10.99.0.7")})}) == Repairs(1, 0, 0)
        assert members() == ONES


def test_an_admission_nobody_renews_ends_by_itself(venue: Venue, new_gate: NewGate) -> None:
    with inside(GATE):
        gate = new_gate(venue.short(120))
        gate.setup()
        gate.admit(MACS[ONE], [ADDRESSES[ONE]])
    assert all(0 < left_s <= 120 for left_s in times_left())
    with listener(OUTSIDE, 7000):
        connect(ONE, SERVER, 7000).close()
        # Nobody waits for that long: their time is nearly over.
        sh(
            f"ipset -exist add qq-up4 {ADDRESSES[ONE]},{MACS[ONE]} timeout 1;"
            f"ipset -exist add qq-down4 {ADDRESSES[ONE]} timeout 1"
        )
        until(lambda: members() == set(), "the kernel to drop the entries")
        with pytest.raises(ConnectionRefusedError):
            connect(ONE, SERVER, 7000)


def test_renewed_admissions_stay_and_keep_their_counters(venue: Venue, new_gate: NewGate) -> None:
    with inside(GATE):
        gate = new_gate(venue.short(300))
        gate.setup()
        gate.admit(MACS[ONE], [ADDRESSES[ONE]])
        for counted in ("packets 7 bytes 700", ""):  # given, and then kept
            sh(
                f"ipset -exist add qq-up4 {ADDRESSES[ONE]},{MACS[ONE]} timeout 60 {counted};"
                f"ipset -exist add qq-down4 {ADDRESSES[ONE]} timeout 60 {counted.replace('7', '9')}"
            )
            assert gate.sync(DESIRED) == Repairs(0, 0, 0)
            assert all(200 < left_s <= 300 for left_s in times_left())
        saved = sh("ipset save")
    assert "packets 7 bytes 700" in saved
    assert "packets 9 bytes 900" in saved


def test_a_hot_restart_keeps_members_and_running_flows(gate: Gate, venue: Venue, new_gate: NewGate) -> None:
    with inside(GATE):
        gate.admit(MACS[ONE], [ADDRESSES[ONE]])
    with listener(OUTSIDE, 7000) as listening, connect(ONE, SERVER, 7000) as client:
        server, _ = listening.accept()
        with server, inside(GATE):
            ports = sh("conntrack -L 2>/dev/null | grep dport=7000")
            again = new_gate(venue.settings)
            again.setup()
            assert again.sync(DESIRED) == Repairs(0, 0, 0)
            client.sendall(b"?")
            assert server.recv(1) == b"?"
            assert sh("conntrack -L 2>/dev/null | grep dport=7000").split()[4:] == ports.split()[4:]


def test_close_admits_nobody_and_drops_on(gate: Gate) -> None:
    with inside(GATE):
        gate.admit(MACS[ONE], [ADDRESSES[ONE]])
        gate.close()
        gate.close()
    assert members() == set()
    with pytest.raises(ConnectionRefusedError):
        connect(ONE, SERVER, 7000)
    assert "-A FORWARD -j QQ-FORWARD" in sh("iptables-legacy-save")


def test_closing_before_setup_is_no_error(venue: Venue, new_gate: NewGate) -> None:
    with inside(GATE):
        new_gate(venue.settings).close()


def test_ten_thousand_devices(gate: Gate, record_property: Callable[[str, object], None]) -> None:
    devices = {
        f"02:00:00:01:{number >> 8:02x}:{number & 255:02x}": frozenset({IPv4Address("10.77.1.0") + number})
        for number in range(10_000)
    }
    with inside(GATE):
        timings = []
        for expected in (10_000, 0):
            began = time.process_time()
            assert gate.sync(devices) == Repairs(expected, 0, 0)
            timings.append(time.process_time() - began)
        began = time.process_time()
        gate.admit(MACS[ONE], [ADDRESSES[ONE]])
        timings.append(time.process_time() - began)
    record_property("processor seconds: sync of 10,000 new, of 10,000 known, one admission", timings)
    print("processor seconds: sync of 10,000 new, of 10,000 known, one admission:", timings)
    assert timings[0] < 10
    assert timings[1] < 5
    assert timings[2] < 1


def test_connections_of_every_kind_are_forgotten(gate: Gate) -> None:
    with inside(GATE):
        gate.admit(MACS[ONE], [ADDRESSES[ONE]])
        one, server = ADDRESSES[ONE], SERVER
        sh(
            f"conntrack -I -p tcp -s {one} -d {server} --sport 1 --dport 2 --state ESTABLISHED -t 60 -u SEEN_REPLY;"
            f"conntrack -I -p udp -s {one} -d {server} --sport 1 --dport 2 -t 60;"
            f"conntrack -I -p udp -s {server} -d {one} --sport 1 --dport 2 -t 60;"
            f"conntrack -I -p icmp -s {one} -d {server} --icmp-type 8 --icmp-code 0 --icmp-id 5 -t 60;"
            f"conntrack -I -p udp -s {ADDRESSES[TWO]} -d {server} --sport 1 --dport 2 -t 60"
        )
        assert len(known_connections().splitlines()) == 5
        gate.revoke(MACS[ONE], [one])
        assert [line for line in known_connections().splitlines() if str(one) in line] == []
        assert len(known_connections().splitlines()) == 1
        # To it, and to another's address behind which it answers.
        two = ADDRESSES[TWO]
        sh(
            f"conntrack -I -p udp -s {server} -d {two} --sport 3 --dport 4 -t 60;"
            f"conntrack -I -p udp -s {server} -d 198.51.100.9 --reply-src {two} --reply-dst {server} "
            "--sport 5 --dport 6 --reply-port-src 6 --reply-port-dst 5 -t 60"
        )
        assert len(known_connections().splitlines()) == 3
        # More devices than are asked for one by one.
        many = frozenset(IPv4Address("10.77.5.0") + number for number in range(20))
        gate.sync({MACS[TWO]: frozenset({ADDRESSES[TWO]}) | many})
        assert known_connections() == ""


@pytest.mark.parametrize(
    ("mac", "address"),
    [
        ("02:00:00:00:00:0G", "10.77.0.11"),
        ("02:00:00:00:00:0A", "10.77.0.11"),
        ("01:00:5e:00:00:01", "10.77.0.11"),
        ("00:00:00:00:00:00", "10.77.0.11"),
        ("", "10.77.0.11"),
        (MACS[ONE], "10.78.0.11"),
        (MACS[ONE], GATE_LAN),
        (MACS[ONE], "10.77.0.0"),
        (MACS[ONE], "10.77.255.255"),
    ],
)
def test_what_can_be_no_device_is_never_admitted(gate: Gate, mac: str, address: str) -> None:
    """Nor may it stop the gate: it is refused where somebody asks, and passed over where everybody is meant."""
    good = ADDRESSES[TWO]
    bad = type(good)(address)
    with inside(GATE):
        with pytest.raises(DeviceRefused):
            gate.admit(mac, [good, bad])
        assert "timeout" not in sh("ipset save | grep ^add || true"), "nothing was half done"
        gate.admit(MACS[TWO], [good])
        gate.sync({mac: {bad}, MACS[TWO]: {good}})
        gate.revoke(mac, [bad])
        assert sh("ipset save qq-up4 | grep ^add").split()[2] == f"{good},{MACS[TWO].upper()}"
