"""What tests of the first hour read off its pages."""

from __future__ import annotations

import html
from typing import Any

from flask.testing import FlaskClient

from appliance.wire import Language
from portal.catalogues import sentences
from tests.support.first_hour import posted

EVERY = [*Language]


def says(answer: Any, language: Language | str, key: str) -> bool:
    """Whether the page has this sentence."""
    return sentences("console", Language(language)).gettext(key) in html.unescape(answer.text)


def where(browser: FlaskClient) -> str:
    """Where ``/setup`` leads the owner."""
    return str(browser.get("/setup").headers["Location"])


def wire_up(browser: FlaskClient, **fields: str) -> Any:
    answer = posted(browser, "/setup/network", wan="enp1s0", lan="enp2s0", **fields)
    posted(browser, "/setup/network/keep")
    return answer
