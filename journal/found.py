"""What the journal finds to be wrong with itself: a code with its values, and what to do.

A terminal shows the English sentences of ``SENTENCES``; whoever speaks another language says the same by code and
values. Must not know: how anything is found out, how it is shown.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

SENTENCES: Mapping[str, tuple[str, str]] = {
    "journal": ("%(said)s", "do as the sentence says, then run this again"),
    "journal.mode": ("the journal %(path)s has mode %(mode)s: others may see it", "chmod 0640 %(path)s"),
    "journal.pages": ("its pages are damaged: %(said)s", "stop the gate, keep a copy of %(path)s*"),
    "journal.chain": ("its chain is broken: %(said)s", "keep a copy of %(path)s* for the inspector"),
    "journal.aside": (
        "the journal did not go on where it stopped: %(name)s was set aside",
        "keep it for the inspector: move %(path)s and what is named like it to another disk",
    ),
    "disk.read_only": (
        "its disk takes nothing, it is mounted read-only: nobody is admitted",
        "see `journalctl --dmesg` for why: a failing disk is; then mount %(path)s for writing, or change the disk",
    ),
    "disk.full": (
        "its disk is %(percent)s %% full, %(free)s MiB are free",
        "free space on %(path)s: at the reserve nobody new is admitted",
    ),
}
"""Code → what is wrong, and what to do."""


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at."""

    ok: bool
    what: str
    """What was found, a sentence."""
    remedy: str = ""
    """What to do about it; "" if ``ok``."""
    code: str = ""
    """"": it is right."""
    values: Mapping[str, str] = field(default_factory=dict)
    """What the sentences of ``code`` are filled with."""
    cause: str = ""
    """The code of another of these that the first tells of; here none does."""


def right(what: str) -> Finding:
    """Nothing is to be done."""
    return Finding(True, what)


def wrong(code: str, **values: object) -> Finding:
    """The fault of this code."""
    what, remedy = SENTENCES[code]
    filled = {name: str(value) for name, value in values.items()}
    return Finding(False, what % filled, remedy % filled, code, filled)
