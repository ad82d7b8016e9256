"""What was found on this machine or in its configuration: a code with its values, and its sentence in English.

    >>> str(wrong("rates.too_slow", least=64))
    'is so slow that no page opens; allowed: 0 (none), or 64 and more'

Whatever is wrong has a code of a closed vocabulary (``found_in_configuration``, ``found_by_doctor``): a terminal shows
the English sentence that belongs to it, a page says the same in its reader's language. What is right needs none, since
no page tells it. The edges have such types and tables of their own. Must not know: languages but English, pages.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from appliance import found_by_doctor, found_in_configuration

SENTENCES: Mapping[str, tuple[str, str]] = {
    **{code: (what, "") for code, what in found_in_configuration.SENTENCES.items()},
    **found_by_doctor.SENTENCES,
}
"""Code → what is wrong, and what to do where the first does not say it."""


@dataclass(frozen=True)
class Found:
    """One thing that was looked at."""

    ok: bool
    what: str
    """A sentence; of a configuration's key the rest of one that begins with the key."""
    remedy: str = ""
    """What to do about it; "" if ``ok``, or if ``what`` says it."""
    code: str = ""
    """"": it is right."""
    values: Mapping[str, str] = field(default_factory=dict)
    """What the sentences of ``code`` are filled with."""
    cause: str = ""
    """The code of the fault that ``%(said)s`` in them tells of, with the same values; "": none has one."""

    def __str__(self) -> str:
        return self.what


def right(what: str) -> Found:
    """Nothing is to be done."""
    return Found(True, what)


def wrong(code: str, **values: object) -> Found:
    """The fault of this code."""
    what, remedy = SENTENCES[code]
    filled = {name: str(value) for name, value in values.items()}
    return Found(False, what % filled, remedy % filled, code, filled)


def within(code: str, cause: Found) -> Found:
    """The fault of this code, which says the other and no value but that."""
    what, remedy = SENTENCES[code]
    return Found(False, what % {"said": cause.what}, remedy, code, cause.values, cause.code)
