"""What staff types of an identity document: the lines of the form, and what a scanned zone fills in. Pure.

Must not know: Flask, the gate.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date

import msgspec

from appliance import identity, mrz
from appliance.wire_desk import Person
from portal.console.asking import Problem
from portal.words import Words

LONGEST_TYPED = 1100
"""Of one field, as the wire has it: beyond, it is cut, and still too long by name."""
LONGEST_ZONE = 400


@dataclass(frozen=True)
class Line:
    """One field of the form."""

    name: str
    value: str = ""
    problem: str = ""
    latin: bool = False
    """From a scan: to be typed in Cyrillic, from the document."""
    focus: bool = False


@dataclass(frozen=True)
class Scan:
    """What came of a scanned zone."""

    typed: dict[str, str]
    latin: frozenset[str] = frozenset()
    wrong: tuple[str, ...] = ()
    """What has a wrong check digit; as ``mrz.Zone.wrong``."""
    unreadable: bool = False


def fields(asked_for: Collection[str]) -> tuple[str, ...]:
    """The fields in their order: ¶10's, and what the configuration switches on."""
    return (*identity.NAMES, *(field for field, switch in identity.FIELD_OF.items() if switch in asked_for))


def typed_in(form: Mapping[str, str], asked_for: Collection[str]) -> dict[str, str]:
    """What was typed, by field."""
    return {field: form.get(field, "")[:LONGEST_TYPED] for field in fields(asked_for)}


def person(typed: Mapping[str, str]) -> Person:
    """For the gate, which judges it."""
    return msgspec.convert(typed, Person)


def scanned(zone: str, typed: Mapping[str, str], asked_for: Collection[str], today: date, words: Words) -> Scan:
    """The form after a scan. Names are the scan's: whoever scans begins anew; what else was typed stays.

    Args:
        words: in the venue's language, as they go into its journal.
    """
    read = mrz.read(zone[:LONGEST_ZONE], today)
    if read is None:
        return Scan(dict(typed), unreadable=True)
    kind = words.say(f"desk.kind.{read.document_kind.replace(' ', '_')}")
    read = replace(read, document_kind=kind)
    names = {"surname": read.surname, "given_name": read.given_name}
    rest = {field: typed.get(field) or found for field, found in mrz.asked_of(read, asked_for).items()}
    return Scan({**typed, **names, **rest}, frozenset(name for name, found in names.items() if found), read.wrong)


def lines(
    typed: Mapping[str, str],
    asked_for: Collection[str],
    problem: Problem | None = None,
    latin: Collection[str] = (),
    focus: bool = True,
) -> tuple[Line, ...]:
    """The form's lines. The focus is where something is to be mended, else in the first.

    Args:
        focus: whether it is in this form at all.
    """
    names = fields(asked_for)
    wrong = problem.field if problem and problem.field in names else ""
    return tuple(
        Line(
            name,
            typed.get(name, ""),
            problem.sentence if problem and name == wrong else "",
            name in latin,
            focus and name == (wrong or names[0]),
        )
        for name in names
    )


def wrong_fields(wrong: Collection[str], words: Words) -> str:
    """What of a scan does not fit its check digits, for a person; "": all fits."""
    return ", ".join(words.say(f"desk.zone.{each}") for each in wrong)
