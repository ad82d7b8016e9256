"""Visits as a register on A4, landscape: what is printed, signed by hand and put into a folder.

In volumes, so that memory stays flat and a printer gets no file of ten thousand pages. DejaVu Sans is embedded
(Debian's fonts-dejavu-core), which has the letters ә ғ қ ң ө ұ ү һ і; a character it has not is printed as its number.
The closing page of each volume has the code of the extract's record, so that paper and files can be held against each
other.

Must not know: where the visits come from, how anything is signed.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import tzinfo
from pathlib import Path
from typing import Any

from reportlab.graphics import renderPDF
from reportlab.graphics.barcode.qr import QrCodeWidget
from reportlab.graphics.shapes import Drawing
from reportlab.lib.pagesizes import A4, landscape
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFError, TTFont
from reportlab.pdfgen.canvas import Canvas

from journal.columns import WORDS, Language, Table, visible
from journal.errors import ExtractFailed
from journal.register_words import REGISTER
from journal.visit import Visit

FONTS = {
    name: Path(f"/usr/share/fonts/truetype/dejavu/{name}.ttf")
    for name in ("DejaVuSans", "DejaVuSans-Bold", "DejaVuSansMono")
}
VOLUME_PAGES = 400
ADDRESSES_SHOWN = 6
"""A device may make up many of IPv6; the other formats have all of them."""
WIDTH, HEIGHT = landscape(A4)
_MARGIN, _FOOT, _SIZE, _LEADING, _PADDING = 28.0, 42.0, 6.5, 8.0, 2.0
_WIDTHS = (30.0, 112.0, 66.0, 72.0, 34.0, 80.0, 108.0, 70.0, 70.0, 74.0, 69.0)


@dataclass(frozen=True)
class Facts:
    """What stands around the visits; texts are as they were given."""

    venue: str
    rules: str
    since: str
    """Local time; "" without bound."""
    until: str
    by: str
    why: str
    made: str
    visits: int
    seq: int
    """The newest entry of the journal, and its digest."""
    head: str
    fingerprint: str
    """Of the key that signs; "" if nobody does."""
    record: str
    """SHA-256 of record.json, 64 hexadecimal digits."""


class PdfWriter:
    """Makes ``register-001.pdf`` and so on in a folder.

    Raises:
        ExtractFailed: the fonts are not there.
    """

    def __init__(
        self, folder: Path, language: Language, zone: tzinfo, facts: Facts, volume_pages: int = VOLUME_PAGES
    ) -> None:
        self._glyphs = _fonts()
        self._folder, self._facts, self._volume_pages = folder, facts, volume_pages
        self._words, self._methods = REGISTER[language], WORDS[language]
        self._table = Table(language, zone)
        self._written = self._volume = 0
        self._begin_volume()

    def add(self, visit: Visit) -> None:
        """
        Raises:
            OSError: the disk refuses.
        """
        self._written += 1
        cells = [self._wrapped(text, width) for text, width in zip(self._texts(visit), _WIDTHS, strict=True)]
        # A cell of very many lines goes on on the next page.
        while cells:
            room = int((self._y - _FOOT - 2 * _PADDING) / _LEADING)
            lines = max(map(len, cells))
            if room < min(lines, 6):
                self._next_page()
                continue
            self._row([cell[:room] for cell in cells], "DejaVuSans")
            cells = [cell[room:] for cell in cells] if lines > room else []

    def close(self) -> None:
        """All volumes are whole.

        Raises:
            OSError: the disk refuses.
        """
        self._end_volume()

    # ── volumes and pages ───────────────────────────────────────────────────────────────────────────────────────────

    def _begin_volume(self) -> None:
        self._volume += 1
        self._path = self._folder / f"register-{self._volume:03}.pdf"
        self._canvas: Any = Canvas(str(self._path), pagesize=(WIDTH, HEIGHT), pageCompression=1)
        self._canvas.setTitle(f"{self._words.title}, {visible(self._facts.venue)}")
        self._canvas.setAuthor("Qaqpa")
        self._page = 0
        self._begin_page()

    def _next_page(self) -> None:
        if self._page + 1 < self._volume_pages:
            self._end_page()
            self._begin_page()
        else:  # the last page of a volume is the closing one
            self._end_volume()
            self._begin_volume()

    def _begin_page(self) -> None:
        self._page += 1
        facts, words = self._facts, self._words
        y = HEIGHT - _MARGIN
        self._say(_MARGIN, y, f"{words.title} · {facts.venue}", "DejaVuSans-Bold", 11)
        since, until = facts.since or words.whole, facts.until or words.whole
        self._say(_MARGIN, y - 13, f"{words.period}: {since} – {until} · {words.rules}: {facts.rules}", size=8)
        self._say(_MARGIN, y - 24, f"{words.made}: {facts.by}, {facts.made} · {words.why}: {facts.why}", size=8)
        self._y = y - 32
        self._row(
            [self._wrapped(text, width) for text, width in zip(words.columns, _WIDTHS, strict=True)], "DejaVuSans-Bold"
        )

    def _end_page(self) -> None:
        place = f"{self._words.volume.format(volume=self._volume)} · {self._words.page.format(page=self._page)}"
        self._say(_MARGIN, _MARGIN - 6, place, size=7)
        # How many pages there are is known at the end only: the pages refer to a form that is filled in then.
        self._canvas.saveState()
        self._canvas.translate(_MARGIN + self._canvas.stringWidth(place + " ", "DejaVuSans", 7), _MARGIN - 6)
        self._canvas.doForm("pages")
        self._canvas.restoreState()
        self._canvas.showPage()

    def _end_volume(self) -> None:
        if self._y < _FOOT + 150:
            self._end_page()
            self._begin_page()
        self._closing()
        self._end_page()
        self._canvas.beginForm("pages", 0, 0, 40, 10)
        self._canvas.setFont("DejaVuSans", 7)
        self._canvas.drawString(0, 0, str(self._page))
        self._canvas.endForm()
        self._canvas.save()
        with self._path.open("rb") as written:
            os.fsync(written.fileno())

    def _closing(self) -> None:
        facts, words = self._facts, self._words
        y = self._y - 22
        self._say(_MARGIN, y, f"{words.visits}: {facts.visits}", "DejaVuSans-Bold", 9)
        self._say(_MARGIN, y - 16, f"{words.head.format(seq=facts.seq)}: {facts.head}", "DejaVuSansMono", 7)
        self._say(_MARGIN, y - 28, f"{words.key}: {facts.fingerprint or words.unsigned}", "DejaVuSansMono", 7)
        self._say(_MARGIN, y - 40, f"{words.code}: {facts.record}", "DejaVuSansMono", 7)
        for line, who in enumerate(words.signatures):
            self._say(
                _MARGIN, y - 70 - 26 * line, f"{who}  ____________________  /______________________________/", size=8
            )
        side = 100.0
        code = QrCodeWidget(facts.record, barLevel="M", barWidth=side, barHeight=side)
        picture = Drawing(side, side)
        picture.add(code)
        renderPDF.draw(picture, self._canvas, WIDTH - _MARGIN - side, y - 100)

    # ── rows ────────────────────────────────────────────────────────────────────────────────────────────────────────

    def _texts(self, visit: Visit) -> tuple[str, ...]:
        began, began_offset = self._table.local(visit.began)
        ended, ended_offset = self._table.local(visit.ended) if visit.ended else (self._words.going_on, "")
        others = len(visit.addresses) - ADDRESSES_SHOWN
        addresses = " ".join(visit.addresses[:ADDRESSES_SHOWN]) + (f" +{others}" if others > 0 else "")
        return (
            str(self._written),
            " ".join(filter(None, (visit.surname, visit.given_name, visit.patronymic))),
            visit.number,
            f"{visit.document_kind} {visit.document_number}".strip(),
            visit.workstation,
            visit.device,
            addresses,
            f"{began} {began_offset}",
            f"{ended} {ended_offset}",
            self._methods.get(visit.method, visit.method),
            visit.staff,
        )

    def _row(self, cells: list[list[str]], font: str) -> None:
        canvas, top = self._canvas, self._y
        canvas.setFont(font, _SIZE)
        bottom = top - _LEADING * max(map(len, cells)) - 2 * _PADDING
        x = _MARGIN
        for lines, width in zip(cells, _WIDTHS, strict=True):
            y = top - _PADDING - _SIZE
            for line in lines:
                canvas.drawString(x + _PADDING, y, line)
                y -= _LEADING
            x += width
        canvas.setLineWidth(0.3)
        canvas.line(_MARGIN, bottom, x, bottom)
        self._y = bottom

    def _wrapped(self, text: str, width: float) -> list[str]:
        lines, line, room = [], "", width - 2 * _PADDING
        for word in self._printable(text).split(" "):
            longer = f"{line} {word}" if line else word
            if self._width(longer) <= room:
                line = longer
                continue
            if line:
                lines.append(line)
            line = ""
            for letter in word:  # one word wider than the column is broken where it must be
                if line and self._width(line + letter) > room:
                    lines.append(line)
                    line = ""
                line += letter
        return [*lines, line]

    def _width(self, text: str) -> float:
        return float(pdfmetrics.stringWidth(text, "DejaVuSans", _SIZE))

    def _say(self, x: float, y: float, text: str, font: str = "DejaVuSans", size: float = _SIZE) -> None:
        self._canvas.setFont(font, size)
        self._canvas.drawString(x, y, self._printable(text))

    def _printable(self, text: str) -> str:
        return "".join(letter if ord(letter) in self._glyphs else f"⟨{ord(letter):04X}⟩" for letter in visible(text))


def _fonts() -> frozenset[int]:
    """The fonts are known to reportlab from now on; the characters that all of them have."""
    try:
        for name, path in FONTS.items():
            if name not in pdfmetrics.getRegisteredFontNames():
                pdfmetrics.registerFont(TTFont(name, str(path)))
    except TTFError as error:
        raise ExtractFailed("the register", f"{error}: install Debian's package fonts-dejavu-core") from error
    return frozenset(pdfmetrics.getFont("DejaVuSans").face.charToGlyph)
