"""The newest entries of some kinds, such as who made extracts lately. Must not know: what they are shown for."""

from __future__ import annotations

from pathlib import Path

import msgspec

from journal.database import reading
from journal.entries import Entry, Stamp, decode
from journal.errors import JournalCorrupt


def recently(path: Path, *kinds: str, most: int = 20) -> list[tuple[int, Stamp, Entry]]:
    """Number, stamp and entry of the newest ones, the newest first. Reads back until it has so many: a second or two in
    a journal of a million visits that has few of them.

    Raises:
        JournalUnavailable, JournalCorrupt
    """
    found = []
    names = ", ".join("?" * len(kinds))
    query = (
        f"SELECT seq, utc_ms, boot_id, boot_ms, body FROM entries NOT INDEXED WHERE kind IN ({names}) AND body <> ''"
    )
    with reading(path) as connection:
        for seq, utc_ms, boot_id, boot_ms, body in connection.execute(
            f"{query} ORDER BY seq DESC LIMIT ?", (*kinds, most)
        ):
            try:
                found.append((int(seq), Stamp(utc_ms, boot_id.decode(), boot_ms), decode(body)))
            except (msgspec.DecodeError, UnicodeDecodeError) as error:
                raise JournalCorrupt(path, f"entry {seq} cannot be understood: {error}") from error
    return found
