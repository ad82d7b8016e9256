"""A USB stick found, written and read: real file systems on loop devices (this kernel's: ext4), mounted in a place of
their own."""

from __future__ import annotations

import os
import tarfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from appliance import factory_reset
from appliance.commands import run
from appliance.config import Config
from appliance.steward import backups
from appliance.stick_backup import FOLDER, StickFailed, fetch, write
from appliance.sticks import Stick, StickUnusable, found, mounted, only_one
from journal.entries import GateStarted
from journal.store import Store
from tests.edge.journal.samples import at
from tests.lab.run import run as lab_run

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
MEGABYTE = 1 << 20


def block(folder: Path, name: str, removable: int, sectors: int, parts: dict[str, int] | None = None) -> None:
    """One disk as /sys/block shows it."""
    disk = folder / name
    disk.mkdir(parents=True)
    (disk / "removable").write_text(f"{removable}\n")
    (disk / "size").write_text(f"{sectors}\n")
    for part, size in (parts or {}).items():
        (disk / part).mkdir()
        (disk / part / "partition").write_text("1\n")
        (disk / part / "size").write_text(f"{size}\n")


def test_a_stick_is_what_can_be_pulled_out_and_is_no_system(tmp_path: Path) -> None:
    block(tmp_path, "nvme0n1", 0, 1_000_000, {"nvme0n1p1": 1000})
    block(tmp_path, "sr0", 1, 1000)
    block(tmp_path, "sdc", 1, 0)  # a card reader without a card
    block(tmp_path, "sdd", 1, 90_000, {"sdd1": 1000, "sdd2": 1000})  # the box itself, started from a stick
    with pytest.raises(StickUnusable, match="no USB stick is plugged in"):
        only_one(found(tmp_path))
    block(tmp_path, "sda", 1, 4096, {"sda1": 2048})
    assert only_one(found(tmp_path)) == Stick("/dev/sda1", MEGABYTE)
    block(tmp_path, "sdb", 1, 4096)
    with pytest.raises(StickUnusable, match="several USB sticks are plugged in \\(/dev/sda1, /dev/sdb\\)"):
        only_one(found(tmp_path))


@pytest.fixture
def stick(tmp_path: Path) -> Iterator[Stick]:
    """Sixteen megabytes of ext4."""
    made = tmp_path / "stick.img"
    with made.open("wb") as out:
        out.truncate(16 * MEGABYTE)
    lab_run(["mkfs.ext4", "-q", "-F", "-O", "^has_journal", str(made)])
    device = lab_run(["losetup", "--find", "--show", str(made)]).stdout.strip()
    try:
        yield Stick(device, 16 * MEGABYTE)
    finally:
        lab_run(["losetup", "--detach", device])


@pytest.fixture
def config(tmp_path: Path) -> Config:
    """Of a box with a journal and a configuration."""
    (tmp_path / "state" / "gate").mkdir(parents=True)
    store = Store.open(tmp_path / "state" / "gate" / "journal.db")
    store.append([(at(0), GateStarted("9.0.0", 0, 0))])
    store.close()
    (tmp_path / "qaqpa.toml").write_text("")
    plain = Config()
    return msgspec.structs.replace(plain, paths=msgspec.structs.replace(plain.paths, state=str(tmp_path / "state")))


def test_a_back_up_goes_to_the_stick_and_comes_back_to_another_box(
    tmp_path: Path, stick: Stick, config: Config
) -> None:
    place = tmp_path / "mounted"
    name, verdict = write(config, tmp_path / "qaqpa.toml", stick, place, now=NOW, run=run)
    assert (name, verdict.entries) == (f"{FOLDER}/qaqpa-20261122T090000Z.tar", 1)
    assert not os.path.ismount(place), "it may be pulled out"
    other = msgspec.structs.replace(config, paths=msgspec.structs.replace(config.paths, state=str(tmp_path / "other")))
    brought = fetch(other, stick, place, run)
    assert brought.stat().st_mode & 0o777 == 0o600 and not os.path.ismount(place)
    assert brought.read_bytes() == (backups.folder(config) / brought.name).read_bytes()
    with tarfile.open(brought) as tar:
        assert tar.getnames() == ["journal.db", "qaqpa.toml"]


def test_nothing_of_a_stick_can_be_run_and_reading_writes_nothing(tmp_path: Path, stick: Stick) -> None:
    place = tmp_path / "mounted"
    with mounted(stick, place, run):
        (line,) = [each.split() for each in Path("/proc/mounts").read_text().splitlines() if f" {place} " in each]
        assert {"ro", "nosuid", "nodev", "noexec"} <= set(line[3].split(","))
        with pytest.raises(OSError, match="Read-only"):
            (place / "file").write_text("")
    with pytest.raises(StickFailed, match="no back-up on the stick"):
        fetch(Config(), stick, place, run)


def test_a_full_stick_and_no_file_system_are_told_apart(tmp_path: Path, stick: Stick, config: Config) -> None:
    place = tmp_path / "mounted"
    with (
        mounted(stick, place, run, writable=True),
        (place / "films").open("wb", buffering=0) as out,
        pytest.raises(OSError, match="No space"),
    ):
        while True:
            out.write(bytes(MEGABYTE))
    with pytest.raises(StickFailed, match=r"the stick has \d+ MB left .* make room"):
        write(config, tmp_path / "qaqpa.toml", stick, place, now=NOW, run=run)
    with mounted(stick, place, run):
        assert {each.name for each in place.iterdir()} == {"films", "lost+found"}
    with Path(stick.device).open("r+b") as device:
        device.write(bytes(MEGABYTE))
    with pytest.raises(StickUnusable, match="cannot be read; format it as FAT32"):
        fetch(config, stick, place, run)


def test_a_factory_reset_is_a_wish_that_the_firmware_keeps_and_can_be_withdrawn(tmp_path: Path) -> None:
    with pytest.raises(factory_reset.NotReset, match="no UEFI"):
        factory_reset.ask(tmp_path)
    (tmp_path / factory_reset.VARIABLE).parent.mkdir(parents=True)
    factory_reset.ask(tmp_path)
    assert (tmp_path / factory_reset.VARIABLE).read_bytes() == b"\x07\0\0\0y\0e\0s\0\0\0"
    assert factory_reset.is_asked(tmp_path)
    for _ in range(2):
        factory_reset.withdraw(tmp_path)
        assert not factory_reset.is_asked(tmp_path)
