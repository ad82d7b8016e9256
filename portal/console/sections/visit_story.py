"""One visit: its story, ending it, and keeping its device or number out.

Must not know: how anything is carried out.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from http import HTTPStatus
from itertools import groupby

from flask import Response, abort, request
from werkzeug.wrappers import Response as AnyResponse

from appliance.wire import Done, EndVisit, LiveVisit, Phase
from appliance.wire_console import Block, FindVisits, FoundVisits
from appliance.wire_journal import NoteLook
from journal.errors import JournalError
from journal.masking import masked_name
from journal.story import Happened, Story, story
from portal.console import moments, story_words
from portal.console.asking import Problem, ask
from portal.console.routes import OWNER_AND_DESK, Routes, see
from portal.console.sections.blocks import LONGEST_WHY, SPANS, until_utc_ms
from portal.console.site import Site
from portal.words import Words

_DONE = ("ended", "blocked")


def register(routes: Routes, site: Site) -> None:
    """Its pages and forms."""
    routes.page("/visits/<visit>", "visit", partial(_look, site), roles=OWNER_AND_DESK)
    routes.form("/visits/<visit>", "visit_whole", partial(_look, site), roles=OWNER_AND_DESK)
    routes.form("/visits/<visit>/end", "visit_end", partial(_end, site), roles=OWNER_AND_DESK)
    routes.form("/visits/<visit>/block", "visit_block", partial(_block, site), roles=OWNER_AND_DESK)


@dataclass(frozen=True)
class Told:
    """One line of the timeline."""

    time: str
    iso: str
    sentence: str
    kind: str
    """For its mark: of what kind the entry is."""


def _look(site: Site, visit: str) -> Response:
    """The timeline; posted with ``whole``, it has numbers and names, and that is recorded first."""
    found = _story(site, visit)
    if isinstance(found, Problem):
        return _unreadable(site, found)
    if request.method == "POST":
        noted = ask(site, NoteLook(by=site.who().login, what=f"visit {visit}"), Done)
        if isinstance(noted, Problem):
            return _page(site, found, problem=noted)
        return _page(site, found, whole=True)
    done = request.args.get("done", "")
    return _page(site, found, done=done if done in _DONE else "")


def _story(site: Site, visit: str) -> Story | Problem:
    if not re.fullmatch(r"[0-9a-z]{1,32}", visit):
        abort(HTTPStatus.NOT_FOUND)
    try:
        found = story(site.journal, visit)
    except JournalError:
        return Problem("journal", site.words().say("visits.journal_silent"))
    return found or abort(HTTPStatus.NOT_FOUND)


def _unreadable(site: Site, problem: Problem) -> Response:
    return site.page("visit_unread.html", HTTPStatus.SERVICE_UNAVAILABLE, problem=problem)


def _live(site: Site, found: Story) -> LiveVisit | Problem | None:
    """The visit as the gate has it now; None: it is over."""
    if found.visit.ended is not None:
        return None
    live = ask(site, FindVisits(query=found.visit.device), FoundVisits)
    if isinstance(live, Problem):
        return live
    return next((each for each in live.visits if each.visit == found.visit.visit), None)


def _page(
    site: Site,
    found: Story,
    *,
    whole: bool = False,
    done: str = "",
    problem: Problem | None = None,
    why: str = "",
) -> Response:
    words, zone, visit = site.words(), site.config.venue.zone, found.visit
    live = _live(site, found)
    running = live if isinstance(live, LiveVisit) else None
    up, down = (running.up_bytes, running.down_bytes) if running else (visit.up_bytes, visit.down_bytes)
    ended_at = visit.ended or site.now()
    lines = [(each.at.astimezone(zone), each) for each in found.happened]
    days = [list(group) for _, group in groupby(lines, key=lambda line: line[0].date())]
    names = (visit.surname, visit.given_name, visit.patronymic)
    return site.page(
        "visit.html",
        problem.status if problem else 200,
        visit=visit,
        phase=running.phase if running else ("over" if visit.ended else "unknown"),
        number=story_words.number(visit.number, whole),
        name=" ".join(each if whole else masked_name(each) for each in names if each),
        method=story_words.method(visit.method, words),
        began=moments.since(visit.began.astimezone(zone), site.now(), words),
        lasted=words.elapsed(int((ended_at - visit.began).total_seconds())),
        used=_used(up, down, words),
        days=[(moments.day(day[0][0], words), [_told(each, at, words, whole) for at, each in day]) for day in days],
        going_on=running is not None and running.phase in (Phase.ONLINE, Phase.AWAY),
        whole=whole,
        done=done,
        problem=problem or (live if isinstance(live, Problem) else None),
        why=why,
        spans=tuple(SPANS),
    )


def _used(up_bytes: int | None, down_bytes: int | None, words: Words) -> str:
    if up_bytes is None or down_bytes is None:
        return ""
    return words.say("visits.used", up=words.size(up_bytes), down=words.size(down_bytes))


def _told(happened: Happened, at: datetime, words: Words, whole: bool) -> Told:
    entry = happened.entry
    kind = str(entry.__struct_config__.tag)
    return Told(moments.second(at, words), at.isoformat(), story_words.sentence(entry, words, whole), kind)


def _end(site: Site, visit: str) -> AnyResponse:
    """Ends this visit, not whichever the device has by now."""
    found = _story(site, visit)
    if isinstance(found, Problem):
        return _unreadable(site, found)
    live = _live(site, found)
    if isinstance(live, Problem):
        return _page(site, found, problem=live)
    if live is None:
        return _page(site, found, problem=Problem("no_such_visit", site.words().say("desk.refusal.no_such_visit")))
    done = ask(site, EndVisit(mac=live.device, staff=site.who().login), Done)
    return _page(site, found, problem=done) if isinstance(done, Problem) else see(f"/visits/{visit}?done=ended")


def _block(site: Site, visit: str) -> AnyResponse:
    """Keeps its device or number out. The page has neither whole: they are read from the journal again."""
    found = _story(site, visit)
    if isinstance(found, Problem):
        return _unreadable(site, found)
    what = request.form.get("what", "")
    why = request.form.get("why", "").strip()[:LONGEST_WHY]
    span = request.form.get("span", "")
    named = {"device": found.visit.device, "number": found.visit.number}.get(what, "")
    if not why or span not in SPANS or not named:
        incomplete = Problem("incomplete", site.words().say("visits.block_incomplete"), "why")
        return _page(site, found, problem=incomplete, why=why)
    order = Block(staff=site.who().login, why=why, until_utc_ms=until_utc_ms(span, site.now()), **{what: named})
    done = ask(site, order, Done)
    if isinstance(done, Problem):
        return _page(site, found, problem=done, why=why)
    return see(f"/visits/{visit}?done=blocked")
