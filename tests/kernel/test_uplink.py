"""What the kernel itself knows of the way to the Internet."""

from __future__ import annotations

import pytest

from firewall.uplink import link_trouble
from tests.kernel.venue import GATE, OUTSIDE, sh, until
from tests.lab.entering import inside

WAN = "wan0"


@pytest.mark.usefixtures("venue")
def test_a_link_that_is_down_dead_or_leads_nowhere() -> None:
    with inside(GATE):
        sh("ip route add default via 198.51.100.2")
        until(lambda: link_trouble(WAN) == "", "a good link")
        sh("ip route del default")
        assert link_trouble(WAN) == "there is no default route"
        sh("ip -6 route add default via 2001:db8::2")
        assert link_trouble(WAN) == "", "one family is enough"
        sh("ip -6 route del default")
        sh("ip route add default via 198.51.100.2")
        sh("ip route add prohibit 192.0.2.0/24")
        assert link_trouble(WAN) == "", "what an owner forbids says nothing of the rest"
        sh("ip link set eth0 down", OUTSIDE)
        until(lambda: link_trouble(WAN) == "wan0 has no carrier", "the cable's other end to be missed")
        sh("ip link set wan0 down")
        assert link_trouble(WAN) == "wan0 is down"
        for name in ("wan7", "a-name-much-too-long-for-one"):
            assert link_trouble(name) == f"there is no interface {name}"
