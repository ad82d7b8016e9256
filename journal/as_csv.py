"""Visits as a CSV that opens right by a double click in Excel with Kazakh or Russian settings.

UTF-8 with a byte order mark, without which Excel reads Cyrillic in an 8-bit code page. Separator ``;``: Excel takes the
system's list separator, which there is the semicolon because the comma is the decimal sign (a first line ``sep=;``
would work everywhere, but makes Excel ignore the byte order mark). Lines end in CR LF. Times are local, in the one form
that Excel takes for a date in every locale. Every text that a spreadsheet would take for a formula or a number has an
apostrophe before it (``columns.inert``), and what nobody would see is shown (``columns.visible``).

Must not know: where the visits come from.
"""

from __future__ import annotations

import csv
import io
import re
from datetime import tzinfo
from typing import BinaryIO

from journal.columns import FORMULA, HEADERS, NUMBER, TEXTS, Cell, Language, Table, harmless
from journal.visit import Visit

_OTHERS, _FIXED = TEXTS[-1] + 1, len(HEADERS[Language.ENGLISH])
"""From the first of these on a row has counts and our own words, from the second on texts again."""
_CALCULATED = re.compile(rf";(?=\s*(?:{FORMULA}|{NUMBER}(?:;|\Z)))")
"""Where a cell of a row begins that ``columns.inert`` would mark."""


class CsvWriter:
    """Writes to a binary stream, since mark and line ends are bytes; it stays open."""

    def __init__(self, out: BinaryIO, language: Language, zone: tzinfo, personal: bool = False) -> None:
        self._text = io.TextIOWrapper(out, encoding="utf-8-sig", newline="")
        self._table = Table(language, zone, personal)
        self._writer = csv.writer(self._text, delimiter=";", lineterminator="\r\n")
        self._writer.writerow(self._table.header)

    def add(self, visit: Visit) -> None:
        """
        Raises:
            OSError: the stream cannot be written to.
        """
        row = self._table.row(visit)
        line = plain(row)
        if line is None:
            self._writer.writerow(harmless(row))
        else:
            self._text.write(line)

    def close(self) -> None:
        """Everything is with the stream now.

        Raises:
            OSError: the stream cannot be written to.
        """
        try:
            self._text.flush()
        finally:
            self._text.detach()


def plain(row: list[Cell]) -> str | None:
    """The row as ``harmless`` and the csv module would have it, all cells at a time, which costs a fifth; None: it has
    a character that needs their care."""
    texts = ";".join(["", *row[:_OTHERS]])
    personal = ";".join(["", *row[_FIXED:]])
    whole = texts + personal
    if not whole.isprintable() or '"' in whole or whole.count(";") != len(row) - (_FIXED - _OTHERS):
        return None
    # Of the cells that are no text none begins like a formula, and none before the counts is a number.
    away, up_bytes, down_bytes, counted, clock = row[_OTHERS:_FIXED]
    marked, more = _CALCULATED.sub(";'", texts), _CALCULATED.sub(";'", personal) if len(personal) > 1 else ""
    return f"{marked[1:]};{away};{up_bytes};{down_bytes};{counted};{clock}{more}\r\n"
