"""A page as a person reads it: its words in order, fields in [ ], buttons in ( ), links with their address in < >.

Must not know: the portal.
"""

from __future__ import annotations

from html.parser import HTMLParser

_BLOCKS = {
    "p",
    "h1",
    "h2",
    "label",
    "summary",
    "form",
    "nav",
    "main",
    "header",
    "div",
    "dl",
    "button",
    "input",
    "dt",
    "dd",
    "title",
}
_SILENT = {"style", "svg", "script"}


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = [""]
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self._silent = 0
        self._href: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.elements.append((tag, given))
        if tag in _SILENT:
            self._silent += 1
        if tag in _BLOCKS:
            self.lines.append("")
        if tag == "meta" and given.get("http-equiv") == "refresh":
            self.lines.append(f"{{looks again: {given['content']}}}")
        if tag == "input" and given.get("type") != "hidden":
            focus = " ←" if "autofocus" in given else ""
            self.lines += [f"[{given['name']}: {given.get('value') or ''}]{focus}", ""]
        if tag == "input" and given.get("type") == "hidden":
            self.lines += [f"[{given['name']}, hidden: {given.get('value') or ''}]", ""]
        if tag == "button":
            self.lines[-1] += "("
        if tag == "a":
            self._href.append(given["href"] or "")
        if given.get("role") == "alert":
            self.lines[-1] += "! "

    def handle_endtag(self, tag: str) -> None:
        if tag in _SILENT:
            self._silent -= 1
        if tag == "button":
            self.lines[-1] += ")"
        if tag == "a":
            self.lines[-1] += f" <{self._href.pop()}>"
        if tag in _BLOCKS:
            self.lines.append("")

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.lines[-1] += " ".join(data.split(" ")).replace("\n", " ")


def _read(html: str) -> _Reader:
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return reader


def words_of(html: str) -> str:
    """The page's words, a line for each block."""
    lines = (" ".join(line.split()) for line in _read(html).lines)
    return "\n".join(line for line in lines if line) + "\n"


def elements_of(html: str) -> list[tuple[str, dict[str, str | None]]]:
    """Every element in order: its name and attributes."""
    return _read(html).elements


def field_of(html: str, name: str) -> dict[str, str | None]:
    """The attributes of the form field called ``name``."""
    return next(given for tag, given in elements_of(html) if tag == "input" and given.get("name") == name)
