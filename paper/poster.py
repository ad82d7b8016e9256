"""The venue's poster on A4: a QR code that joins its Wi-Fi, and the way online in pictures and three languages.

    >>> wifi_code("Café; north")
    'WIFI:S:Café\\\\; north;T:nopass;;'

Must not know: the configuration, who asked.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from dataclasses import dataclass

from reportlab.graphics import renderPDF
from reportlab.graphics.barcode.qr import QrCodeWidget
from reportlab.graphics.shapes import Drawing
from reportlab.lib.colors import HexColor
from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.lib.utils import simpleSplit
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from paper import pictograms

_FONT, _BOLD = "DejaVuSans", "DejaVuSans-Bold"
_FILES = "/usr/share/fonts/truetype/dejavu/"
"""Have the Kazakh letters; Debian's fonts-dejavu-core."""
_INK, _SOFT, _EDGE, _WHITE = "#14252b", "#4c6068", "#d5dfe2", "#ffffff"
_MARGIN = 15 * mm
_WIDTH = A4[0] - 2 * _MARGIN
_QR = 78 * mm
_SPECIAL, _ESCAPED = re.compile(r"([\\;,\":])"), r"\\\1"
_PICTURE = 20 * mm
_READ = 10.0
"""Points, for reading at arm's length."""

_STEPS: tuple[tuple[Callable[[Canvas, float, float, float], None], tuple[str, str, str]], ...] = (
    (
        pictograms.wifi,
        (
            "QR-кодты камерамен түсіріңіз немесе осы Wi-Fi желісін таңдаңыз",
            "Наведите камеру на QR-код или выберите эту сеть Wi-Fi",
            "Point your camera at the QR code, or choose this Wi-Fi network",
        ),
    ),
    (
        pictograms.page,
        (
            "Ашылған бетте мобильді нөміріңізді жазып, «Парольды алу» түймесін басыңыз",
            "На открывшейся странице введите свой мобильный номер и нажмите «Получить пароль»",
            "On the page that opens, type your mobile number and press «Get password»",
        ),
    ),
    (
        pictograms.message,
        (
            "SMS-пен 6 цифрдан тұратын пароль келеді",
            "Придёт SMS с паролем из 6 цифр",
            "An SMS brings you a password of 6 digits",
        ),
    ),
    (
        pictograms.online,
        (
            "Парольді енгізіңіз: интернет қосылды",
            "Введите пароль: интернет включён",
            "Enter the password: you are online",
        ),
    ),
)
_OTHERWISE = (
    "Бет ашылмады ма? Браузерде мына мекенжайды теріңіз:",
    "Страница не открылась? Наберите в браузере:",
    "No page came up? Type this into your browser:",
)


@dataclass(frozen=True)
class Poster:
    """What differs from venue to venue."""

    venue: str
    network: str
    """The Wi-Fi's name."""
    portal: str
    """Where the page is if it does not open by itself."""
    colour: str = "#00697d"
    """Of what is meant to be seen from afar, ``#rrggbb``."""


def wifi_code(network: str) -> str:
    """What a phone's camera takes for an open Wi-Fi network of this name.

    Source: the ZXing project's wiki, "Barcode Contents": ``\\ ; , " :`` are escaped by a backslash.
    """
    return f"WIFI:S:{_SPECIAL.sub(_ESCAPED, network)};T:nopass;;"


def write(poster: Poster) -> bytes:
    """The PDF, one page."""
    for name in (_FONT, _BOLD):
        pdfmetrics.registerFont(TTFont(name, f"{_FILES}{name}.ttf"))
    out = io.BytesIO()
    # Invariant: no time stamp, so that the same venue gives the same bytes.
    canvas = Canvas(out, pagesize=A4, invariant=1)
    canvas.setTitle(f"{poster.venue}: Wi-Fi")
    colour = HexColor(poster.colour)
    canvas.setFillColor(colour)
    canvas.rect(0, A4[1] - 34 * mm, A4[0], 34 * mm, stroke=0, fill=1)
    _line(canvas, poster.venue, A4[1] - 22 * mm, font=_BOLD, size=34, colour=_WHITE)
    _line(canvas, "Wi-Fi · Интернет", A4[1] - 48 * mm, size=16)
    _line(canvas, poster.network, A4[1] - 60 * mm, font=_BOLD, size=30, colour=_INK)
    _qr(canvas, wifi_code(poster.network), (A4[0] - _QR) / 2, A4[1] - 66 * mm - _QR)
    _steps(canvas, A4[1] - 72 * mm - _QR, colour)
    _otherwise(canvas, poster.portal)
    canvas.save()
    return out.getvalue()


def _steps(canvas: Canvas, top: float, colour: HexColor) -> None:
    width = _WIDTH / len(_STEPS)
    for place, (picture, sentences) in enumerate(_STEPS):
        left = _MARGIN + place * width
        centre = left + width / 2
        canvas.setStrokeColor(colour)
        canvas.setFillColor(colour)
        picture(canvas, centre - _PICTURE / 2, top - _PICTURE, _PICTURE)
        canvas.circle(left + 5 * mm, top - 4 * mm, 3.6 * mm, stroke=0, fill=1)
        canvas.setFillColor(HexColor(_WHITE))
        canvas.setFont(_BOLD, 12)
        canvas.drawCentredString(left + 5 * mm, top - 5.6 * mm, str(place + 1))
        below = top - _PICTURE - 7 * mm
        for number, sentence in enumerate(sentences):
            canvas.setFillColor(HexColor(_SOFT if number else _INK))
            canvas.setFont(_FONT, _READ)
            for line in simpleSplit(sentence, _FONT, _READ, width - 3 * mm):
                canvas.drawCentredString(centre, below, line)
                below -= 1.25 * _READ
            below -= 2.5 * mm
        if place:
            canvas.setStrokeColor(HexColor(_EDGE))
            canvas.setLineWidth(0.7)
            canvas.line(left, top, left, top - 96 * mm)


def _otherwise(canvas: Canvas, portal: str) -> None:
    y = 28 * mm
    for sentence in _OTHERWISE:
        _line(canvas, sentence, y)
        y -= 4.6 * mm
    _line(canvas, portal, y - 3 * mm, font=_BOLD, size=13, colour=_INK)


def _line(canvas: Canvas, text: str, y: float, *, font: str = _FONT, size: float = _READ, colour: str = _SOFT) -> None:
    """In the middle, and as much smaller as it needs to fit."""
    needed = pdfmetrics.stringWidth(text, font, size)
    canvas.setFont(font, min(size, size * _WIDTH / needed))
    canvas.setFillColor(HexColor(colour))
    canvas.drawCentredString(A4[0] / 2, y, text)


def _qr(canvas: Canvas, text: str, x: float, y: float) -> None:
    # Level M: a poster gets scratched.
    widget = QrCodeWidget(text, barLevel="M", barWidth=_QR, barHeight=_QR, barBorder=2)
    drawing = Drawing(_QR, _QR)
    drawing.add(widget)
    renderPDF.draw(drawing, canvas, x, y)
