"""Small pictures of what a visitor does, in the canvas's colours: each in a square, by its lower left corner.

Must not know: what stands beside them.
"""

from __future__ import annotations

from reportlab.lib.colors import HexColor
from reportlab.pdfgen.canvas import Canvas

_WHITE = HexColor("#ffffff")


def wifi(canvas: Canvas, x: float, y: float, side: float) -> None:
    """Waves over a dot."""
    canvas.setLineCap(1)
    canvas.setLineWidth(side * 0.09)
    middle, foot = x + side / 2, y + side * 0.2
    for radius in (0.26, 0.46, 0.66):
        reach = side * radius
        canvas.arc(middle - reach, foot - reach, middle + reach, foot + reach, 45, 90)
    canvas.circle(middle, foot, side * 0.08, stroke=0, fill=1)


def page(canvas: Canvas, x: float, y: float, side: float) -> None:
    """A phone with a field and a button."""
    _phone(canvas, x, y, side)
    canvas.setLineWidth(side * 0.03)
    canvas.roundRect(x + side * 0.31, y + side * 0.52, side * 0.38, side * 0.14, side * 0.03)
    canvas.roundRect(x + side * 0.31, y + side * 0.3, side * 0.38, side * 0.14, side * 0.03, stroke=0, fill=1)


def message(canvas: Canvas, x: float, y: float, side: float) -> None:
    """A speech bubble with six dots."""
    canvas.roundRect(x + side * 0.06, y + side * 0.32, side * 0.88, side * 0.5, side * 0.1, stroke=0, fill=1)
    tail = canvas.beginPath()
    tail.moveTo(x + side * 0.22, y + side * 0.36)
    tail.lineTo(x + side * 0.22, y + side * 0.12)
    tail.lineTo(x + side * 0.46, y + side * 0.36)
    tail.close()
    canvas.drawPath(tail, stroke=0, fill=1)
    canvas.saveState()
    canvas.setFillColor(_WHITE)
    for number in range(6):
        canvas.circle(x + side * (0.2 + 0.12 * number), y + side * 0.57, side * 0.04, stroke=0, fill=1)
    canvas.restoreState()


def online(canvas: Canvas, x: float, y: float, side: float) -> None:
    """A phone with a tick."""
    _phone(canvas, x, y, side)
    canvas.setLineWidth(side * 0.08)
    canvas.setLineJoin(1)
    tick = canvas.beginPath()
    tick.moveTo(x + side * 0.34, y + side * 0.5)
    tick.lineTo(x + side * 0.46, y + side * 0.37)
    tick.lineTo(x + side * 0.67, y + side * 0.64)
    canvas.drawPath(tick, stroke=1, fill=0)


def _phone(canvas: Canvas, x: float, y: float, side: float) -> None:
    canvas.setLineCap(1)
    canvas.setLineWidth(side * 0.05)
    canvas.roundRect(x + side * 0.22, y + side * 0.03, side * 0.56, side * 0.94, side * 0.09)
    canvas.circle(x + side * 0.5, y + side * 0.13, side * 0.035, stroke=0, fill=1)
