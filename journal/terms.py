"""Under which words a visit is found, and what a person means by what was typed. Pure.

    >>> asked("8 701 123-45-67").fits(terms_of(Told(number="+77011234567")))
    True

Numbers are found by their beginning (also as 8701… or 701…) or their end, MAC addresses by their beginning in any
spelling, names by the beginnings of their words in any order. Must not know: where the words are kept.
"""

from __future__ import annotations

import re
from collections.abc import Set
from dataclasses import dataclass

import msgspec

from journal.wanted import Wanted

LEAST_DIGITS = 3
LEAST_HEX = 4
_WORD = re.compile(r"\w+")


class Told(msgspec.Struct, frozen=True):
    """What of an entry can be searched for, whatever its kind: new kinds may carry the same fields."""

    visit: str = ""
    number: str = ""
    device: str = ""
    surname: str = ""
    given_name: str = ""
    patronymic: str = ""


@dataclass(frozen=True)
class Asked:
    """A question: a visit fits if one of its terms begins with one of ``starts``, and each of ``words`` begins one."""

    starts: tuple[str, ...]
    """Empty: too little was typed to look for."""
    words: tuple[str, ...] = ()

    def fits(self, terms: Set[str]) -> bool:
        """Whether a visit of these terms is meant."""
        by_start = any(term.startswith(self.starts) for term in terms)
        return by_start and all(any(term.startswith(word) for term in terms) for word in self.words)


def terms_of(told: Told) -> set[str]:
    """The terms under which it is kept; the first letter says of what kind each is."""
    terms = {f"w{word}" for name in (told.surname, told.given_name, told.patronymic) for word in _words(name)}
    if digits := _digits(told.number):
        terms |= {f"n{digits}", f"r{digits[::-1]}"}
    if told.device:
        terms.add(f"m{told.device.replace(':', '').lower()}")
    return terms


def asked(text: str) -> Asked:
    """What the text may mean."""
    text = text.strip()
    starts: list[str] = []
    words = _words(text)
    digits = _digits(text)
    if re.fullmatch(r"[\d\s()+-]+", text, re.ASCII) and len(digits) >= LEAST_DIGITS:
        starts += [f"n{digits}", f"r{digits[::-1]}"]
        # As people write it here: 8 701 …, or without any country code.
        starts += [f"n7{digits[1:]}"] if digits.startswith("8") else [f"n7{digits}"] if "+" not in text else []
    compact = re.sub(r"[:.\s-]", "", text).lower()
    if len(compact) >= LEAST_HEX and re.fullmatch(r"[0-9a-f]{4,12}", compact):
        starts.append(f"m{compact}")
    if starts:
        return Asked((*starts, *(f"w{word}" for word in words if not word.isdigit())))
    if not words:
        return Asked(())
    every = tuple(f"w{word}" for word in words)
    return Asked((max(every, key=len),), every)


def start_of(wanted: Wanted) -> str:
    """The beginning of a term that each visit has which a filter lets through; "": the filter names no such thing."""
    if wanted.number:
        return f"n{_digits(wanted.number)}"
    if wanted.device:
        return f"m{wanted.device.replace(':', '')}"
    return f"w{max(words, key=len)}" if (words := _words(wanted.name)) else ""


def _digits(text: str) -> str:
    return "".join(letter for letter in text if "0" <= letter <= "9")


def _words(text: str) -> list[str]:
    return _WORD.findall(text.casefold())
