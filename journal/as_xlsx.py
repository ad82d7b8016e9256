"""Visits as a workbook for Excel: real dates, a frozen header with a filter, and texts that stay texts.

xlsxwriter makes the workbook: its parts, formats, and sheets with a sample of each cell. The rows are put into these
here, as they come, straight into the compressed file: cell by cell through xlsxwriter a row costs three times as much,
and the sheet lies on the disk uncompressed meanwhile. A text is a text cell (``inlineStr``, ECMA-376 part 1, 18.3.1.4),
never judged by its first character, and its format is Excel's own "text", so that it is no formula either when somebody
edits the cell. A sheet that is full is followed by another.

Must not know: where the visits come from.
"""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import datetime, tzinfo
from io import BytesIO
from pathlib import Path
from typing import IO
from xml.sax.saxutils import escape
from zipfile import ZIP_DEFLATED, ZipFile

import xlsxwriter
from xlsxwriter.utility import xl_col_to_name

from journal.columns import BEGAN, COUNTS, ENDED, Cell, Language, Table, visible
from journal.visit import Visit

SHEET_ROWS = 1_048_576
"""Excel's own limit."""
SHEET_BYTES = 2_000_000_000
"""Beyond 2 GiB a part of the file would need ZIP64, which not every reader has."""
CELL_CHARACTERS = 32_767
_ROWS_AT_A_TIME = 64
"""So many are compressed at once."""
_WIDTHS = (18, 20, 16, 20, 16, 12, 16, 12, 18, 28, 19, 11, 19, 11, 18, 14, 18, 14, 8, 14, 14, 14, 12, 16, 14)
_DAY_ZERO = datetime(1899, 12, 30)  # noqa: DTZ001  # Excel counts days of a wall clock, without a zone
_FIRST_ROW, _ROWS_END = '<row r="1"', "</sheetData>"
# Nothing of these may stand in a text as it is: markup; what a reader takes for a character's number (ECMA-376 part 1,
# 22.9.2.19); blanks at an edge, which it would drop.
_SPECIAL = re.compile(r"[&<>]|_x| ;|; ").search
_NUMBERED = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")
_NO_XML = re.compile("[\ufffe\uffff]")


