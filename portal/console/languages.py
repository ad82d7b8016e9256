"""The language that a browser was told to use, for whoever has none of their own: on the way to signing in.

Must not know: any section.
"""

from __future__ import annotations

from flask import request
from werkzeug.wrappers import Response as AnyResponse

from appliance.wire import Language
from portal.console.routes import Routes, own_path, see
from portal.console.site import LANGUAGE_COOKIE
from portal.words import words

_YEAR_S = 365 * 24 * 3600
NAMES = {language: words("console", language).say("language.name") for language in Language}
"""Each in its own language."""


def register(routes: Routes) -> None:
    """``POST /language`` with ``language`` and the path to come back to."""

    def choose() -> AnyResponse:
        answer = see(own_path(request.form.get("back", "")) or "/")
        chosen = request.form.get("language", "")
        if chosen in set(Language):
            answer.set_cookie(
                LANGUAGE_COOKIE, chosen, max_age=_YEAR_S, path="/", secure=True, httponly=True, samesite="Lax"
            )
        return answer

    routes.public("/language", "language", choose, method="POST")
