"""A page in the visitor's language as an HTTP answer. Must not know: the gate, which page is due."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property, lru_cache
from http import HTTPStatus
from typing import assert_never

from flask import Response, g, json, render_template, request
from markupsafe import Markup

from appliance.wire import Language, Status
from portal.visitor import forms, incoming
from portal.visitor.brand import Brand
from portal.visitor.forms import Form
from portal.visitor.pages import Away, Notice, Online, Page
from portal.words import Words, words

_POLICY = (  # CSP level 2
    "default-src 'none'; style-src {styles}; script-src {script}; connect-src 'self';{images} form-action 'self';"
    " base-uri 'none'; frame-ancestors 'none'"
)
_KEPT = 128
"""How many rendered pages are kept: those of strangers in each language, and what troubles they may meet, are fewer."""


@dataclass(frozen=True)
class _Rendered:
    html: bytes
    policy: str
    """Its Content-Security-Policy."""


@dataclass(frozen=True)
class Answers:
    """Makes answers for one venue.

    Args:
        venue: its name, as on the page.
        default: the language of whoever asks for none that we speak.
        brand: what else is the venue's own.
        style: the style sheet that every page carries within it.
        script: the script that every page carries within it; without it they only move less.
        now: the time in the venue's zone.
    """

    venue: str
    default: Language
    brand: Brand
    style: str
    script: str
    now: Callable[[], datetime]

    def remember(self, status: Status) -> None:
        """From here on the request under way is answered in the language that the gate keeps for its device."""
        g.kept_language = status.language

    def language(self) -> Language:
        """The language of the request under way."""
        return self._chosen() or incoming.language_of(request, self.default)

    def words(self) -> Words:
        """The words of the request under way."""
        return words("visitor", self.language())

    def go(self, path: str, language: Language | None = None) -> Response:
        """See ``path`` of this portal next (303), in the language chosen.

        Relative, so that a forwarder in front works; made of nothing the visitor sent, so that nothing can be injected.
        """
        chosen = language or self._chosen()
        return Response(status=HTTPStatus.SEE_OTHER, headers={"Location": f"{path}?lang={chosen}" if chosen else path})

    def page(self, page: Page, status: HTTPStatus = HTTPStatus.OK, *, retry_after_s: int | None = None) -> Response:
        """The page, rendered in the language of the request under way; links and forms carry the language chosen."""
        chosen = self._chosen()
        language = chosen or incoming.language_of(request, self.default)
        render = self._kept if tells_of_nobody(page) else self._render
        rendered = render(page, language, chosen)
        answer = Response(rendered.html, status=status, mimetype="text/html")
        answer.headers["Content-Language"] = language
        answer.headers["Content-Security-Policy"] = rendered.policy
        if retry_after_s:
            answer.headers["Retry-After"] = str(retry_after_s)
        return answer

    def state(self, status: Status) -> Response:
        """What the page's script asks for: whether the page is stale, and how far the SMS has come."""
        page = forms.form(status, self.words(), open_login=False)
        told = {"mark": forms.mark_of(status), "told": page.delivery, "waits": page.may_look_again}
        return Response(json.dumps(told), mimetype="application/json")

    def _render(self, page: Page, language: Language, chosen: Language | None) -> _Rendered:
        """Made of nothing but these three and what is fixed at the start, so the same three are the same page."""
        # The wait until another password may be asked runs in style, without a script: the button appears by itself.
        timing = _timing(page.another_in_s) if isinstance(page, Form) and page.another_in_s else ""
        g.language = language.value
        html = render_template(
            _template(page),
            page=page,
            words=words("visitor", language),
            language=language,
            languages=self._languages,
            chosen=chosen,
            venue=self.venue,
            brand=self.brand,
            terms=self.brand.terms_in(language),
            style=Markup(self._style),
            script=Markup(self.script),
            timing=Markup(timing),
        )
        return _Rendered(html.encode(), self._policy(timing))

    @cached_property
    def _kept(self) -> Callable[[Page, Language, Language | None], _Rendered]:
        """The same for what many are shown: a crowd that arrives is all strangers, and their page is one."""
        return lru_cache(maxsize=_KEPT)(self._render)

    def _chosen(self) -> Language | None:
        kept: Language | None = g.get("kept_language")
        return kept or incoming.chosen_language(request)

    @cached_property
    def _style(self) -> str:
        return self.style + self.brand.style

    @cached_property
    def _languages(self) -> list[tuple[Language, str]]:
        return [(each, words("visitor", each).say("language.name")) for each in Language]

    @cached_property
    def _sources(self) -> tuple[str, str]:
        return _source(self._style), _source(self.script)

    def _policy(self, timing: str) -> str:
        style, script = self._sources
        styles = f"{style} {_source(timing)}" if timing else style
        images = " img-src data:;" if self.brand.logo else ""
        return _POLICY.format(styles=styles, script=script, images=images)


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


def tells_of_nobody(page: Page) -> bool:
    """Whether nothing of one visitor is on it: numbers and codes are not kept longer than it takes to say them."""
    match page:
        case Form():
            return not (page.login or page.ended or page.desk.code or page.voucher_typed)
        case Notice():
            return not page.mark
        case Online() | Away():
            return False
        case _:
            assert_never(page)


def _timing(another_in_s: int) -> str:
    return f".swap .wait,.swap .btn{{animation-delay:{another_in_s}s}}.bar{{animation-duration:{another_in_s}s}}"


def _source(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