class XlsxWriter:
    """Makes the file ``path``, whole when it is closed; before that, ``discard`` lets go of it.

    Raises:
        OSError: the disk refuses.
    """

    def __init__(
        self,
        path: Path,
        language: Language,
        zone: tzinfo,
        personal: bool = False,
        *,
        sheet_rows: int = SHEET_ROWS,
        sheet_bytes: int = SHEET_BYTES,
    ) -> None:
        self._table = Table(language, zone, personal)
        self._sheet_rows, self._sheet_bytes = sheet_rows, sheet_bytes
        columns = range(len(self._table.header))
        self._texts = [at for at in columns if at not in (BEGAN, ENDED, *COUNTS)]
        self._starts = [f'<c r="{xl_col_to_name(at)}' for at in columns]
        self._ends = [""] * len(columns)
        self._afters = ["</t></is></c>" if at in self._texts else "</v></c>" for at in columns]
        self._days: dict[str, int] = {}
        self._rows: list[int] = []
        """Of each sheet, with its header."""
        self._pending: list[str] = []
        self._archive = ZipFile(path, "x", ZIP_DEFLATED, compresslevel=3)
        self._sheet: IO[bytes] | None = None
        self._begin_sheet()

    def add(self, visit: Visit) -> None:
        """
        Raises:
            OSError: the disk refuses.
        """
        if self._rows[-1] >= self._sheet_rows or self._written > self._sheet_bytes:
            self._end_sheet()
            self._begin_sheet()
        self._rows[-1] += 1
        self._pending.append(self._row(self._rows[-1], self._table.row(visit)))
        if len(self._pending) == _ROWS_AT_A_TIME:
            self._flush()

    def close(self) -> None:
        """The file is whole now.

        Raises:
            OSError: the disk refuses.
        """
        self._end_sheet()
        with self._shell() as shell:
            for name in shell.namelist():
                if name not in self._archive.namelist():
                    self._archive.writestr(name, shell.read(name))
        self._archive.close()

    def discard(self) -> None:
        """Let go of the file, whether it is whole or not."""
        with suppress(OSError):
            if self._sheet is not None:
                self._sheet.close()
        with suppress(OSError, ValueError):
            self._archive.close()

    # ── sheets ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def _begin_sheet(self) -> None:
        self._rows.append(1)
        head, _, samples = self._shell_sheet().partition(_FIRST_ROW)
        styles = dict(re.findall(r'<c r="([A-Z]+[12])" s="(\d+)"', samples))
        names = [xl_col_to_name(place) for place in range(len(self._table.header))]
        for place, name in enumerate(names):
            end = ' t="inlineStr"><is><t>' if place in self._texts else "><v>"
            self._ends[place] = f'" s="{styles[f"{name}2"]}"{end}'
        cells = (
            f'<c r="{name}1" s="{styles[f"{name}1"]}" t="inlineStr"><is><t>{escape(text)}</t></is></c>'
            for name, text in zip(names, self._table.header, strict=True)
        )
        self._sheet = self._archive.open(self._name(), "w")
        # How far the sheet goes is not known yet, and need not be said (18.3.1.35).
        head = re.sub(r"<dimension [^>]*/>", "", head)
        self._written = self._sheet.write(f'{head}<row r="1">{"".join(cells)}</row>'.encode())

    def _end_sheet(self) -> None:
        assert self._sheet is not None
        self._flush()
        self._sheet.write((_ROWS_END + self._shell_sheet().partition(_ROWS_END)[2]).encode())
        self._sheet.close()
        self._sheet = None

    def _flush(self) -> None:
        assert self._sheet is not None
        self._written += self._sheet.write("".join(self._pending).encode())
        self._pending.clear()

    def _name(self) -> str:
        return f"xl/worksheets/sheet{len(self._rows)}.xml"

    def _shell_sheet(self) -> str:
        with self._shell() as shell:
            return shell.read(self._name()).decode()

    def _shell(self) -> ZipFile:
        """The workbook so far, each of its sheets with a sample of the header's cells and one of the others."""
        made = BytesIO()
        with xlsxwriter.Workbook(made, {"in_memory": True}) as book:
            bold = book.add_format({"bold": True, "text_wrap": True, "valign": "top", "bottom": 1})
            text = book.add_format({"num_format": "@"})
            time = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
            count = book.add_format({"num_format": "#,##0"})
            for rows in self._rows:
                sheet = book.add_worksheet()
                sheet.freeze_panes(1, 0)
                for place in range(len(self._table.header)):
                    sheet.set_column(place, place, _WIDTHS[place])
                    sheet.write_number(0, place, 0, bold)
                    form = time if place in (BEGAN, ENDED) else count if place in COUNTS else text
                    sheet.write_number(1, place, 0, form)
                sheet.autofilter(0, 0, max(1, rows - 1), len(self._table.header) - 1)
        return ZipFile(made)

    # ── rows ────────────────────────────────────────────────────────────────────────────────────────────────────────

    def _row(self, at: int, row: list[Cell]) -> str:
        texts = ";".join(["", *[row[place] for place in self._texts], ""])
        if not texts.isprintable() or _SPECIAL(texts) or len(texts) > CELL_CHARACTERS // 2:
            ends = self._with_care(row)
        else:
            ends = self._ends
        for place in (BEGAN, ENDED):
            if row[place]:
                row[place] = self._serial(row[place])
        cells = [
            f"{start}{at}{end}{cell}{after}"
            for start, end, cell, after in zip(self._starts, ends, row, self._afters, strict=True)
            if cell != ""
        ]
        return f'<row r="{at}">{"".join(cells)}</row>'

    def _with_care(self, row: list[Cell]) -> list[str]:
        """Change the row's texts so that they can stand in the file; what then stands before each cell."""
        ends = list(self._ends)
        for place in self._texts:
            text = _NO_XML.sub(lambda found: f"⟨{ord(found[0]):04X}⟩", visible(row[place]))
            units = text.encode("utf-16-le")
            if len(units) > 2 * CELL_CHARACTERS:
                text = units[: 2 * (CELL_CHARACTERS - 1)].decode("utf-16-le", "ignore") + "…"
            row[place] = escape(_NUMBERED.sub("_x005F_", text))
            ends[place] = ends[place].replace("<t>", '<t xml:space="preserve">')
        return ends

    def _serial(self, local: str) -> str:
        # Of "2026-11-21 17:00:04". A date of Excel is days since 1900, and strptime would cost more than all the rest.
        day = self._days.get(local[:10])
        if day is None:
            day = self._days[local[:10]] = (datetime.fromisoformat(local[:10]) - _DAY_ZERO).days
        seconds = int(local[11:13]) * 3600 + int(local[14:16]) * 60 + int(local[17:19])
        return f"{day + seconds / 86400:.16G}"
