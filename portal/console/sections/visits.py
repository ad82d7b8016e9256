"""Live visits: searched, sorted, by fifties; numbers whole, or found by, only for whoever has that recorded.

What is searched for may be a number, so it is posted and stands in no address. Must not know: how anything is carried
out.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from flask import Response, request

from appliance.seeking import whole_number
from appliance.wire import Done, LiveVisit, Phase
from appliance.wire_console import FindVisits, FoundVisits, VisitSort
from appliance.wire_journal import NoteLook
from portal.console import moments, story_words
from portal.console.asking import Problem, ask
from portal.console.routes import OWNER_AND_DESK, Routes
from portal.console.searches import Searches
from portal.console.sections import blocks, visit_story
from portal.console.site import Site

PAGE = 50
_LONGEST_QUERY = 64
_DOWNWARDS = frozenset({VisitSort.BEGAN, VisitSort.USED})
"""Of these the newest and the largest are wanted first."""


def register(routes: Routes, site: Site) -> None:
    """Its pages and forms."""
    view = partial(_list, site, Searches(lambda: site.now().timestamp()))
    routes.page("/visits", "visits", view, roles=OWNER_AND_DESK, nav="visits.nav")
    routes.form("/visits", "visits_found", view, roles=OWNER_AND_DESK)
    blocks.register(routes, site)
    visit_story.register(routes, site)


@dataclass(frozen=True)
class Row:
    """One visit of the list, in words."""

    visit: str
    number: str
    """Masked, unless asked for whole; "": it was not by number."""
    device: str
    addresses: tuple[str, ...]
    phase: Phase
    since: str
    lasted: str
    used: str
    method: str


@dataclass(frozen=True)
class Column:
    """A column that the list can be sorted by."""

    sort: VisitSort
    order: str
    """What its button says: how the list is to be sorted then."""
    pressed: str
    """How it is sorted by this column now, as ARIA says it; "": it is not."""


def _list(site: Site, searches: Searches) -> Response:
    asked = _asked()
    whole, by_number = asked.by_part, bool(whole_number(asked.query))
    refused = _too_many(site, searches) if by_number and not whole else None
    refused = refused or (_noted(site, asked, whole) if whole or by_number else None)
    found = refused if refused else ask(site, asked, FoundVisits)
    if isinstance(found, FoundVisits) and not found.visits and asked.offset:  # they left meanwhile
        asked = _asked(first=True)
        found = ask(site, asked, FoundVisits)
    problem = found if isinstance(found, Problem) else None
    visits = found.visits if isinstance(found, FoundVisits) else ()
    total = found.total if isinstance(found, FoundVisits) else 0
    words = site.words()
    return site.page(
        "visits.html",
        problem.status if problem else 200,
        problem=problem,
        rows=[_row(site, each, whole) for each in visits],
        found=words.count("visits.found", total),
        columns={column.sort.value: column for column in _columns(asked)},
        query=asked.query,
        order=_order(asked.sort, asked.descending),
        offset=asked.offset,
        earlier=max(0, asked.offset - PAGE) if asked.offset else None,
        later=asked.offset + PAGE if asked.offset + PAGE < total else None,
        span=f"{asked.offset + 1}–{asked.offset + len(visits)}",
        whole=whole,
        by_number=by_number and not whole,
    )


def _asked(first: bool = False) -> FindVisits:
    """What the form asks for; ``first``: the first page of it. A search that is new begins there too."""
    form = request.form
    query = form.get("query", "").strip()[:_LONGEST_QUERY]
    name, _, direction = form.get("sort", form.get("order", "")).partition(" ")
    sort = VisitSort(name) if name in set(VisitSort) else VisitSort.BEGAN
    descending = direction != "up" if name in set(VisitSort) else True
    offset = form.get("offset", "")
    place = int(offset) if offset.isascii() and offset.isdigit() and len(offset) <= 6 else 0
    same = "sort" not in form and query == form.get("searched", query)
    return FindVisits(query, sort, descending, place if same and not first else 0, PAGE, by_part="whole" in form)


def _order(sort: VisitSort, descending: bool) -> str:
    return f"{sort.value} {'down' if descending else 'up'}"


def _columns(asked: FindVisits) -> tuple[Column, ...]:
    return tuple(
        Column(
            sort,
            _order(sort, not asked.descending if sort is asked.sort else sort in _DOWNWARDS),
            ("descending" if asked.descending else "ascending") if sort is asked.sort else "",
        )
        for sort in VisitSort
    )


def _noted(site: Site, asked: FindVisits, whole: bool) -> Problem | None:
    """Who sees numbers whole, or looks for one, has that recorded first."""
    begins = f"live visits from {asked.offset + 1}" if whole else "live visits by number"
    what = begins + (f", {asked.query!r}" if asked.query else "")
    noted = ask(site, NoteLook(by=site.who().login, what=what[:200]), Done)
    return noted if isinstance(noted, Problem) else None


def _too_many(site: Site, searches: Searches) -> Problem | None:
    if searches.enter(site.who().login):
        return None
    return Problem("too_many_searches", site.words().say("visits.too_many_searches"))


def _row(site: Site, visit: LiveVisit, whole: bool) -> Row:
    words, now = site.words(), site.now()
    began = moments.of_utc_ms(visit.began_utc_ms, site.config.venue.zone)
    return Row(
        visit.visit,
        story_words.number(visit.number, whole),
        visit.device,
        visit.addresses,
        visit.phase,
        moments.since(began, now, words),
        words.elapsed(int((now - began).total_seconds())),
        words.size(visit.up_bytes + visit.down_bytes),
        story_words.method(visit.method, words),
    )
