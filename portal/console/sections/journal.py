"""The journal: periods, extracts, and judging an extract.

Whom somebody looks for is posted: an address, which stays in a browser, has a period at most. Must
not know: how anything is carried out.
"""

from __future__ import annotations

from datetime import datetime
from http import HTTPStatus

import msgspec
from flask import Response, request

from appliance.errors import GateUnreachable, QueryRefused, WireError
from appliance.journal_query import wanted
from appliance.wire import Done
from appliance.wire_journal import NoteLook
from journal.columns import WORDS, visible
from journal.columns import Language as JournalLanguage
from journal.errors import JournalError
from journal.listing import Listed, listed
from journal.masking import masked
from journal.visit import Visit
from portal.console import api_extracts, journal_extracts, journal_proofs
from portal.console.extracts import Extracts
from portal.console.journal_terms import Asked, Period, asked, days_of
from portal.console.routes import OWNER_AND_INSPECTOR, Routes
from portal.console.site import Site

PAGE = 50


def register(routes: Routes, site: Site) -> None:
    """Its pages and forms."""
    views = _Journal(site)
    routes.page("/journal", "journal", views.look, roles=OWNER_AND_INSPECTOR, nav="journal.nav")
    routes.form("/journal", "journal_found", views.find, roles=OWNER_AND_INSPECTOR, is_look=True)
    routes.form("/journal/whole", "journal_whole", views.whole, roles=OWNER_AND_INSPECTOR)
    extracts = Extracts(site)
    journal_extracts.register(routes, site, extracts)
    journal_proofs.register(routes, site, extracts.folder)
    api_extracts.register(routes, site, extracts)


class Row(msgspec.Struct, frozen=True):
    """One visit as a line of the list; texts are as they may be shown."""

    began: str
    ended: str
    """"": the visit is not over."""
    who: str
    device: str
    addresses: str
    method: str
    workstation: str


class _Journal:
    def __init__(self, site: Site) -> None:
        self._site = site

    def look(self) -> Response:
        """The list of a period, numbers and names masked."""
        return self._shown(days_of(request.args), whole=False)

    def find(self) -> Response:
        """The same of whom somebody looks for."""
        return self._shown(dict(request.form.items()), whole=False)

    def whole(self) -> Response:
        """The same list whole; that is recorded before."""
        return self._shown(dict(request.form.items()), whole=True)

    def _shown(self, given: dict[str, str], whole: bool) -> Response:
        try:
            chosen = asked(given, self._site.now().astimezone(self._site.config.venue.zone).date())
            want = wanted(self._site.config, chosen.typed)
        except QueryRefused as refused:
            return self._page(given, None, None, HTTPStatus.BAD_REQUEST, wrong=f"journal.wrong.{refused.field}")
        before = int(text) if (text := given.get("before", "")).isdecimal() and len(text) < 19 else None
        if whole and not self._noted(chosen, before):
            return self._page(given, chosen, None, HTTPStatus.SERVICE_UNAVAILABLE, wrong="journal.wrong.not_recorded")
        try:
            found = listed(self._site.journal, want, before, PAGE)
        except JournalError:
            return self._page(given, chosen, None, HTTPStatus.SERVICE_UNAVAILABLE, wrong="journal.wrong.unreadable")
        return self._page(given, chosen, found, HTTPStatus.OK, whole=whole)

    def _noted(self, chosen: Asked, before: int | None) -> bool:
        told = msgspec.json.encode(chosen.kept | ({"before": str(before)} if before else {})).decode()
        try:
            reply = self._site.gate.ask(NoteLook(self._site.who().login, f"journal {told}"[:200]))
        except (GateUnreachable, WireError):
            return False
        return isinstance(reply, Done)

    def _page(
        self,
        given: dict[str, str],
        chosen: Asked | None,
        found: Listed | None,
        status: HTTPStatus,
        *,
        wrong: str = "",
        whole: bool = False,
    ) -> Response:
        rows = [self._row(visit if whole else masked(visit)) for visit in found.visits] if found else []
        return self._site.page(
            "journal.html",
            status,
            given=given,
            periods=[each.value for each in Period],
            period=chosen.period.value if chosen else given.get("period", Period.TODAY.value),
            kept=chosen.kept if chosen else {},
            rows=rows,
            found=found is not None,
            further=found.further if found else None,
            later=bool(given.get("before")),
            wrong=wrong,
            whole=whole,
        )

    def _row(self, visit: Visit) -> Row:
        names = " ".join(filter(None, (visit.surname, visit.given_name, visit.patronymic)))
        word = WORDS[JournalLanguage(self._site.language().value)].get
        return Row(
            began=self._local(visit.began),
            ended=self._local(visit.ended) if visit.ended else "",
            who=visible(names or visit.number),
            device=visible(visit.device),
            addresses=visible(" ".join(visit.addresses)),
            method=visible(word(visit.method, visit.method)),
            workstation=visible(visit.workstation),
        )

    def _local(self, moment: datetime) -> str:
        return f"{moment.astimezone(self._site.config.venue.zone):%Y-%m-%d %H:%M}"
