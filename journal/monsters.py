"""Zips that are made to exhaust whoever opens them, refused before they are opened: by what their directory claims.

An extract has a handful of files. A directory of a million would be a gigabyte in memory, and what unpacks to terabytes
would be read for days; since a reader stops at the size that the directory claims, the claims bound the reading. Must
not know: extracts.
"""

from __future__ import annotations

import os
import struct
from pathlib import Path
from zipfile import BadZipFile, ZipFile

from journal.errors import ExtractUnreadable

MOST_DIRECTORY_BYTES = 1 << 20
MOST_UNPACKED_BYTES = 2 << 30
_END = struct.Struct("<4s4H2LH")
"""End of central directory (APPNOTE 4.3.16): signature, two disk numbers, entries here and in all, size, offset, length
of the comment."""
_END64_LOCATOR = b"PK\x06\x07"
_LONGEST_TAIL = _END.size + 0xFFFF + 20


def refuse_monsters(path: Path) -> None:
    """
    Raises:
        ExtractUnreadable: it is no zip, or one that claims more than an extract has.
    """
    try:
        with path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - _LONGEST_TAIL))
            tail = file.read()
        # zipfile looks for the end as this does: at the very end first, then for the last signature. A 64-bit
        # directory, which it would believe instead, no extract needs that fits through an upload.
        at = tail.rfind(b"PK\x05\x06")
        if at < 0 or len(tail) - at < _END.size:
            raise ExtractUnreadable(path, "not a zip")
        if _END64_LOCATOR in tail[max(0, at - 20) : at] or _END.unpack_from(tail, at)[5] > MOST_DIRECTORY_BYTES:
            raise ExtractUnreadable(path, "its directory is too large")
        with ZipFile(path) as archive:
            claimed = sum(member.file_size for member in archive.infolist())
    except (BadZipFile, NotImplementedError, ValueError, OSError) as error:
        raise ExtractUnreadable(path, f"not a zip ({error})") from error
    if claimed > MOST_UNPACKED_BYTES:
        raise ExtractUnreadable(path, "it claims to unpack to more than any extract")
