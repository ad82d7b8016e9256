"""Composes the console: what granian serves behind nginx on the staff's side.

Must not know: pages, words.
"""

from __future__ import annotations

from pathlib import Path

from flask import Flask, Response
from jinja2 import StrictUndefined

from portal import catalogues
from portal.console import assets, languages, refusals
from portal.console.routes import UPLOAD_BYTES, Routes
from portal.console.sections import desk, journal, machine, mend, reset, settings, staff, today, updates, visits, wizard
from portal.console.site import Site

_TEMPLATES = Path(__file__).parent / "templates"
SECTIONS = (mend, today, visits, desk, journal, staff, settings, updates, reset, wizard, machine)
"""In the order of the menu."""

_POLICY = "; ".join(
    (
        "default-src 'none'",
        "style-src 'self'",
        "script-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)


def create_app(site: Site) -> Flask:
    """The console of one venue."""
    app = Flask(__name__, static_folder=None)
    app.config.update(MAX_CONTENT_LENGTH=UPLOAD_BYTES, MAX_FORM_MEMORY_SIZE=512 * 1024, MAX_FORM_PARTS=500)
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    catalogues.speak(app, "console", site.config.venue.language)
    routes = Routes(app, site)
    app.jinja_env.globals.update(has_page=routes.has_page, language_names=languages.NAMES)
    assets.register(routes, app)
    languages.register(routes)
    refusals.register(app, routes, site)
    for section in SECTIONS:
        section.register(routes, site)
    app.extensions["qaqpa-routes"] = routes
    app.after_request(_guard)
    return app


def _guard(answer: Response) -> Response:
    """Headers of every answer. What a page shows of persons is kept nowhere."""
    answer.headers.setdefault("Cache-Control", "no-store")
    answer.headers.setdefault("Content-Security-Policy", _POLICY)
    answer.headers["X-Frame-Options"] = "DENY"
    answer.headers["X-Content-Type-Options"] = "nosniff"
    answer.headers["Referrer-Policy"] = "same-origin"
    answer.headers["Cross-Origin-Opener-Policy"] = "same-origin"
    return answer
