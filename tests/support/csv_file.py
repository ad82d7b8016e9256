"""Visits as a CSV file, all at once."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import tzinfo
from typing import BinaryIO

from journal.as_csv import CsvWriter
from journal.columns import Language
from journal.visit import Visit


def write_csv(visits: Iterable[Visit], out: BinaryIO, zone: tzinfo) -> int:
    """Write all of them, in English; how many there were.

    Raises:
        OSError: ``out`` cannot be written to.
    """
    writer = CsvWriter(out, Language.ENGLISH, zone)
    written = 0
    for visit in visits:
        writer.add(visit)
        written += 1
    writer.close()
    return written
