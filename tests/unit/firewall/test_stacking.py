"""Which interfaces hear the same frames."""

from __future__ import annotations

import pytest

from firewall.stacking import Link, shared

LINKS = {
    1: Link("lo"),
    2: Link("lan1", master=9),
    3: Link("eth0"),
    4: Link("eth0.20", master=9, carrier=3, tagged=True),
    5: Link("eth0.10", carrier=3, tagged=True),
    6: Link("lan1.10", carrier=2, tagged=True),
    7: Link("br-lan.10", carrier=9, tagged=True),
    9: Link("br-lan"),
    10: Link("bond0", master=9),
    11: Link("eth2", master=10),
    12: Link("eth2.7", carrier=11, tagged=True),
    13: Link("br-office"),
    14: Link("eth3", master=13),
    15: Link("eth3.5", master=17, carrier=14, tagged=True),
    16: Link("lan1.30", master=17, carrier=2, tagged=True),
    17: Link("br-mixed"),
    18: Link("mac1", master=9, carrier=19),
    19: Link("eth4"),
    20: Link("mac2", carrier=19),
    21: Link("wan0"),
}


@pytest.mark.parametrize(
    ("interface", "by"),
    [
        ("lan1", "lan1"),
        ("br-lan", "br-lan"),
        ("br-lan.10", "br-lan"),
        ("lan1.10", "lan1"),
        ("bond0", "bond0"),
        ("eth2.7", "eth2"),
        ("br-mixed", "lan1"),
        ("mac2", "eth4"),
        ("eth0.20", "eth0.20"),
    ],
)
def test_what_hears_the_visitors_frames(interface: str, by: str) -> None:
    assert shared(LINKS, interface, "br-lan") == by


@pytest.mark.parametrize("interface", ["wan0", "eth0.10", "eth0", "br-office", "eth3.5", "none", "lo"])
def test_what_is_apart(interface: str) -> None:
    assert shared(LINKS, interface, "br-lan") == ""
