"""Who is kept out: the list, adding to it, lifting.

Must not know: how a block works.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from flask import Response, request
from werkzeug.wrappers import Response as AnyResponse

from appliance.wire import Done
from appliance.wire_console import Block, Blocks, HeldBlock, ListBlocks, Unblock
from portal.console import moments, story_words
from portal.console.asking import Problem, ask
from portal.console.routes import OWNER_AND_DESK, Routes, see
from portal.console.site import Site

_HOUR_S = 3600
SPANS: dict[str, int | None] = {
    "hour": _HOUR_S,
    "day": 24 * _HOUR_S,
    "week": 7 * 24 * _HOUR_S,
    "month": 30 * 24 * _HOUR_S,
    "year": 365 * 24 * _HOUR_S,
    "lifted": None,
}
"""For how long; None: until it is lifted."""
LONGEST_WHY = 200
_LONGEST = 64
_DONE = ("blocked", "lifted")


def register(routes: Routes, site: Site) -> None:
    """Its pages and forms."""
    routes.page("/visits/blocks", "blocks", partial(_list, site), roles=OWNER_AND_DESK)
    routes.form("/visits/blocks", "block", partial(_block, site), roles=OWNER_AND_DESK)
    routes.form("/visits/blocks/lift", "unblock", partial(_lift, site), roles=OWNER_AND_DESK)


def until_utc_ms(span: str, now: datetime) -> int | None:
    """When a block of this span that begins now ends."""
    seconds = SPANS[span]
    return None if seconds is None else int(now.timestamp() + seconds) * 1000


@dataclass(frozen=True)
class Held:
    """One block in words."""

    block: str
    whom: str
    """A device, or a masked number."""
    why: str
    staff: str
    since: str
    until: str
    """"": until it is lifted."""


def _list(site: Site) -> Response:
    done = request.args.get("done", "")
    return _page(site, done=done if done in _DONE else "")


def _page(site: Site, *, done: str = "", problem: Problem | None = None, whom: str = "", why: str = "") -> Response:
    told = ask(site, ListBlocks(), Blocks)
    problem = problem or (told if isinstance(told, Problem) else None)
    return site.page(
        "blocks.html",
        problem.status if problem else 200,
        held=[_held(site, each) for each in told.blocks] if isinstance(told, Blocks) else (),
        problem=problem,
        done=done,
        whom=whom,
        why=why,
        spans=tuple(SPANS),
    )


def _held(site: Site, block: HeldBlock) -> Held:
    words, now, zone = site.words(), site.now(), site.config.venue.zone
    until = block.until_utc_ms
    return Held(
        block.block,
        block.device or story_words.number(block.number, shown=False),
        block.why,
        block.staff,
        moments.since(moments.of_utc_ms(block.since_utc_ms, zone), now, words),
        "" if until is None else moments.since(moments.of_utc_ms(until, zone), now, words),
    )


def _block(site: Site) -> AnyResponse:
    whom = request.form.get("whom", "").strip()[:_LONGEST]
    why = request.form.get("why", "").strip()[:LONGEST_WHY]
    span = request.form.get("span", "")
    if not whom or not why or span not in SPANS:
        problem = Problem("incomplete", site.words().say("visits.block_incomplete"), "why" if whom else "whom")
        return _page(site, problem=problem, whom=whom, why=why)
    device = _mac(whom)
    named = {"device": device} if device else {"number": whom}
    order = Block(staff=site.who().login, why=why, until_utc_ms=until_utc_ms(span, site.now()), **named)
    done = ask(site, order, Done)
    if isinstance(done, Problem):
        return _page(site, problem=done, whom=whom, why=why)
    return see("/visits/blocks?done=blocked")


def _mac(typed: str) -> str:
    """The MAC address that was typed in whatever spelling; "": it is none."""
    compact = re.sub(r"[:.\s-]", "", typed).lower()
    grouped = ":".join(compact[place : place + 2] for place in range(0, 12, 2))
    return grouped if re.fullmatch(r"[0-9a-f]{12}", compact) and not re.fullmatch(r"\+?[0-9 ]+", typed) else ""


def _lift(site: Site) -> AnyResponse:
    block = request.form.get("block", "")[:_LONGEST]
    done = ask(site, Unblock(staff=site.who().login, block=block), Done)
    if isinstance(done, Problem):
        return _page(site, problem=done)
    return see("/visits/blocks?done=lifted")
