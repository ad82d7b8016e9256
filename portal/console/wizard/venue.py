"""The venue: its name, where it is, whose it is, its language; and what visitors agree to.

Must not know: how settings are kept.
"""

from __future__ import annotations

import re
from http import HTTPStatus

from flask import request
from werkzeug.wrappers import Response as AnyResponse

from appliance import beginnings, owner_id
from appliance.steward.wire import Problem
from appliance.wire import Language
from portal.console.routes import see
from portal.console.site import Site
from portal.console.wizard import steps
from portal.console.wizard.ground import change, ground, step_page
from portal.console.wizard.steps import Step

LONGEST_NAME, LONGEST_ADDRESS, LONGEST_TERMS = 40, 200, 3000
_NAME = re.compile(r"[^\x00-\x1f\x7f\"'\\{}$]+")


def judged(name: str, address: str, number: str) -> dict[str, str]:
    """What is wrong, by field, as keys of the catalogue."""
    problems: dict[str, str] = {}
    if not name:
        problems["name"] = "wizard.venue.name_missing"
    elif len(name) > LONGEST_NAME:
        problems["name"] = "wizard.venue.name_long"
    elif not _NAME.fullmatch(name):
        problems["name"] = "wizard.venue.name_characters"
    if not address:
        problems["address"] = "wizard.venue.address_missing"
    elif len(address) > LONGEST_ADDRESS:
        problems["address"] = "wizard.venue.address_long"
    if isinstance(fault := owner_id.judged(number), owner_id.Fault):
        problems["owner_id"] = f"wizard.venue.owner_id_{fault}"
    return problems


def one_line(field: str) -> str:
    """What was typed into a field, as one line."""
    return " ".join(request.form.get(field, "").split())


class TheVenue:
    """Its page and form."""

    def __init__(self, site: Site) -> None:
        self._site = site

    def show(self) -> AnyResponse:
        """What is known of it."""
        venue = ground(self._site).config.venue
        name = "" if venue.name == "Qaqpa" else venue.name
        return self._page(
            {"name": name, "address": venue.address, "owner_id": venue.owner_id, "language": venue.language.value}
        )

    def save(self) -> AnyResponse:
        """Keep it and go on, or say what is wrong."""
        typed = {"name": one_line("name"), "address": one_line("address")}
        typed["owner_id"] = owner_id.spelled(request.form.get("owner_id", ""))
        language = request.form.get("language", "")
        at = ground(self._site)
        typed["language"] = language if language in set(Language) else at.config.venue.language.value
        if problems := judged(typed["name"], typed["address"], typed["owner_id"]):
            return self._page(typed, problems)
        if refused := change(self._site, at, {f"venue.{key}": value for key, value in typed.items()}):
            return self._page(typed, refused=refused)
        return see(steps.path_of(Step.TERMS))

    def _page(
        self, typed: dict[str, str], problems: dict[str, str] | None = None, refused: tuple[Problem, ...] = ()
    ) -> AnyResponse:
        return step_page(
            self._site,
            Step.VENUE,
            HTTPStatus.UNPROCESSABLE_ENTITY if problems or refused else HTTPStatus.OK,
            typed=typed,
            problems=problems or {},
            refused=refused,
            spoken=list(Language),
        )


class Terms:
    """Their page and form."""

    def __init__(self, site: Site) -> None:
        self._site = site

    def show(self) -> AnyResponse:
        """Those of the venue, or some that suit most."""
        own = ground(self._site).config.venue.terms
        return self._page(
            {each.value: text for each, text in (own if any(own.texts.values()) else beginnings.terms()).texts.items()}
        )

    def save(self) -> AnyResponse:
        """Keep all three, or none at all."""
        typed = {each.value: _paragraphs(request.form.get(each.value, "")) for each in Language}
        problems: dict[str, str] = {}
        for language, text in typed.items():
            if not text and any(typed.values()):
                problems[language] = "wizard.terms.one_missing"
            elif len(text) > LONGEST_TERMS:
                problems[language] = "wizard.terms.long"
        if problems:
            return self._page(typed, problems)
        at = ground(self._site)
        if refused := change(self._site, at, {f"venue.terms.{key}": text for key, text in typed.items()}):
            return self._page(typed, refused=refused)
        return see(steps.path_of(Step.NETWORK))

    def _page(
        self, typed: dict[str, str], problems: dict[str, str] | None = None, refused: tuple[Problem, ...] = ()
    ) -> AnyResponse:
        return step_page(
            self._site,
            Step.TERMS,
            HTTPStatus.UNPROCESSABLE_ENTITY if problems or refused else HTTPStatus.OK,
            typed=typed,
            problems=problems or {},
            refused=refused,
            spoken=list(Language),
        )


def _paragraphs(text: str) -> str:
    """A line for each paragraph, as browsers' line ends and copied control characters leave them."""
    lines = (re.sub(r"[\x00-\x1f\x7f]+", " ", line).strip() for line in text.splitlines())
    return "\n".join(line for line in lines if line)
