"""QR codes as SVG, to stand in a page.

    >>> svg("otpauth://totp/…")[:4]
    '<svg'

Drawn as one path in black on white, with the quiet zone of four modules (ISO/IEC 18004, 9.1): telephones do not read
light on dark. No style attribute, which the console's policy would not let pass. Must not know: what it says.
"""

from __future__ import annotations

from reportlab.graphics.barcode.qrencoder import QRCode, QRErrorCorrectLevel

QUIET = 4


def svg(text: str) -> str:
    """The code, as wide as its place; the page around it says in words what it is.

    Raises:
        ValueError: more than fits, some 2,300 bytes.
    """
    code = QRCode(None, QRErrorCorrectLevel.M)
    code.addData(text)
    try:
        code.make()
    except Exception as error:
        raise ValueError(f"{len(text)} characters do not fit into a QR code") from error
    count = code.getModuleCount()
    path = "".join(
        f"M{column + QUIET} {row + QUIET}h1v1h-1z"
        for row in range(count)
        for column in range(count)
        if code.isDark(row, column)
    )
    side = count + 2 * QUIET
    return (
        f'<svg class="qr" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {side} {side}" aria-hidden="true" '
        f'shape-rendering="crispEdges"><rect width="{side}" height="{side}" fill="#fff"/>'
        f'<path d="{path}" fill="#000"/></svg>'
    )
