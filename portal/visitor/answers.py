"""A page in the visitor's language as an HTTP answer. Must not know: the gate, which page is due."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from http import HTTPStatus
from typing import assert_never

from flask import Response, render_template, request
from markupsafe import Markup

from appliance.wire import Language
from portal.visitor import incoming
from portal.visitor.languages import words_in
from portal.visitor.pages import Away, Form, Notice, Online, Page
from portal.visitor.words import Words

_POLICY = (
    "default-src 'none'; style-src {styles}; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"  # CSP level 2
)


@dataclass(frozen=True)
class Answers:
    """Makes answers for one venue.

    Args:
        venue: its name, as on the page.
        default: the language of whoever asks for none that we speak.
        style: the style sheet that every page carries within it.
    """

    venue: str
    default: Language
    style: str

    def language(self) -> Language:
        """The language of the request under way."""
        return incoming.chosen_language(request) or incoming.language_of(request, self.default)

    def words(self) -> Words:
        """The words of the request under way."""
        return words_in(self.language())

    def go(self, path: str) -> Response:
        """See ``path`` of this portal next (303), in the language chosen.

        Relative, so that a forwarder in front works; made of nothing the visitor sent, so that nothing can be injected.
        """
        chosen = incoming.chosen_language(request)
        return Response(status=HTTPStatus.SEE_OTHER, headers={"Location": f"{path}?lang={chosen}" if chosen else path})

    def page(self, page: Page, status: HTTPStatus = HTTPStatus.OK, *, retry_after_s: int | None = None) -> Response:
        """The page, rendered in the language of the request under way; links and forms carry the language chosen."""
        # The wait until another password may be asked runs in style, without a script: the button appears by itself.
        timing = _timing(page.another_in_s) if isinstance(page, Form) and page.another_in_s else ""
        html = render_template(
            _template(page),
            page=page,
            words=self.words(),
            language=self.language(),
            languages=[(other, words_in(other).name) for other in Language],
            chosen=incoming.chosen_language(request),
            venue=self.venue,
            style=Markup(self.style),
            timing=Markup(timing),
        )
        answer = Response(html, status=status, mimetype="text/html")
        answer.headers["Content-Language"] = self.language()
        styles = " ".join(_source(text) for text in (self.style, timing) if text)
        answer.headers["Content-Security-Policy"] = _POLICY.format(styles=styles)
        if retry_after_s:
            answer.headers["Retry-After"] = str(retry_after_s)
        return answer


def _template(page: Page) -> str:
    match page:
        case Form():
            return "form.html"
        case Online():
            return "online.html"
        case Away():
            return "away.html"
        case Notice():
            return "notice.html"
        case _:
            assert_never(page)


def _timing(another_in_s: int) -> str:
    return f".swap .wait,.swap .btn{{animation-delay:{another_in_s}s}}.bar{{animation-duration:{another_in_s}s}}"


def _source(style: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()}'"
