"""What an application says in one language: sentences, counted things, spans of time, sizes, times of the day.

    >>> english = words("visitor", Language.ENGLISH)
    >>> english.count("form.tries_left", 1), english.wait(130), english.size(1_450_000_000).replace(chr(0xA0), " ")
    ('1 try left.', '3\\xa0min', '1.4 GB')

Numbers and times are babel's. Units stand in the catalogues: CLDR's Kazakh megabyte begins with a Latin letter.
Must not know: Flask, pages, clocks.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cache

from babel import Locale
from babel.dates import format_date, format_time
from babel.numbers import format_decimal
from babel.support import Translations

from appliance.wire import Language
from portal.catalogues import sentences

_MINUTE_S, _HOUR_S = 60, 3600
# English as in Kazakhstan: 14:30, not 2:30 PM.
_LOCALE = {Language.KAZAKH: "kk", Language.RUSSIAN: "ru", Language.ENGLISH: "en_GB"}


@dataclass(frozen=True)
class Words:
    """One language of one application."""

    language: Language
    locale: Locale
    sentences: Translations

    def say(self, key: str, **filled: object) -> str:
        """The sentence with its placeholders filled."""
        return self.sentences.gettext(key) % filled

    def count(self, key: str, count: int, **filled: object) -> str:
        """The sentence in the plural form that ``count`` needs; ``%(count)s`` in it is the number."""
        return self.sentences.ngettext(key, key, count) % {"count": self.number(count), **filled}

    def number(self, number: float) -> str:
        """A number with the language's signs, at most one decimal."""
        return format_decimal(number, format="#,##0.#", locale=self.locale)

    def wait(self, seconds: int) -> str:
        """How long is still to wait, rounded up: whoever waits as long as we said must not be sent away again."""
        key, count = _unit("unit", seconds)
        return self.say(key, n=self.number(count))

    def wait_told(self, seconds: int) -> str:
        """The same as part of a sentence: "in 3 minutes"."""
        return self.count(*_unit("in", seconds))

    def elapsed(self, seconds: int) -> str:
        """How long something has lasted, rounded down."""
        if seconds < _MINUTE_S:
            return self.say("unit.seconds", n=self.number(max(0, seconds)))
        hours, minutes = divmod(seconds // _MINUTE_S, 60)
        counted = [("unit.hours", hours), ("unit.minutes", minutes)]
        return " ".join(self.say(key, n=self.number(count)) for key, count in counted if count)

    def size(self, count: int) -> str:
        """So many bytes, rounded down: nobody is told of more than is there. One decimal below ten."""
        count = max(0, count)
        for unit, key in ((1_000_000_000, "unit.gigabytes"), (1_000_000, "unit.megabytes")):
            if count >= unit:
                whole, tenths = divmod(count * 10 // unit, 10)
                return self.say(key, n=self.number(whole + tenths / 10 if whole < 10 else whole))
        return self.say("unit.kilobytes", n=self.number(count // 1000))

    def day(self, moment: datetime) -> str:
        """The calendar's day as its people write it, with the year."""
        return format_date(moment, "long", locale=self.locale)

    def time_of_day(self, moment: datetime) -> str:
        """Hours and minutes as its people write them."""
        return format_time(moment, "short", locale=self.locale)


@cache
def words(application: str, language: Language) -> Words:
    """What ``application`` (visitor, console) says in this language."""
    return Words(language, Locale.parse(_LOCALE[language]), sentences(application, language))


def _unit(kind: str, seconds: int) -> tuple[str, int]:
    if seconds <= 2 * _MINUTE_S:
        return f"{kind}.seconds", max(0, seconds)
    if seconds <= 2 * _HOUR_S:
        return f"{kind}.minutes", -(-seconds // _MINUTE_S)
    return f"{kind}.hours", -(-seconds // _HOUR_S)
