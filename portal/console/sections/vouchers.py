"""Vouchers: made, printed once, listed, declared void.

Must not know: how one is redeemed.
"""

from __future__ import annotations

from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING

from flask import Response, request
from werkzeug.wrappers import Response as AnyResponse

from appliance import announcement, render, vouchers
from appliance.config import Config
from appliance.wire import Done
from appliance.wire_desk import ListVouchers, MadeVouchers, MakeVouchers, VoidVouchers, Vouchers
from portal.console import moments
from portal.console.asking import Problem, ask
from portal.console.routes import OWNER_AND_DESK, Routes, see
from portal.console.sheets import Sheets
from portal.console.site import Site
from portal.words import Words

if TYPE_CHECKING:  # what draws on paper is loaded when somebody prints: a console must be up again in no time
    from paper.voucher_sheet import Sheet

_LONGEST_LABEL = 64
_LIMITS = {"count": (1, 500), "hours": (0, 720), "quota_mb": (0, 10_000_000), "valid_days": (1, 1096)}
"""The wire's, in the units of the form."""
USUAL = {"label": "", "count": "24", "hours": "0", "quota_mb": "0", "valid_days": "90"}


def register(routes: Routes, site: Site) -> None:
    """Its pages and forms."""
    sheets = Sheets(site.home / "sheets", site.now)
    routes.page("/desk/vouchers", "vouchers", partial(_list, site), roles=OWNER_AND_DESK)
    routes.form("/desk/vouchers", "vouchers_make", partial(_make, site, sheets), roles=OWNER_AND_DESK)
    routes.form("/desk/vouchers/sheet", "vouchers_sheet", partial(_sheet, site, sheets), roles=OWNER_AND_DESK)
    routes.form("/desk/vouchers/void", "vouchers_void", partial(_void, site), roles=OWNER_AND_DESK)


def _list(site: Site) -> Response:
    return _page(site, USUAL, done=request.args.get("done", "") == "void")


def _page(
    site: Site, typed: dict[str, str], *, wrong: str = "", problem: Problem | None = None, done: bool = False
) -> Response:
    words = site.words()
    told = ask(site, ListVouchers(site.who().login), Vouchers)
    batches = [] if isinstance(told, Problem) else list(reversed(told.batches))
    problem = problem or (told if isinstance(told, Problem) else None)
    zone = site.config.venue.zone
    low, high = _LIMITS.get(wrong, (0, 0))
    return site.page(
        "vouchers.html",
        HTTPStatus.UNPROCESSABLE_ENTITY if wrong else problem.status if problem else HTTPStatus.OK,
        typed=typed,
        wrong=wrong,
        wrong_sentence=words.say("desk.vouchers.bounds", low=words.number(low), high=words.number(high)),
        problem=problem,
        done=done,
        enabled=site.config.desk.vouchers,
        batches=[(batch, moments.day(moments.of_utc_ms(batch.expires_utc_ms, zone), words)) for batch in batches],
        now_utc_ms=int(site.now().timestamp() * 1000),
    )


def _make(site: Site, sheets: Sheets) -> Response:
    """Codes are told on this page and in the sheet that it offers, and never again."""
    from paper.voucher_sheet import write

    typed = {name: request.form.get(name, usual).strip()[:_LONGEST_LABEL] for name, usual in USUAL.items()}
    numbers = {name: _number(typed[name], *_LIMITS[name]) for name in _LIMITS}
    if wrong := next((name for name, number in numbers.items() if number is None), ""):
        return _page(site, typed, wrong=wrong)
    count, hours, quota_mb, valid_days = (number or 0 for number in numbers.values())
    order = MakeVouchers(
        site.who().login,
        label=typed["label"],
        count=count,
        max_s=hours * 3600,
        quota_mb=quota_mb,
        valid_days=valid_days,
    )
    made = ask(site, order, MadeVouchers)
    if isinstance(made, Problem):
        return _page(site, typed, problem=made)
    codes = [vouchers.grouped(code) for code in made.codes]
    sheet = write(_about(site.config, order, made.batch, site.words()), codes)
    token = sheets.put(site.who().session, sheet)
    return site.page("vouchers_made.html", batch=made.batch, label=order.label, codes=codes, token=token)


def _about(config: Config, order: MakeVouchers, batch: str, words: Words) -> Sheet:
    from paper.voucher_sheet import Sheet

    terms = (
        words.say("unit.hours", n=words.number(order.max_s // 3600)) if order.max_s else "",
        words.say("unit.megabytes", n=words.number(order.quota_mb)) if order.quota_mb else "",
        words.count("desk.vouchers.days", order.valid_days),
    )
    portal = announcement.secure_url(config) if config.portal.https else render.portal_url(config)
    return Sheet(config.venue.name, order.label, batch, " · ".join(filter(None, terms)), portal.rstrip("/"))


def _number(typed: str, low: int, high: int) -> int | None:
    """A whole number within its bounds; empty is the lowest."""
    if not typed:
        return low
    if not typed.isascii() or not typed.isdigit() or len(typed) > 8:
        return None
    return int(typed) if low <= int(typed) <= high else None


def _sheet(site: Site, sheets: Sheets) -> Response:
    """The PDF, for the session that made it, once."""
    pdf = sheets.take(site.who().session, request.form.get("token", ""))
    if pdf is None:
        gone = Problem("gone", site.words().say("desk.vouchers.gone"))
        return _page(site, USUAL, problem=gone)
    answer = Response(pdf, mimetype="application/pdf")
    answer.headers["Content-Disposition"] = 'attachment; filename="vouchers.pdf"'
    return answer


def _void(site: Site) -> AnyResponse:
    """First what it means, then done."""
    batch = request.form.get("batch", "")[:_LONGEST_LABEL]
    login = site.who().login
    if "sure" in request.form:
        done = ask(site, VoidVouchers(login, batch=batch), Done)
        return _page(site, USUAL, problem=done) if isinstance(done, Problem) else see("/desk/vouchers?done=void")
    told = ask(site, ListVouchers(login), Vouchers)
    if isinstance(told, Problem):
        return _page(site, USUAL, problem=told)
    found = next((each for each in told.batches if each.batch == batch and not each.void), None)
    if found is None:
        return _page(site, USUAL, problem=Problem("no_such_batch", site.words().say("desk.refused.no_such_batch")))
    words = site.words()
    return site.page(
        "vouchers_void.html", batch=found, unused=words.count("desk.vouchers.unused", found.count - found.used)
    )
