"""The steward's words about back-ups; a part of ``appliance.steward.wire``. Must not know: sockets, pages."""

from __future__ import annotations

import msgspec

from appliance.steward.wire_words import Staff


class _Request(msgspec.Struct, frozen=True, tag_field="request", forbid_unknown_fields=True):
    pass


class _Reply(msgspec.Struct, frozen=True, tag_field="reply", forbid_unknown_fields=True):
    pass


class MakeBackup(_Request, frozen=True, tag="make_backup"):
    """Write a copy of journal, configuration and staff accounts → BackupWritten or StewardRefused"""

    staff: Staff


class ListBackups(_Request, frozen=True, tag="list_backups"):
    """The copies on this machine → Backups"""


class Backup(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One copy."""

    file: str
    size_bytes: int
    made_utc_ms: int


class Backups(_Reply, frozen=True, tag="backups"):
    """All of them, the newest first."""

    backups: tuple[Backup, ...]


class BackupWritten(_Reply, frozen=True, tag="backup_written"):
    """A new one."""

    backup: Backup


BackupRequest = MakeBackup | ListBackups
BackupReply = Backups | BackupWritten
