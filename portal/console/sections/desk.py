"""The desk: visitors admitted by identity document or told password, at a counter, with a keyboard.

    code ──find──▶ device ──document──────────────▶ 303 code, “admitted”
                     │  └───password──▶ password ──enter──▶ 303 code, “admitted”
                     └── asked already ──▲   │
                     ◀───────again───────────┘

All of it is at one address, and each form says in ``step`` what it is: what staff types of a person is in no URL, and
after an admission in no page. Must not know: how anything is carried out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import partial
from urllib.parse import urlencode

from flask import Response, abort, request
from werkzeug.wrappers import Response as AnyResponse

from appliance.codes import well_formed
from appliance.wire import Language, Phase, Status
from appliance.wire_desk import (
    AdmitByDocument,
    AskPasswordAtDesk,
    Doubt,
    EnterPasswordAtDesk,
    FindDevice,
    Found,
    ListWorkstations,
    Workstations,
)
from portal.console import desk_form
from portal.console.asking import Problem, ask
from portal.console.routes import OWNER_AND_DESK, Routes, see
from portal.console.sections import vouchers
from portal.console.site import Site
from portal.words import words

DOCUMENT, PASSWORD = "document", "password"
WAYS = (DOCUMENT, PASSWORD)
_LONGEST = 64
_PASSWORD_VOID = frozenset({"password_expired", "too_many_tries", "no_password_asked"})
_DEVICE_LOST = frozenset(
    {
        *("code_malformed", "code_unknown", "too_many_codes", "device_unnamed", "workstation_unknown", "nobody_there"),
        *("several_there", "unknown_device", "already_online"),
    }
)
"""Refusals after which another device must be named."""


def register(routes: Routes, site: Site) -> None:
    """Its pages and forms."""
    routes.page("/desk", "desk", partial(_start, site), roles=OWNER_AND_DESK, nav="desk.nav")
    routes.form("/desk", "desk_step", partial(_step, site), roles=OWNER_AND_DESK)
    vouchers.register(routes, site)


@dataclass(frozen=True)
class _About:
    """Which device a form is about, and by which way staff admits."""

    code: str
    workstation: str
    way: str

    @classmethod
    def told(cls, form: Mapping[str, str], site: Site) -> _About:
        """As the form says; a workstation's number may be typed where codes are."""
        code, workstation = form.get("code", "").strip(), form.get("workstation", "").strip()[:_LONGEST]
        numbers = {each.number for each in site.config.workstation}
        if not workstation and well_formed(code) is None and code in numbers:
            code, workstation = "", code
        way = form.get("way", "")
        return cls(code[:_LONGEST], workstation, way if way in WAYS else DOCUMENT)


def _start(site: Site) -> Response:
    """The code's field, and what became of the visitor before."""
    admitted = request.args.get("admitted", "")
    doubts = [doubt for doubt in Doubt if doubt.value in request.args.getlist("doubt")]
    return _codes(site, _About("", "", admitted if admitted in WAYS else DOCUMENT), admitted in WAYS, doubts=doubts)


def _step(site: Site) -> AnyResponse:
    step = _STEPS.get(request.form.get("step", "")) or abort(400)
    return step(site, _About.told(request.form, site))


# ── which device ────────────────────────────────────────────────────────────────────────────────────────────────────


def _find(site: Site, about: _About) -> AnyResponse:
    found = ask(site, FindDevice(site.who().login, about.code, about.workstation), Found)
    if isinstance(found, Problem):
        return _codes(site, about, problem=found)
    if found.phase is Phase.ONLINE:
        return _codes(site, about, online=found)
    if found.phase is Phase.ASKED and found.number and "again" not in request.form:
        return _enter_page(site, about, found.number, found.tries_left)
    return _device(site, about, phase=found.phase)


def _codes(
    site: Site,
    about: _About,
    admitted: bool = False,
    *,
    problem: Problem | None = None,
    online: Found | None = None,
    doubts: list[Doubt] | None = None,
) -> Response:
    there = ask(site, ListWorkstations(site.who().login), Workstations) if site.config.workstation else None
    return site.page(
        "desk.html",
        problem.status if problem else 200,
        about=about,
        admitted=admitted,
        problem=problem,
        online=online,
        doubts=doubts or (),
        # What stays of a wrong code is mended; of a right one nothing stays.
        typed=about.code or about.workstation if problem else "",
        workstations=there.workstations if isinstance(there, Workstations) else (),
    )


