"""Large letters for a screen of characters: what is read from across a counter and typed into a browser.

    >>> print("\\n".join(large("1.7")))
    ▄█    ▀▀█
     █     █
    ▀▀▀ ▀  ▀

Three columns and five rows of dots a letter, two rows of dots in a row of characters. Pure. Must not know: what is
said.
"""

from __future__ import annotations

_DOTS = {
    "0": "75557", "1": "26227", "2": "71747", "3": "71317", "4": "55711", "5": "74717", "6": "74757", "7": "71122",
    "8": "75757", "9": "75717", "A": "25755", "B": "65656", "C": "34443", "D": "65556", "E": "74647", "F": "74644",
    "G": "34553", "H": "55755", "I": "72227", "J": "11152", "K": "55655", "L": "44447", "M": "57755", "N": "65555",
    "O": "25552", "P": "65644", "Q": "25563", "R": "65655", "S": "34216", "T": "72222", "U": "55557", "V": "55552",
    "W": "55775", "X": "55255", "Y": "55222", "Z": "71247", ".": "00002", ":": "02020", "-": "00700", "/": "11244",
    "[": "64446", "]": "31113", " ": "00000",
}  # fmt: skip
"""Each row in octal: 4 is the left dot, 1 the right."""
_HALVES = {(False, False): " ", (True, False): "▀", (False, True): "▄", (True, True): "█"}


def large(text: str) -> list[str]:
    """Three rows; a letter that there is none of is a gap. In capitals."""
    rows = [*zip(*(_DOTS.get(letter, _DOTS[" "]) for letter in text.upper()), strict=True), ("0",) * len(text)]
    return [
        " ".join(_pair(int(above, 8), int(below, 8)) for above, below in zip(rows[place], rows[place + 1], strict=True))
        for place in (0, 2, 4)
    ]


def _pair(above: int, below: int) -> str:
    return "".join(_HALVES[bool(above & dot), bool(below & dot)] for dot in (4, 2, 1))


def halves(dots: tuple[tuple[bool, ...], ...]) -> list[str]:
    """Any dots, two rows in a row; True is lit. An odd last row stands alone."""
    lines = [*dots, *([(False,) * len(dots[0])] if len(dots) % 2 else [])]
    return [
        "".join(_HALVES[above, below] for above, below in zip(lines[place], lines[place + 1], strict=True))
        for place in range(0, len(lines), 2)
    ]
