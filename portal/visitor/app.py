"""Composes the visitor's portal: what granian serves behind nginx (``serve``).

    create_app(gate="/run/qaqpa/gate/gate.sock", venue="Café Qaqpa", language="kk")

Must not know: pages, words.
"""

from __future__ import annotations

from datetime import datetime
from http import HTTPStatus
from pathlib import Path

from flask import Flask, Response, request
from jinja2 import StrictUndefined
from werkzeug.exceptions import HTTPException, LengthRequired

from appliance.client import StandingClient
from appliance.errors import ApplianceError
from appliance.wire import Language
from portal import catalogues
from portal.errors import FromAnotherSite, NotBehindGateway
from portal.visitor import brand, incoming, pages
from portal.visitor.answers import Answers
from portal.visitor.captive import CaptivePortalApi
from portal.visitor.views import Asks, Views

_TEMPLATES = Path(__file__).parent / "templates"

MAX_BODY_BYTES = 4096
"""The largest form of ours is some 200 bytes."""


def create_app(
    gate: str, venue: str, language: str = "kk", asks: Asks | None = None, look: str = "", *, portal_url: str = ""
) -> Flask:
    """The portal of one venue.

    Args:
        gate: path of the gate's unix socket.
        venue: the venue's name, as on the page.
        language: of visitors whose phone asks for none that we speak: kk, ru or en.
        asks: who asks the gate, if not ``appliance.client.StandingClient`` at ``gate``.
        look: path of what ``qaqpa apply`` writes of the venue's logo, colour, link and terms; "": it has none.
        portal_url: the portal's https address; "": it has none, and no captive portal API either.

    Raises:
        ValueError: ``language`` is none of ours.
        BrandUnreadable: ``look`` cannot be used.
    """
    app = Flask(__name__, static_folder=None)
    app.config.update(MAX_CONTENT_LENGTH=MAX_BODY_BYTES, MAX_FORM_MEMORY_SIZE=MAX_BODY_BYTES, MAX_FORM_PARTS=8)
    # Merging the slashes of /a//b would answer with an absolute address made of the Host header.
    app.url_map.merge_slashes = False
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    default, own, asks = Language(language), brand.load(look), asks or StandingClient(gate)
    catalogues.speak(app, "visitor", default)
    style, script = ((_TEMPLATES / name).read_text(encoding="utf-8") for name in ("style.css", "script.js"))
    answers = Answers(venue, default, own, style, script, now=lambda: datetime.now(own.zone))
    Views(asks, answers).register(app)
    if portal_url:
        CaptivePortalApi(asks, portal_url, own.link).register(app)
    _register_errors(app, answers)
    for template in app.jinja_env.list_templates(extensions=["html"]):
        app.jinja_env.get_template(template)  # compiled now, not while a crowd's first visitor waits
    app.before_request(_judge_form)
    app.after_request(_guard)
    return app


def _judge_form() -> None:
    """Refuse a form of another site's page, whatever it is for, and a body of unknown length (411).

    Of the latter werkzeug would silently judge only the first MAX_BODY_BYTES. nginx reads the whole body before it
    passes it on, so a visitor's chunked body arrives here with its length.
    """
    if request.method == "POST":
        if request.content_length is None:
            raise LengthRequired
        incoming.require_own_page(request)


def _guard(answer: Response) -> Response:
    """Headers of every answer; a page has its own Content-Security-Policy already."""
    answer.headers["Cache-Control"] = "no-store"
    answer.headers.setdefault("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
    answer.headers["X-Frame-Options"] = "DENY"
    answer.headers["X-Content-Type-Options"] = "nosniff"
    # Not no-referrer: see incoming.require_own_page. Other sites get nothing under this one either.
    answer.headers["Referrer-Policy"] = "same-origin"
    return answer


def _register_errors(app: Flask, answers: Answers) -> None:
    """Every failure becomes a page with a sentence that says what to do."""

    def tell(key: str, status: HTTPStatus) -> Response:
        return answers.page(pages.told(key, answers.words()), status)

    def http_error(error: HTTPException) -> Response:
        match error.code:
            case 404:
                return tell("not_found", HTTPStatus.NOT_FOUND)
            case 405:
                answer = tell("not_allowed", HTTPStatus.METHOD_NOT_ALLOWED)
                answer.headers["Allow"] = dict(error.get_headers()).get("Allow", "GET")  # RFC 9110 §15.5.6
                return answer
            case 413:
                return tell("too_large", HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
            case int(code) if 400 <= code < 500:
                return tell("bad_request", HTTPStatus(code))
            case _:
                return tell("broken", HTTPStatus.INTERNAL_SERVER_ERROR)

    def not_behind_gateway(error: NotBehindGateway) -> Response:
        app.logger.error("%s", error)
        return tell("not_behind_gateway", HTTPStatus.INTERNAL_SERVER_ERROR)

    def from_another_site(error: FromAnotherSite) -> Response:
        app.logger.warning("%s", error)
        return tell("another_site", HTTPStatus.FORBIDDEN)

    def gate_fails(error: ApplianceError) -> Response:
        app.logger.error("%s", error)
        page = pages.moment(answers.words())
        return answers.page(page, HTTPStatus.SERVICE_UNAVAILABLE, retry_after_s=page.refresh_s)

    app.register_error_handler(HTTPException, http_error)
    app.register_error_handler(NotBehindGateway, not_behind_gateway)
    app.register_error_handler(FromAnotherSite, from_another_site)
    app.register_error_handler(ApplianceError, gate_fails)
