"""Vouchers on A4, to be cut apart: each with its code and a QR code that opens the portal with the code filled in.

    >>> write(Sheet("Qaqpa", "Summer", "1f00aa10", "2 h", "http://10.77.0.1"), ["ACDE-FHJK-LMNP"])[:5]
    b'%PDF-'

A package of its own: the other edge that makes PDFs is the journal's, which knows nothing but entries, and the core has
no business with fonts. Must not know: batches, who asked.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass

from reportlab.graphics import renderPDF
from reportlab.graphics.barcode.qr import QrCodeWidget
from reportlab.graphics.shapes import Drawing
from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

COLUMNS, ROWS = 3, 8
_FONT = "DejaVuSans"
_FILE = "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf"
"""Has the Kazakh letters; Debian's fonts-dejavu-core."""
_WIDTH, _HEIGHT = A4[0] / COLUMNS, A4[1] / ROWS
_QR = 24 * mm
_MARGIN = 4 * mm


@dataclass(frozen=True)
class Sheet:
    """What stands on every voucher."""

    venue: str
    label: str
    batch: str
    terms: str
    """Duration, quota and validity, for reading."""
    portal: str
    """Where vouchers are redeemed, without a final slash."""


def link(portal: str, code: str) -> str:
    """What the QR code says."""
    return f"{portal}/?voucher={code}"


def write(sheet: Sheet, codes: Sequence[str]) -> bytes:
    """The PDF, 24 vouchers a page."""
    pdfmetrics.registerFont(TTFont(_FONT, _FILE))
    out = io.BytesIO()
    # Invariant: no time stamp, so that the same vouchers give the same bytes.
    canvas = Canvas(out, pagesize=A4, invariant=1)
    canvas.setTitle(f"{sheet.venue}: {sheet.label or sheet.batch}")
    for place, code in enumerate(codes):
        row, column = divmod(place % (COLUMNS * ROWS), COLUMNS)
        if place and not row and not column:
            canvas.showPage()
        _voucher(canvas, sheet, code, column * _WIDTH, A4[1] - (row + 1) * _HEIGHT)
    canvas.save()
    return out.getvalue()


def _voucher(canvas: Canvas, sheet: Sheet, code: str, x: float, y: float) -> None:
    canvas.setDash(1, 3)
    canvas.rect(x, y, _WIDTH, _HEIGHT)
    _qr(canvas, link(sheet.portal, code), x + _MARGIN, y + (_HEIGHT - _QR) / 2)
    left = x + _QR + 1.5 * _MARGIN
    for size, below, text in (
        (7, 8, sheet.venue),
        (7, 12, sheet.label),
        (8.5, 18, code),
        (6, 23, sheet.terms),
        (6, 27, sheet.portal),
        (5, 31, sheet.batch),
    ):
        canvas.setFont(_FONT, _fitting(text, size, _WIDTH - _QR - 2 * _MARGIN))
        canvas.drawString(left, y + _HEIGHT - below * mm, text)


def _fitting(text: str, size: float, width: float) -> float:
    """The size at which the text is no wider than this."""
    needed = pdfmetrics.stringWidth(text, _FONT, size)
    return float(size if needed <= width else size * width / needed)


def _qr(canvas: Canvas, text: str, x: float, y: float) -> None:
    widget = QrCodeWidget(text, barLevel="L", barWidth=_QR, barHeight=_QR, barBorder=2)
    drawing = Drawing(_QR, _QR)
    drawing.add(widget)
    renderPDF.draw(drawing, canvas, x, y)
