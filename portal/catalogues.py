"""The portal's languages: GNU gettext catalogues, read from their .po files once, at the start.

    >>> sentences("visitor", Language.KAZAKH).gettext("form.get_password")
    'Парольды алу'

``translations/<language>/LC_MESSAGES/<application>*.po`` is all there is: babel compiles it in memory in some
milliseconds, so an editable install, a wheel and a read-only image need no built file that could be older than its
text.

Identifiers are keys such as ``form.heading``, not English sentences: English is one language of three, and a corrected
English word must not unmake the Kazakh and the Russian one. Must not know: pages, requests.
"""

from __future__ import annotations

from functools import cache
from io import BytesIO
from pathlib import Path
from typing import cast

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import Translations
from flask import Flask, g
from flask_babel import Babel, Domain

from appliance.wire import Language

FOLDER = Path(__file__).parent / "translations"


def paths_of(application: str, language: Language) -> list[Path]:
    """Where the catalogue of an application is: visitor or console, and of the latter a file for each section."""
    return sorted((FOLDER / language / "LC_MESSAGES").glob(f"{application}*.po"))


def catalogue(application: str, language: Language) -> Catalog:
    """The catalogue as its files have it, comments and flags included.

    Raises:
        ValueError: a key stands in two of them.
    """
    whole: Catalog | None = None
    for path in paths_of(application, language):
        with path.open("rb") as file:
            part = read_po(file, locale=language.value, domain=application, abort_invalid=True)
        if whole is None:
            whole = part
            continue
        for message in part:
            if message.id and message.id in whole:
                raise ValueError(f"{path}: {message.id} stands in another file already")
            if message.id:
                whole[message.id] = message
    if whole is None:
        raise FileNotFoundError(f"no catalogue of {application} in {language.value}")
    return whole


@cache
def sentences(application: str, language: Language) -> Translations:
    """The catalogue as gettext has it."""
    compiled = BytesIO()
    write_mo(compiled, catalogue(application, language))
    compiled.seek(0)
    return Translations(compiled, application)


def speak(app: Flask, application: str, default: Language) -> None:
    """Give the templates of ``app`` ``_("form.heading")`` in the language of the request under way.

    That language is what ``flask.g.language`` says when the page is rendered; before, it is ``default``.
    """
    babel = Babel(app, default_locale=default.value, locale_selector=_language)
    domain = Domain(domain=application)
    # Flask-Babel looks for compiled files on the disk; it finds ours where it keeps what it has loaded.
    for language in Language:
        domain.cache[str(language), application] = sentences(application, language)
    babel.domain_instance = domain


def _language() -> str | None:
    return cast(str | None, g.get("language"))
