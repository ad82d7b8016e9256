"""Copies of what cannot be had again: journal, configuration, staff accounts; one tar each.

The last five stay, and whatever is younger than a day: some hasty ones do not push out the one that was relied on.

    qaqpa-20261122T090000Z.tar
        journal.db      proves itself: its chain was verified when it was copied
        qaqpa.toml
        console/…       accounts and tokens; passwords in it are argon2id hashes

No SMPP password, no key of a certificate, none of the journal's: what they protect should not depend on where a copy
lies. No sessions: what was signed out should not come back with it.
Putting one back is done at a terminal (docs/backup.md). Must not know: who asks.
"""

from __future__ import annotations

import os
import re
import stat
import tarfile
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import BinaryIO

from appliance.config import Config
from appliance.errors import ApplianceError
from appliance.steward.files import sync_folder
from appliance.steward.wire import Backup
from journal.backup import back_up
from journal.errors import JournalError
from journal.seal import Verdict

KEPT = 5
MOST = 10
"""As many as may be younger than a day: each takes as much of the disk as the journal."""
_YOUNG = timedelta(days=1)
_OFFICE = ("staff.json", "tokens.json")
_ALWAYS, _FROM_OFFICE = ("journal.db", "qaqpa.toml"), tuple(f"console/{name}" for name in _OFFICE)
_MOST_OFFICE_BYTES = 16 << 20
_NAME, _STAMPED = re.compile(r"qaqpa-[0-9]{8}T[0-9]{6}Z\.tar\Z"), "qaqpa-%Y%m%dT%H%M%SZ.tar"
_MOST_TOML_BYTES = 128 << 10


class NotBackedUp(ApplianceError):
    """There is no new copy; what there was is still there."""


def make(config: Config, path: Path, now: datetime) -> tuple[Backup, Verdict]:
    """Write one, and let go of those beyond five that are older than a day.

    Raises:
        NotBackedUp
    """
    home = folder(config)
    target = home / f"qaqpa-{now:%Y%m%dT%H%M%SZ}.tar"
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        if target.exists():
            raise NotBackedUp(f"{target.name} was made this very second")
        if sum(_is_young(each.file, now) for each in listed(config)) >= MOST:
            raise NotBackedUp(f"{MOST} back-ups were made within a day, and none of them is let go so soon; wait")
        with tempfile.TemporaryDirectory(dir=home, prefix=".making-") as making:
            journal = Path(making) / "journal.db"
            verdict = back_up(Path(config.paths.state) / "gate" / "journal.db", journal)
            draft = Path(making) / target.name
            _pack(draft, [*zip((journal, path), _ALWAYS, strict=True)], Path(config.paths.state) / "console")
            draft.rename(target)
        sync_folder(home)
    except (OSError, JournalError) as error:
        raise NotBackedUp(f"no back-up was made: {error}") from error
    made = listed(config)
    gone = [each for each in made[KEPT:] if not _is_young(each.file, now)]
    for old in gone:
        (home / old.file).unlink(missing_ok=True)
    return next(each for each in made if each.file == target.name), verdict


def is_name(file: str) -> bool:
    """Whether one of ours could have this name: with a day and an hour that there are."""
    if not _NAME.match(file):
        return False
    try:
        return bool(datetime.strptime(file, _STAMPED).replace(tzinfo=UTC))
    except ValueError:
        return False


def is_ours(file: BinaryIO) -> bool:
    """Whether it is a tar with what we put into one and nothing else: no link, no owner's bit, no way out of a folder.

    Raises:
        OSError: it cannot be read.
    """
    try:
        with tarfile.open(fileobj=file, mode="r:") as tar:
            members = tar.getmembers()
    except (tarfile.TarError, ValueError, OverflowError, EOFError):
        return False
    names = [each.name for each in members]
    plain = all(each.isreg() and not each.mode & 0o7000 for each in members)
    return plain and len(names) == len(set(names)) and set(_ALWAYS) <= set(names) <= {*_ALWAYS, *_FROM_OFFICE}


def _is_young(file: str, now: datetime) -> bool:
    """By its name; one from the future, which a clock that was ahead made, may be any age."""
    return datetime.strptime(file, _STAMPED).replace(tzinfo=now.tzinfo) > now - _YOUNG


def listed(config: Config) -> tuple[Backup, ...]:
    """All of them, the newest first."""
    home = folder(config)
    found = [path for path in home.glob("qaqpa-*.tar") if is_name(path.name)] if home.is_dir() else []
    stats = [(path.name, path.stat()) for path in sorted(found, reverse=True)]
    return tuple(Backup(name, stat.st_size, int(stat.st_mtime * 1000)) for name, stat in stats)


def settings(config: Config, file: str) -> str:
    """The configuration in this copy.

    Raises:
        NotBackedUp: there is no such copy, or none in it that can be read.
    """
    try:
        if not _NAME.fullmatch(file):
            raise NotBackedUp(f"there is no back-up {file!r} on this box")
        with tarfile.open(folder(config) / file) as tar:
            member = tar.extractfile("qaqpa.toml")
            text = member.read(_MOST_TOML_BYTES + 1) if member else b""
    except (OSError, KeyError, tarfile.TarError) as error:
        raise NotBackedUp(f"the back-up {file} cannot be read: {error}") from error
    if not text or len(text) > _MOST_TOML_BYTES:
        raise NotBackedUp(f"the back-up {file} has no configuration that can be read")
    return text.decode("utf-8", errors="replace")


def folder(config: Config) -> Path:
    """Where they are; root's alone."""
    return Path(config.paths.state) / "backups"


def _pack(target: Path, files: list[tuple[Path, str]], console: Path) -> None:
    opened = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(opened, "wb") as out:
        with tarfile.open(fileobj=out, mode="w") as tar:
            for path, name in files:
                tar.add(path, name, recursive=False)
            for name in _OFFICE:
                _add_office(tar, console / name)
        out.flush()
        os.fsync(out.fileno())


def _add_office(tar: tarfile.TarFile, path: Path) -> None:
    """The folder is the console's: what lies there by that name is looked at once it is open, and never followed."""
    try:
        opened = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    with os.fdopen(opened, "rb") as file:
        found = os.fstat(opened)
        if not stat.S_ISREG(found.st_mode) or found.st_nlink > 1 or found.st_size > _MOST_OFFICE_BYTES:
            raise NotBackedUp(f"{path} is not what the console writes: look into it as root")
        tar.addfile(tar.gettarinfo(arcname=f"console/{path.name}", fileobj=file), file)
