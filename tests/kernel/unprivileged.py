"""A gate's life as the unprivileged user that the unit makes: run by test_unprivileged with two capabilities only."""

from __future__ import annotations

import dataclasses
import os
import sys
from ipaddress import IPv6Interface
from pathlib import Path

from firewall import checks
from firewall.command import run
from firewall.gate import Gate, Repairs
from firewall.presence.evidence import Evidence
from firewall.presence.neighbours import mac_of
from firewall.presence.whereabouts import Network, Whereabouts
from firewall.rates import Rates
from tests.kernel.venue import ADDRESSES, MACS, Venue

assert os.getuid() == 65534
mac, address = MACS["ktv1"], ADDRESSES["ktv1"]
seen: list[Evidence] = []
whereabouts = Whereabouts(
    Network("br-lan", Venue.settings.lan, IPv6Interface("fd77::1/64")),
    Path("/nonesuch/leases"),
    Path("/proc/1/fd"),  # a folder that only root may read
    deliver=seen.append,
    learnt=lambda _: None,
    answered=lambda _: None,
)
whereabouts.start({}, {})
sources = {source.name: source for source in whereabouts.sources()}
whereabouts.stop()
assert {name for name in sources if sources[name].live} == {"ports", "neighbours", "probes", "releases"}, sources
assert "ctrl_interface_group" in sources["stations"].why, sources
gate = Gate(dataclasses.replace(Venue.settings, rates=Rates(visitor_down_kbit=1_000)))
gate.setup()
assert gate.sync({mac: frozenset({address})}) == Repairs(1, 0, 0)
assert gate.sync({mac: frozenset({address})}) == Repairs(0, 0, 0)
gate.revoke(mac, [address])
gate.admit(mac, [address])
assert mac_of("br-lan", address) == mac
assert "class htb 7171:b " in run(["tc", "class", "show", "dev", "br-lan"])  # 10.77.0.11's
wrong = [finding for finding in checks.findings(Venue.settings) if not finding.ok]
assert ["not tried" in finding.what for finding in wrong] == [True], wrong
sys.stdout.write("done")
