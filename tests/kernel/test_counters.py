"""What the kernel counted of each device, in both families, read at one go."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from firewall.counters import Counters, Traffic
from firewall.errors import KernelRefused
from firewall.gate import Gate
from tests.kernel.venue import ADDRESSES, ADDRESSES6, GATE, MACS, inside, sh

ONE, TWO = "ktv1", "ktv2"
ONES = [str(ADDRESSES[ONE]), ADDRESSES6[ONE]]
TWOS = [str(ADDRESSES[TWO]), ADDRESSES6[TWO]]


@pytest.fixture
def counters() -> Iterator[Counters]:
    """Call it inside GATE."""
    with Counters() as made:
        yield made


@pytest.mark.usefixtures("gate")
def test_no_set_is_no_traffic(counters: Counters) -> None:
    with inside(GATE):
        assert counters.read().traffic(MACS[ONE], ONES, whole=True) is None
        assert counters.read(ONES).traffic(MACS[ONE], ONES, whole=True) is None


@pytest.mark.usefixtures("gate")
def test_many_are_read_whole(counters: Counters) -> None:
    """More members than one message of the kernel holds, the last ones too."""
    lines = [
        f"add qq-up4 10.77.1.{n},02:00:00:00:01:{n:02x} packets {n} bytes {n * 10}\n"
        f"add qq-down4 10.77.1.{n} packets {n * 2} bytes {2**40 + n}"
        for n in range(256)
    ] + [f"add qq-down4 10.77.{m}.{n}" for m in range(2, 12) for n in range(256)]
    with inside(GATE):
        sh("ipset restore <<END\n" + "\n".join(lines) + "\nEND")
        everything = counters.read()
        for n in range(256):
            mac, address = f"02:00:00:00:01:{n:02x}", f"10.77.1.{n}"
            expected = Traffic(n, n * 10, n * 2, 2**40 + n)
            assert everything.traffic(mac, [address], whole=True) == expected
            if n % 50 == 0:
                assert counters.read([mac, address]).traffic(mac, [address], whole=True) == expected


def test_a_kernel_that_does_not_answer_is_told_and_the_next_reading_is_right(
    gate: Gate, counters: Counters, monkeypatch: pytest.MonkeyPatch
) -> None:
    with inside(GATE):
        gate.admit(MACS[ONE], [ADDRESSES[ONE]])
        counters.read()
        with monkeypatch.context() as broken:
            broken.setattr("firewall.counters._IPSET_LIST", 6 << 8 | 99)
            with pytest.raises(KernelRefused):
                counters.read()
        assert counters.read().traffic(MACS[ONE], ONES, whole=True) == Traffic(0, 0, 0, 0)


@pytest.mark.usefixtures("gate")
def test_an_entry_without_a_mac_address_is_nobodys(counters: Counters) -> None:
    """A stranger's: bitmap:ip,mac takes it for whatever device."""
    with inside(GATE):
        sh(f"ipset add qq-up4 {ADDRESSES[ONE]} packets 1 bytes 1; ipset add qq-down4 {ADDRESSES[ONE]}")
        assert counters.read().traffic(MACS[ONE], ONES, whole=True) is None
