"""QR codes, as SVG to stand in a page, or module by module.

    >>> svg("otpauth://totp/…")[:4]
    '<svg'

Drawn as one path in black on white, with the quiet zone of four modules (ISO/IEC 18004, 9.1): telephones do not read
light on dark. No style attribute, which the console's policy would not let pass. Must not know: what it says.
"""

from __future__ import annotations

from reportlab.graphics.barcode.qrencoder import QRCode, QRErrorCorrectLevel

QUIET = 4
SMALLEST: int = QRErrorCorrectLevel.L


def modules(text: str, level: int = QRErrorCorrectLevel.M) -> tuple[tuple[bool, ...], ...]:
    """The code row by row, the quiet zone included; True is dark.

    Args:
        level: how much of it may be dirty; ``SMALLEST`` for what shines and stays clean.

    Raises:
        ValueError: more than fits, some 2,300 bytes.
    """
    code = QRCode(None, level)
    code.addData(text)
    try:
        code.make()
    except Exception as error:
        raise ValueError(f"{len(text)} characters do not fit into a QR code") from error
    count = code.getModuleCount()
    places = range(-QUIET, count + QUIET)
    return tuple(
        tuple(0 <= row < count and 0 <= column < count and bool(code.isDark(row, column)) for column in places)
        for row in places
    )


def svg(text: str) -> str:
    """The code, as wide as its place; the page around it says in words what it is.

    Raises:
        ValueError: more than fits, some 2,300 bytes.
    """
    drawn = modules(text)
    side = len(drawn)
    path = "".join(
        f"M{column} {row}h1v1h-1z" for row, line in enumerate(drawn) for column, is_dark in enumerate(line) if is_dark
    )
    return (
        f'<svg class="qr" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {side} {side}" aria-hidden="true" '
        f'shape-rendering="crispEdges"><rect width="{side}" height="{side}" fill="#fff"/>'
        f'<path d="{path}" fill="#000"/></svg>'
    )
