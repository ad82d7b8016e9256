"""What the doctor says, on a machine that has everything and on one that lacks something."""

from __future__ import annotations

import dataclasses
import ipaddress

from firewall import checks, standing
from firewall.gate import Gate
from tests.kernel.venue import GATE, Venue, sh
from tests.lab.entering import inside


def state() -> str:
    """Rules and sets, without the counters, which the venue's own chatter moves."""
    return sh("iptables-legacy-save | sed 's/ \\[.*//; /^#/d'; ipset list -t")


def test_all_is_well_and_nothing_was_touched(gate: Gate, venue: Venue) -> None:
    with inside(GATE):
        before = state()
        found = checks.findings(venue.settings)
        assert state() == before
        gate.sync({})
    assert [finding for finding in found if not finding.ok] == []
    assert len(found) >= 9
    assert not any(finding.remedy for finding in found)


def test_what_is_missing_is_said_with_what_to_do(venue: Venue) -> None:
    wrong = dataclasses.replace(
        venue.settings, wan_interface="wan7", lan=ipaddress.IPv4Interface("10.77.0.2/16"), lan_interface="lan7"
    )
    with inside(GATE):
        found = {finding.what: finding.remedy for finding in checks.findings(wrong) if not finding.ok}
    assert set(found) == {
        "interface lan7 (lan_interface)",
        "interface wan7 (wan_interface)",
        "address 10.77.0.2/16 on lan7",
    }
    assert "br-lan" in found["interface lan7 (lan_interface)"]
    assert "ip address add 10.77.0.2/16 dev lan7" in found["address 10.77.0.2/16 on lan7"]


def test_rules_that_are_not_the_gates_are_noticed_and_left(gate: Gate, venue: Venue) -> None:
    with inside(GATE):
        gate.sync({})
        assert standing.differences(venue.settings) == 0
        sh("iptables-legacy -P FORWARD ACCEPT")
        wrong = state()
        assert standing.differences(venue.settings) == 1
        assert state() == wrong
        gate.sync({})
        assert standing.differences(venue.settings) == 0
