"""A gate's life as the unprivileged user that the unit makes: run by test_unprivileged with two capabilities only."""

from __future__ import annotations

import dataclasses
import os
import sys

from firewall import checks
from firewall.command import run
from firewall.gate import Gate, Repairs
from firewall.presence.evidence import Evidence
from firewall.presence.neighbours import mac_of
from firewall.presence.ports import Ports
from firewall.rates import Rates
from tests.kernel.venue import ADDRESSES, MACS, Venue

assert os.getuid() == 65534
mac, address = MACS["ktv1"], ADDRESSES["ktv1"]
seen: list[Evidence] = []
ports = Ports("br-lan", seen.append)
ports.start({})
ports.stop()
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
