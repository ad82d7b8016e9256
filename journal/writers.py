"""The file of each format that visits are written to, opened by name.

Must not know: where the visits come from, in which process it runs.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol
from zoneinfo import ZoneInfo

import msgspec

from journal.as_csv import CsvWriter
from journal.as_jsonl import JsonlWriter
from journal.columns import Language
from journal.visit import Visit


class Form(msgspec.Struct, frozen=True):
    """What is written, and how."""

    format: str
    """csv, xlsx or jsonl."""
    folder: str
    language: Language
    zone: str
    """IANA name."""
    personal: bool
    """With the columns of ``columns.PERSONAL``."""


class Writer(Protocol):
    """One format."""

    def add(self, visit: Visit) -> None: ...
    def close(self) -> None: ...


@contextmanager
def opened(form: Form) -> Iterator[Writer]:
    """Its writer; the file ``visits.<format>`` is whole once the writer was closed, and let go of in any case.

    Raises:
        OSError: the disk refuses.
    """
    path, zone = Path(form.folder) / f"visits.{form.format}", ZoneInfo(form.zone)
    if form.format == "xlsx":
        from journal.as_xlsx import XlsxWriter  # loaded by whoever writes one, and by no gate or console that starts

        sheet = XlsxWriter(path, form.language, zone, form.personal)
        try:
            yield sheet
        finally:
            sheet.discard()
        return
    with path.open("wb") as out:
        yield CsvWriter(out, form.language, zone, form.personal) if form.format == "csv" else JsonlWriter(out)
