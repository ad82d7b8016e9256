"""What can go wrong in the journal, as a tree:

JournalError
├── JournalUnavailable   nothing can be read or written now (full, read-only, in use, missing, I/O); may mend itself
├── JournalCorrupt       the file's bytes are not what we wrote; a person must look
├── JournalNewer         a later Qaqpa has written it; this one must not touch it
├── ExtractFailed        an extract was not made; nothing of it is left, the journal is as it was
└── ExtractUnreadable    a file that should be an extract is none

SQLite's own errors never leave this package: ``journal.database`` translates them.
"""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path


class Cause(StrEnum):
    """Why the journal is unavailable: the program's side of the sentence."""

    FULL = "full"
    READ_ONLY = "read_only"
    IN_USE = "in_use"
    """Another process writes to it, or holds a lock for longer than we wait."""
    MISSING = "missing"
    FORBIDDEN = "forbidden"
    """File permissions."""
    IO = "io"
    """The disk, the file system or a limit of the process."""
    OTHER = "other"


REMEDIES = {
    Cause.FULL: "free space on its disk",
    Cause.READ_ONLY: "its disk or file is read-only: check the disk's health and mount options",
    Cause.IN_USE: "another process has it open for writing: end that one first",
    Cause.MISSING: "the gate makes it when it first starts: is the path right?",
    Cause.FORBIDDEN: "it belongs to another user: run this as that user or as root",
    Cause.IO: "check the disk's health",
    Cause.OTHER: "see the message in brackets",
}


class JournalError(Exception):
    """Base of this package's errors; its text is a sentence for a person that says what to do."""


class JournalUnavailable(JournalError):
    """Nothing was changed; the same call may succeed later."""

    def __init__(self, path: Path, cause: Cause, detail: str) -> None:
        self.path, self.cause, self.detail = path, cause, detail
        super().__init__(f"the journal {path} is unavailable ({detail}): {REMEDIES[cause]}")


class JournalCorrupt(JournalError):
    """The file's bytes are not what we wrote."""

    def __init__(self, path: Path, problem: str) -> None:
        self.path, self.problem = path, problem
        super().__init__(f"the journal {path} is damaged ({problem}): keep the file, run 'qaqpa journal verify'")


class JournalNewer(JournalError):
    """A later Qaqpa has changed the file's layout."""

    def __init__(self, path: Path, migrations: tuple[str, ...]) -> None:
        self.path, self.migrations = path, migrations
        super().__init__(
            f"the journal {path} was written by a newer Qaqpa ({', '.join(migrations)}), and this one leaves it as it "
            "is: nobody new is admitted until that version is installed again"
        )


class ExtractFailed(JournalError):
    """Nothing of the extract is left behind."""

    def __init__(self, target: Path | str, why: str) -> None:
        self.target, self.why = target, why
        super().__init__(f"{target} was not made: {why}")


class ExtractUnreadable(JournalError):
    """What was given for an extract cannot be read as one at all."""

    def __init__(self, path: Path, why: str) -> None:
        self.path, self.why = path, why
        super().__init__(f"{path} is no extract: {why}")
