"""A USB stick found, written and read: real file systems on loop devices (this kernel's: ext4), mounted in a place of
their own."""

from __future__ import annotations

import io
import os
import stat
import tarfile
from collections.abc import Callable, Iterator
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


Lays = Callable[[Path], object]
"""What a thief puts on the stick, below its folder of back-ups."""
NEWEST = "qaqpa-20991231T235959Z.tar"


def tar_of(*members: tuple[str, bytes, bytes]) -> bytes:
    """Name, kind and where a link leads."""
    with io.BytesIO() as out:
        with tarfile.open(fileobj=out, mode="w") as tar:
            for name, kind, target in members:
                made = tarfile.TarInfo(name)
                made.type, made.linkname = kind, target.decode()
                tar.addfile(made)
        return out.getvalue()


def sparse(folder: Path) -> None:
    (folder / NEWEST).touch()
    os.truncate(folder / NEWEST, 15 << 30)


WHOLE = (("journal.db", tarfile.REGTYPE, b""), ("qaqpa.toml", tarfile.REGTYPE, b""))
HOSTILE: dict[str, Lays] = {
    "a link out": lambda folder: (folder / NEWEST).symlink_to("/etc/shadow"),
    "a pipe": lambda folder: os.mkfifo(folder / NEWEST),
    "a device": lambda folder: os.mknod(folder / NEWEST, 0o600 | stat.S_IFCHR, os.makedev(1, 5)),
    "a giant": sparse,
    "no tar": lambda folder: (folder / NEWEST).write_text("hello"),
    "a link inside": lambda folder: (folder / NEWEST).write_bytes(
        tar_of(*WHOLE, ("console/staff.json", tarfile.SYMTYPE, b"/etc/shadow"))
    ),
    "a way out": lambda folder: (folder / NEWEST).write_bytes(
        tar_of(*WHOLE, ("../../etc/cron.d/x", tarfile.REGTYPE, b""))
    ),
    "twice": lambda folder: (folder / NEWEST).write_bytes(tar_of(*WHOLE, *WHOLE)),
    "no such day": lambda folder: (folder / "qaqpa-99999999T999999Z.tar").write_bytes(tar_of(*WHOLE)),
}


@pytest.mark.parametrize("what", HOSTILE)
def test_nothing_is_taken_from_a_stick_but_a_back_up(tmp_path: Path, stick: Stick, config: Config, what: str) -> None:
    place = tmp_path / "mounted"
    with mounted(stick, place, run, writable=True):
        (place / FOLDER).mkdir()
        HOSTILE[what](place / FOLDER)
    if what == "a giant":  # nothing is left for it on the journal's disk, as if that were small
        config = msgspec.structs.replace(config, journal=msgspec.structs.replace(config.journal, reserve_mb=1 << 30))
    with pytest.raises(StickFailed):
        fetch(config, stick, place, run)
    assert [each.name for each in backups.folder(config).iterdir()] == []
    assert not os.path.ismount(place)
    backups.make(config, tmp_path / "qaqpa.toml", NOW)


def test_a_stick_replaces_no_back_up_of_this_box(tmp_path: Path, stick: Stick, config: Config) -> None:
    place = tmp_path / "mounted"
    name, _ = write(config, tmp_path / "qaqpa.toml", stick, place, now=NOW, run=run)
    own = backups.folder(config) / Path(name).name
    kept = own.read_bytes()
    assert fetch(config, stick, place, run) == own, "the same one, once more"
    with mounted(stick, place, run, writable=True):
        (place / name).write_bytes(tar_of(*WHOLE))
    with pytest.raises(StickFailed, match="is here already and another"):
        fetch(config, stick, place, run)
    assert own.read_bytes() == kept and len([*own.parent.iterdir()]) == 1


@pytest.mark.parametrize("what", ["folder", "draft"])
def test_a_stick_says_nothing_about_where_a_back_up_is_written(
    tmp_path: Path, stick: Stick, config: Config, what: str
) -> None:
    (victim := tmp_path / "victim").mkdir()
    (victim / "journal.db").write_text("years")
    place = tmp_path / "mounted"
    with mounted(stick, place, run, writable=True):
        if what == "folder":
            (place / FOLDER).symlink_to(victim)
        else:
            (place / FOLDER).mkdir()
            (place / FOLDER / "qaqpa-20261122T090000Z.tar.part").symlink_to(victim / "journal.db")
    with pytest.raises(StickFailed, match="cannot be written"):
        write(config, tmp_path / "qaqpa.toml", stick, place, now=NOW, run=run)
    assert {each.name: each.read_text() for each in victim.iterdir()} == {"journal.db": "years"}


def test_no_link_of_a_stick_leads_anywhere_and_its_errors_restart_no_box(tmp_path: Path, stick: Stick) -> None:
    lab_run(["tune2fs", "-e", "panic", stick.device])
    place = tmp_path / "mounted"
    with mounted(stick, place, run, writable=True):
        (place / "SHA256SUMS").symlink_to("/etc/passwd")
        with pytest.raises(OSError, match="symbolic links"):
            (place / "SHA256SUMS").read_text()
        (line,) = [each.split() for each in Path("/proc/mounts").read_text().splitlines() if f" {place} " in each]
        assert "errors=remount-ro" in line[3].split(","), "the stick says panic"
