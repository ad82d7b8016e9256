"""What the kernel counted of each device, in both families, read at one go."""

from __future__ import annotations

import contextlib
import socket
import struct
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address

import pytest

from firewall.counters import Counters, Traffic
from firewall.errors import KernelRefused
from firewall.gate import Gate
from tests.kernel.venue import ADDRESSES, ADDRESSES6, GATE, GATE_LAN, MACS, OUTSIDE, SERVER, SERVER6, sh, udp
from tests.lab.entering import inside

ONE, TWO = "ktv1", "ktv2"
ONES = [str(ADDRESSES[ONE]), ADDRESSES6[ONE]]
TWOS = [str(ADDRESSES[TWO]), ADDRESSES6[TWO]]


@pytest.fixture
def counters() -> Iterator[Counters]:
    """Call it inside GATE."""
    with Counters() as made:
        yield made


def converse(family: int, server: str, up: int, down: int, size: int) -> None:
    """Visitor ONE sends so many UDP packets and the server answers with so many; all arrive."""
    with udp(OUTSIDE, family, port=7000) as there, udp(ONE, family) as here:
        for _ in range(up):
            here.sendto(bytes(size), (server, 7000))
        for _ in range(up):
            _, whence = there.recvfrom(2000)
        for _ in range(down):
            there.sendto(bytes(size), whence)
        for _ in range(down):
            here.recvfrom(2000)


@pytest.mark.usefixtures("gate")
def test_no_set_is_no_traffic(counters: Counters) -> None:
    with inside(GATE):
        assert counters.read().traffic(MACS[ONE], ONES, whole=True) is None
        assert counters.read(ONES).traffic(MACS[ONE], ONES, whole=True) is None


def test_every_forwarded_packet_of_both_families_is_counted_once(gate6: Gate, counters: Counters) -> None:
    with inside(GATE):
        gate6.admit(MACS[ONE], [ADDRESSES[ONE], IPv6Address(ONES[1])])
        gate6.admit(MACS[TWO], [ADDRESSES[TWO]])
    converse(socket.AF_INET, SERVER, up=5, down=3, size=100)
    converse(socket.AF_INET6, SERVER6, up=4, down=2, size=1000)
    four, six = 20 + 8 + 100, 40 + 8 + 1000
    both = Traffic(5 + 4, 5 * four + 4 * six, 3 + 2, 3 * four + 2 * six)
    with inside(GATE):
        for reading in (counters.read(), counters.read([MACS[ONE], *ONES])):
            assert reading.traffic(MACS[ONE], ONES, whole=True) == both
            assert reading.traffic(MACS[ONE], ONES[:1], whole=False) == Traffic(5, 5 * four, 3, 3 * four)
        assert counters.read().traffic(MACS[TWO], TWOS, whole=True) == Traffic(0, 0, 0, 0)
        assert counters.read().traffic(MACS[TWO], ONES[:1], whole=True) is None, "another device's address"
        assert counters.read([TWOS[0]]).traffic(MACS[ONE], ONES, whole=True) is None, "it was not asked for"


@pytest.mark.parametrize("many", [False, True])
def test_an_address_that_another_device_takes_over_is_counted_anew(gate6: Gate, counters: Counters, many: bool) -> None:
    addresses: list[IPv4Address | IPv6Address] = [ADDRESSES[ONE], IPv6Address(ONES[1])]
    with inside(GATE):
        gate6.admit(MACS[ONE], addresses)
    converse(socket.AF_INET, SERVER, up=2, down=2, size=10)
    converse(socket.AF_INET6, SERVER6, up=2, down=2, size=10)
    with inside(GATE):
        gate6.admit(MACS[ONE], addresses)
        assert counters.read().traffic(MACS[ONE], ONES, whole=True) == Traffic(4, 2 * (38 + 58), 4, 2 * (38 + 58))
        if many:
            gate6.sync({MACS[TWO]: frozenset(addresses)})
        else:
            gate6.admit(MACS[TWO], addresses)
        assert counters.read().traffic(MACS[TWO], ONES, whole=True) == Traffic(0, 0, 0, 0)


@pytest.mark.parametrize("many", [False, True])
def test_who_returns_is_counted_anew(gate: Gate, counters: Counters, many: bool) -> None:
    """A bitmap keeps the counters of what was deleted from it."""

    def admit() -> None:
        if many:
            gate.sync({MACS[ONE]: {ADDRESSES[ONE]}})
        else:
            gate.admit(MACS[ONE], [ADDRESSES[ONE]])

    with inside(GATE):
        admit()
    for _ in range(2):
        converse(socket.AF_INET, SERVER, up=3, down=2, size=72)
        with inside(GATE):
            admit()
            gate.sync({MACS[ONE]: {ADDRESSES[ONE]}})
            assert counters.read().traffic(MACS[ONE], ONES, whole=True) == Traffic(3, 300, 2, 200)
            gate.revoke(MACS[ONE], [ADDRESSES[ONE]])
            admit()


def test_refused_packets_and_the_resolver_s_are_not_counted(gate: Gate, counters: Counters) -> None:
    with inside(GATE):
        gate.admit(MACS[ONE], [ADDRESSES[ONE]])
    with udp(ONE) as here:
        for whither in (("10.99.0.1", 7000), (GATE_LAN, 53)):
            with contextlib.suppress(OSError):  # refused by ICMP
                here.sendto(b"?", whither)
    converse(socket.AF_INET, SERVER, up=1, down=0, size=1)
    with inside(GATE):
        assert counters.read().traffic(MACS[ONE], ONES, whole=True) == Traffic(1, 29, 0, 0)


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
        lines = [f"add qq-up4 10.77.{m}.{n},02:00:00:00:01:{n:02x}" for m in range(2, 12) for n in range(256)]
        sh("ipset restore <<END\n" + "\n".join(lines) + "\nEND")
        whole = counters.read()
        with monkeypatch.context() as broken:
            broken.setattr("firewall.counters._pattern", garbled)
            with pytest.raises(KernelRefused):
                counters.read()
        assert counters.read() == whole, "nothing is left of the answer that was given up"


def garbled(*_: object) -> struct.Struct:
    raise struct.error("on purpose")


@pytest.mark.usefixtures("gate")
def test_an_entry_without_a_mac_address_is_nobodys(counters: Counters) -> None:
    """A stranger's: bitmap:ip,mac takes it for whatever device."""
    with inside(GATE):
        sh(f"ipset add qq-up4 {ADDRESSES[ONE]} packets 1 bytes 1; ipset add qq-down4 {ADDRESSES[ONE]}")
        assert counters.read().traffic(MACS[ONE], ONES, whole=True) is None
