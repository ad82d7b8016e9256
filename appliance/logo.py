"""The venue's logo: a small PNG or SVG made into an address that is the picture itself (a data: URL).

In an <img>, no browser runs an SVG's scripts or loads what it refers to; a logo that has either is refused all the
same, for it is not what its owner believes it to be. Must not know: where it is shown.
"""

from __future__ import annotations

import base64
import re
from pathlib import Path
from xml.etree import ElementTree

from appliance.errors import LogoRefused

MAX_BYTES = 8 * 1024
_PNG = b"\x89PNG\r\n\x1a\n"
_SVG = "{http://www.w3.org/2000/svg}"
_REFUSED = frozenset({"script", "foreignObject", "image", "feImage", "iframe", "embed", "object", "a", "set"})
"""Elements that act or load; those that begin with "animate" besides."""
_OUTWARD = re.compile(r"url\(\s*['\"]?(?!#)|@import|(?:java|vb)script:|expression\(", re.IGNORECASE)


def data_url(path: str) -> str:
    """The logo in this file; "" = none.

    Raises:
        LogoRefused: it cannot be read or shown; says why and what to do.
    """
    if not path:
        return ""
    try:
        with Path(path).open("rb") as file:
            picture = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise LogoRefused(path, f"cannot be read: {error.strerror}") from error
    if len(picture) > MAX_BYTES:
        raise LogoRefused(path, f"is larger than {MAX_BYTES} bytes, which every page would carry; make it smaller")
    if picture.startswith(_PNG):
        kind = "png"
    else:
        _judge_svg(path, picture)
        kind = "svg+xml"
    return f"data:image/{kind};base64,{base64.b64encode(picture).decode()}"


def _judge_svg(path: str, picture: bytes) -> None:
    try:
        text = picture.decode("utf-8-sig")
        # Before it is parsed: a document type may define entities that grow without end.
        if "<!" in text.replace("<!--", ""):
            raise LogoRefused(path, "has a document type or CDATA; export it as a plain SVG")
        root = ElementTree.fromstring(text)
    except (ElementTree.ParseError, ValueError) as error:
        raise LogoRefused(path, f"is neither a PNG nor an SVG ({error})") from error
    if root.tag != f"{_SVG}svg":
        raise LogoRefused(path, 'is no SVG: its first element must be <svg xmlns="http://www.w3.org/2000/svg">')
    for element in root.iter():
        tag = str(element.tag).rpartition("}")[2]
        if tag in _REFUSED or tag.startswith("animate"):
            raise LogoRefused(path, f"has <{tag}>, which a logo must not have; export it as a plain SVG")
        if _OUTWARD.search(element.text or ""):
            raise LogoRefused(path, f"refers to something outside itself in <{tag}>; export it as a plain SVG")
        for name, value in element.attrib.items():
            plain = name.rpartition("}")[2].lower()
            if plain.startswith("on"):
                raise LogoRefused(path, f"has the script {plain}= in <{tag}>; export it as a plain SVG")
            outward = plain in {"href", "src"} and not value.startswith("#")
            if outward or _OUTWARD.search(value):
                raise LogoRefused(path, f"refers to something outside itself in <{tag} {plain}=…>; put it inside")