def _device(
    site: Site,
    about: _About,
    *,
    phase: Phase | None = None,
    way: str = "",
    problem: Problem | None = None,
    typed: Mapping[str, str] | None = None,
    scan: desk_form.Scan | None = None,
    number: str = "",
) -> Response:
    """Both ways side by side, with the focus in the one that is likely meant."""
    way = way or about.way
    asked_for = site.config.desk.fields
    latin = scan.latin if scan else frozenset()
    return site.page(
        "desk_device.html",
        problem.status if problem else 200,
        about=about,
        way=way,
        phase=phase,
        problem=problem,
        lines=desk_form.lines(typed or {}, asked_for, problem, latin, focus=way == DOCUMENT),
        scan=scan,
        wrong=desk_form.wrong_fields(scan.wrong, site.words()) if scan else "",
        number=number,
        languages=tuple(Language),
        chosen=request.form.get("language", site.config.venue.language.value),
    )


# ── by document ─────────────────────────────────────────────────────────────────────────────────────────────────────


def _document(site: Site, about: _About) -> AnyResponse:
    """¶10: the document was shown. A field that cannot be so keeps the others; nothing else keeps anything."""
    asked_for = site.config.desk.fields
    typed = desk_form.typed_in(request.form, asked_for)
    if request.form.get("scan"):
        venue = words("console", site.config.venue.language)
        scan = desk_form.scanned(request.form.get("zone", ""), typed, asked_for, _today(site), venue)
        return _device(site, about, way=DOCUMENT, typed=scan.typed, scan=scan)
    person = desk_form.person(typed)
    admit = AdmitByDocument(site.who().login, about.code, about.workstation, person=person)
    found = ask(site, admit, Found)
    if isinstance(found, Problem):
        return _lost(site, about, found) or _device(site, about, way=DOCUMENT, problem=found, typed=typed)
    return _done(DOCUMENT, found.doubts)


# ── by a password told ──────────────────────────────────────────────────────────────────────────────────────────────


def _ask_password(site: Site, about: _About) -> AnyResponse:
    number = request.form.get("number", "")[:_LONGEST]
    chosen = request.form.get("language", "")
    language = Language(chosen) if chosen in set(Language) else site.config.venue.language
    login = site.who().login
    asked = ask(site, AskPasswordAtDesk(login, about.code, about.workstation, number=number, language=language), Status)
    if isinstance(asked, Problem):
        return _lost(site, about, asked) or _device(site, about, way=PASSWORD, problem=asked, number=number)
    if asked.phase is Phase.ONLINE:
        return _done(PASSWORD)
    return _enter_page(site, about, asked.number or number, asked.tries_left)


def _enter(site: Site, about: _About) -> AnyResponse:
    """Order No. 58 ¶7.2, ¶9: the visitor tells the password; a wrong one is refused at once."""
    password, number = request.form.get("password", "")[:_LONGEST], request.form.get("number", "")[:_LONGEST]
    login = site.who().login
    entered = ask(site, EnterPasswordAtDesk(login, about.code, about.workstation, password=password), Status)
    if not isinstance(entered, Problem):
        return _done(PASSWORD)
    if entered.why == "already_online":  # Enter was pressed twice
        return _done(PASSWORD)
    if entered.why in _PASSWORD_VOID:
        return _device(site, about, way=PASSWORD, problem=entered, number=number)
    return _lost(site, about, entered) or _enter_page(site, about, number, None, entered)


def _enter_page(
    site: Site, about: _About, number: str, tries_left: int | None, problem: Problem | None = None
) -> Response:
    return site.page(
        "desk_password.html",
        problem.status if problem else 200,
        about=about,
        number=number,
        tries=site.words().count("desk.tries_left", tries_left) if tries_left is not None else "",
        problem=problem,
    )


# ── afterwards ──────────────────────────────────────────────────────────────────────────────────────────────────────


def _lost(site: Site, about: _About, problem: Problem) -> Response | None:
    """Back to the code's field if it is the device that the problem is about."""
    return _codes(site, about, problem=problem) if problem.why in _DEVICE_LOST else None


def _done(way: str, doubts: tuple[Doubt, ...] = ()) -> Response:
    """Words of closed vocabularies alone: the address says nothing of the visitor."""
    return see("/desk?" + urlencode([("admitted", way), *(("doubt", doubt.value) for doubt in doubts)]))


def _today(site: Site) -> date:
    return site.now().astimezone(site.config.venue.zone).date()


_STEPS: dict[str, Callable[[Site, _About], AnyResponse]] = {
    "find": _find,
    "document": _document,
    "password": _ask_password,
    "enter": _enter,
}
