"""Readings where the kernel has sets of MAC addresses, which not every kernel that tests run on has."""

from __future__ import annotations

import struct

import pytest

from firewall.counters import Reading, Traffic, _rows, _rows_of

MAC, ADDRESS, ADDRESS6 = "02:00:00:00:00:01", "10.77.0.10", "fd77::10"
KEY, KEY4, KEY6 = bytes.fromhex("020000000001"), bytes([10, 77, 0, 10]), bytes.fromhex("fd77" + "00" * 13 + "10")


def member(mac: bytes, packets: int, byte_count: int, padding: bool) -> bytes:
    """A member of a hash:mac set as the kernel writes it: on some machines it aligns the counters by an empty
    attribute."""
    inner = struct.pack("=HH6s2x", 10, 17, mac) + struct.pack(">2s2sI", b"\x08\0", b"\x06\x40", 299)
    inner += struct.pack("=HH", 4, 31) if padding else b""
    for number, value in ((24, byte_count), (25, packets)):
        inner += struct.pack("=HH", 12, 0x4000 | number) + struct.pack(">Q", value)
    return struct.pack("=HH", 4 + len(inner), 0x8007) + inner


@pytest.mark.parametrize("padding", [False, True])
def test_members_by_mac_address(padding: bool) -> None:
    macs = [bytes([2, 0, 0, 0, 0, n]) for n in range(5)]
    members = memoryview(b"".join(member(mac, mac[5], 2**40 + mac[5], padding) for mac in macs))
    assert list(_rows(members)) == [(mac, 2**40 + mac[5], mac[5]) for mac in macs]
    assert list(_rows_of(members, [macs[3], b"absent"])) == [(macs[3], 2**40 + 3, 3)]


def test_members_of_several_shapes_in_one_set() -> None:
    """A stranger's entry without a MAC address lies among ours."""
    members = memoryview(member(KEY, 1, 10, padding=True) + member(KEY, 2, 20, padding=False))
    assert [row[1:] for row in _rows(members)] == [(10, 1), (20, 2)]


def test_what_is_counted_by_the_mac_address_goes_with_the_last_address() -> None:
    reading = Reading(
        up4={KEY4: (KEY4, KEY, 100, 1)},
        down4={KEY4: (KEY4, 200, 2)},
        up6={KEY: (KEY, 1000, 10)},
        down6={KEY6: (KEY6, 2000, 20)},
    )
    assert reading.traffic(MAC, [ADDRESS, ADDRESS6], whole=True) == Traffic(11, 1100, 22, 2200)
    assert reading.traffic(MAC, [ADDRESS6], whole=False) == Traffic(0, 0, 20, 2000)
    assert reading.traffic(MAC, [ADDRESS], whole=False) == Traffic(1, 100, 2, 200)
    assert reading.traffic(MAC, ["fd77::99"], whole=False) is None
    assert reading.traffic("02:00:00:00:00:02", [ADDRESS], whole=True) is None
