"""Visits as a workbook for Excel: real dates, a frozen header with a filter, and texts that stay texts.

Row by row in flat memory (xlsxwriter's ``constant_memory``; what it has to keep on disk goes beside the file). A text
is written as a text cell, never judged by its first character, and its format is Excel's own "text", so that it is no
formula either when somebody edits the cell. A sheet that is full is followed by another.

Must not know: where the visits come from.
"""

from __future__ import annotations

from datetime import datetime, tzinfo
from pathlib import Path
from typing import Any

import xlsxwriter
from xlsxwriter.exceptions import XlsxWriterException

from journal.columns import BEGAN, COUNTS, ENDED, Cell, Language, Table, visible
from journal.visits import Visit

SHEET_ROWS = 1_048_576
"""Excel's own limit."""
CELL_CHARACTERS = 32_767
_WIDTHS = (18, 20, 16, 20, 16, 12, 16, 12, 18, 28, 19, 11, 19, 11, 18, 14, 14, 8, 14, 14, 14, 12)
_DAY_ZERO = datetime(1899, 12, 30)  # noqa: DTZ001  # Excel counts days of a wall clock, without a zone


class XlsxWriter:
    """Makes the file ``path`` when it is closed."""

    def __init__(self, path: Path, language: Language, zone: tzinfo, sheet_rows: int = SHEET_ROWS) -> None:
        options = {"constant_memory": True, "tmpdir": str(path.parent), "strings_to_formulas": False}
        self._book = xlsxwriter.Workbook(str(path), options)
        self._table = Table(language, zone)
        self._sheet_rows = sheet_rows
        self._bold = self._book.add_format({"bold": True, "text_wrap": True, "valign": "top", "bottom": 1})
        self._text = self._book.add_format({"num_format": "@"})
        self._time = self._book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
        self._count = self._book.add_format({"num_format": "#,##0"})
        self._days: dict[str, int] = {}
        self._begin_sheet()

    def add(self, visit: Visit) -> None:
        """
        Raises:
            OSError: the disk refuses.
        """
        if self._at >= self._sheet_rows:
            self._end_sheet()
            self._begin_sheet()
        sheet, at = self._sheet, self._at
        for place, cell in enumerate(self._table.row(visit)):
            if cell == "":
                continue
            if place in (BEGAN, ENDED):
                sheet.write_number(at, place, self._serial(cell), self._time)
            elif place in COUNTS:
                sheet.write_number(at, place, cell, self._count)
            else:
                sheet.write_string(at, place, _fitting(cell), self._text)
        self._at += 1

    def close(self) -> None:
        """The file is whole now.

        Raises:
            OSError: the disk refuses.
        """
        self._end_sheet()
        try:
            self._book.close()
        except XlsxWriterException as error:
            raise error.args[0] if error.args and isinstance(error.args[0], OSError) else OSError(str(error)) from error

    def _begin_sheet(self) -> None:
        sheet: Any = self._book.add_worksheet()
        sheet.freeze_panes(1, 0)
        for place, width in enumerate(_WIDTHS):
            sheet.set_column(place, place, width)
        for place, header in enumerate(self._table.header):
            sheet.write_string(0, place, header, self._bold)
        self._sheet, self._at = sheet, 1

    def _end_sheet(self) -> None:
        self._sheet.autofilter(0, 0, max(1, self._at - 1), len(self._table.header) - 1)

    def _serial(self, local: str) -> float:
        # Of "2026-11-21 17:00:04". A date of Excel is days since 1900, and strptime would cost more than all the rest.
        day = self._days.get(local[:10])
        if day is None:
            day = self._days[local[:10]] = (datetime.fromisoformat(local[:10]) - _DAY_ZERO).days
        return day + (int(local[11:13]) * 3600 + int(local[14:16]) * 60 + int(local[17:19])) / 86400


def _fitting(text: Cell) -> str:
    shown = visible(text)
    if shown.endswith("</r>"):
        shown += " "  # or xlsxwriter would take what is between tags for its own formatted text, and copy it as it is
    return shown if len(shown) <= CELL_CHARACTERS else shown[: CELL_CHARACTERS - 1] + "…"
