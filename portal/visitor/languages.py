"""Which words belong to which language. Must not know: how a visitor chooses one.

>>> words_in(Language.KAZAKH).form.get_password
'Парольды алу'
"""

from __future__ import annotations

from typing import assert_never

from appliance.wire import Language
from portal.visitor.english import ENGLISH
from portal.visitor.kazakh import KAZAKH
from portal.visitor.russian import RUSSIAN
from portal.visitor.words import Words


def words_in(language: Language) -> Words:
    """The catalogue of this language; Flask-Babel will stand here."""
    match language:
        case Language.KAZAKH:
            return KAZAKH
        case Language.RUSSIAN:
            return RUSSIAN
        case Language.ENGLISH:
            return ENGLISH
        case _:
            assert_never(language)
