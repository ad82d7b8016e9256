"""A device that is known by its MAC address: that goes from the set when the device does, and only what is the visit's
of its addresses passes.

The kernels that these tests meet have no sets of type hash:mac. So the members are kept by a double, and before the
kernel's own rules a set of addresses stands for one of MAC addresses: the rules ask both by the same word.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import pytest

from firewall import tables
from firewall.datapath import Abilities, ruleset
from firewall.gate import Gate
from firewall.members import ip_key, mac_key
from firewall.settings import Settings
from tests.kernel.test_passage import SIX, arrived
from tests.kernel.venue import ADDRESSES, ADDRESSES6, GATE, MACS, VISITORS, sh
from tests.lab.entering import inside

ONE, TWO, _ = VISITORS


class KeptMembers:
    """What ``firewall.members.Members`` would tell the kernel."""

    sets: dict[str, set[bytes]]

    def __init__(self) -> None:
        type(self).sets = {}

    def shape(self, _set_name: str) -> None:
        """There are none yet, for who would make or empty them."""

    def read(self, set_name: str) -> dict[bytes, int]:
        return dict.fromkeys(self.sets.get(set_name, ()), 300)

    def add(self, set_name: str, members: Iterable[bytes], *_time: object, **_counters: object) -> None:
        for member in members:
            self.remove(set_name, [member])
            self.sets.setdefault(set_name, set()).add(member)

    def remove(self, set_name: str, members: Iterable[bytes]) -> None:
        """As the kernel does: of an address and a MAC address, the address says which."""
        gone = tuple(members)
        self.sets[set_name] = {
            there for there in self.sets.get(set_name, ()) if not any(there.startswith(member[:12]) for member in gone)
        }

    def close(self) -> None:
        pass


@pytest.fixture
def by_mac(settings6: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Gate]:
    """A gate that knows devices by their MAC addresses, and its namespace."""
    monkeypatch.setattr("firewall.sets.Members", KeptMembers)
    made = Gate(settings6, Abilities(mac_sets=True, nat6=False))
    with inside(GATE):
        yield made
        made.close()


def test_who_lost_its_only_address_to_another_goes_with_its_mac_address(by_mac: Gate) -> None:
    by_mac.admit(MACS[ONE], [ADDRESSES[ONE]])
    by_mac.admit(MACS[TWO], [ADDRESSES[ONE]])
    by_mac.revoke(MACS[ONE], [ADDRESSES[ONE]])
    assert KeptMembers.sets["qq-up6"] == {mac_key(MACS[TWO])}
    assert KeptMembers.sets["qq-up4"] == {ip_key(ADDRESSES[ONE]) + mac_key(MACS[TWO])}


def test_a_mac_address_stays_as_long_as_any_address_of_its_device(by_mac: Gate) -> None:
    by_mac.admit(MACS[ONE], [ADDRESSES[ONE], ADDRESSES[TWO]])
    by_mac.revoke(MACS[ONE], [ADDRESSES[ONE]])
    assert KeptMembers.sets["qq-up6"] == {mac_key(MACS[ONE])}
    by_mac.revoke(MACS[ONE], [ADDRESSES[TWO]])
    assert KeptMembers.sets["qq-up6"] == set()


def test_an_address_that_is_not_the_visits_does_not_pass(gate6: Gate, settings6: Settings) -> None:
    del gate6  # the cables carry IPv6
    with inside(GATE):
        tables.load(ruleset(settings6, Abilities(mac_sets=True, nat6=True)))
    sh(f"ipset add qq-up6 {ADDRESSES6[ONE]} timeout 300")
    assert arrived(ONE) == set()
    sh(f"ipset add qq-down6 {ADDRESSES6[ONE]} timeout 300")
    assert arrived(ONE, SIX) == SIX
