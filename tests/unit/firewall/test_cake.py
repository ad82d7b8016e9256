"""The way by CAKE, on a kernel that is played: a line of its own for what no machine of ours can load."""

from __future__ import annotations

import dataclasses
import ipaddress
from collections.abc import Sequence
from ipaddress import IPv4Address

import pytest

from firewall import shaping
from firewall.errors import KernelRefused
from firewall.rates import Rates
from firewall.settings import Settings
from firewall.shaping import Shaping

SETTINGS = Settings(
    "br-lan", ipaddress.IPv4Interface("10.77.0.1/16"), "wan0", rates=Rates(line_down_kbit=50_000, line_up_kbit=10_000)
)
DESIRED = {"02:00:00:00:00:01": {IPv4Address("10.77.0.11")}}


class Kernel:
    """What tc and ipset show of it."""

    def __init__(self, has_cake: bool) -> None:
        self.has_cake = has_cake
        self.queues: dict[str, str] = {}
        self.said: list[str] = []

    def run(self, words: Sequence[str], stdin: str = "") -> str:
        match [*words]:
            case ["tc", "qdisc", "show", "dev", interface]:
                return self.queues.get(interface, "qdisc noqueue 0: root refcnt 2")
            case ["tc", "-batch", "-"]:
                return self._batch(stdin.splitlines())
            case ["ipset", "list", "-n"]:
                return ""
        raise KernelRefused(f"run {words}", "no part of this play")

    def _batch(self, lines: list[str]) -> str:
        for line in lines:
            what, interface = line.split()[1], line.split()[3]
            if " cake " in line and not self.has_cake:
                raise KernelRefused(f"run {line}", "Specified qdisc kind is unknown.")
            if what == "del":
                del self.queues[interface]
            else:
                kind = line.split()[7]
                self.queues[interface] = f"qdisc {kind} 7171: root refcnt 2"
        self.said += lines
        return ""


@pytest.fixture
def kernel(monkeypatch: pytest.MonkeyPatch) -> Kernel:
    played = Kernel(has_cake=True)
    monkeypatch.setattr(shaping, "run", played.run)
    return played


def test_cake_shares_the_line_out_and_comes_back_if_it_goes(kernel: Kernel) -> None:
    kernel.queues["wan0"] = "qdisc htb 7171: root refcnt 2"  # of a day when visitors had caps
    made = Shaping(SETTINGS)
    made.setup()
    cakes = [
        "qdisc replace dev br-lan root handle 7171: cake bandwidth 50000kbit dual-dsthost",
        "qdisc replace dev wan0 root handle 7171: cake bandwidth 10000kbit dual-srchost nat",
    ]
    assert kernel.said == [cakes[0], "qdisc del dev wan0 root", cakes[1]]
    kernel.said.clear()
    made.sync(DESIRED)
    made.cover([IPv4Address("10.77.0.11")])
    assert kernel.said == []
    kernel.queues["wan0"] = "qdisc fq_codel 0: root refcnt 2"
    made.sync(DESIRED)
    assert kernel.said == [cakes[1]]
    other = dataclasses.replace(SETTINGS, rates=Rates(line_down_kbit=40_000))
    kernel.said.clear()
    Shaping(other).setup()
    assert kernel.said == ["qdisc replace dev br-lan root handle 7171: cake bandwidth 40000kbit dual-dsthost"]


def test_where_there_is_no_cake_the_log_names_it(kernel: Kernel, caplog: pytest.LogCaptureFixture) -> None:
    kernel.has_cake = False
    with caplog.at_level("INFO"):
        Shaping(SETTINGS).setup()
    assert caplog.messages[0] == "no cake here, so htb shares the line out: Specified qdisc kind is unknown."
