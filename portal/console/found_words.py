"""What the box found to be wrong, in the reader's language: in a configuration and on the machine.

    >>> problem(words("console", Language.RUSSIAN), Problem("sms.text.kk", "…", code="sms.text.password")).what
    'В тексте должно быть {password}.'

The steward says a code and values, and the sentence in English; catalogues of the other languages have their own under
``found.<code>``, and what to do under ``found.<code>.do``. What has no code, or one that this version does not know, is
somebody else's words and stays as it is. Must not know: pages, how anything is found out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from appliance.schema import by_name
from appliance.steward.wire import Examination, Problem
from portal.words import Words

_NUMBER = re.compile(r"\[\d+\]")


@dataclass(frozen=True)
class Told:
    """What is shown."""

    what: str
    remedy: str
    language: str
    """Of both, as in the attribute ``lang``."""

    @property
    def sentence(self) -> str:
        """Both in one."""
        return f"{self.what} → {self.remedy}" if self.remedy else self.what


def problem(words: Words, found: Problem) -> Told:
    """What is wrong with a configuration."""
    return _told(words, found.code, found.values) or Told(found.problem, "", "en")


def finding(words: Words, found: Examination) -> Told:
    """What is wrong on the machine, and what to do about it."""
    values = dict(found.values)
    if found.cause and (cause := _told(words, found.cause, values)):
        values["said"] = cause.what
    return _told(words, found.code, values) or Told(found.what, found.remedy, "en")


def label(words: Words, key: str) -> str:
    """What the settings page calls a key; the key itself where it has no such name."""
    plain = _NUMBER.sub("", key)
    return words.say(f"settings.key.{plain}") if plain in by_name() else key


def _told(words: Words, code: str, values: Mapping[str, str]) -> Told | None:
    """None: this language has no sentence of its own for it."""
    what, remedy = (words.sentences.gettext(key) for key in (f"found.{code}", f"found.{code}.do"))
    if what == f"found.{code}":
        return None
    try:
        done = "" if remedy == f"found.{code}.do" else remedy % values
        return Told(what % values, done, words.language.value)
    except KeyError:  # another version of the box's other half, with other values
        return None
