"""Extracts for programs: ordered, followed, fetched, by the token that ordered them. Must not know: how one is made."""

from __future__ import annotations

from http import HTTPStatus
from importlib.metadata import version as installed_version

import msgspec
from flask import Response, send_file

from appliance.errors import QueryRefused
from appliance.journal_query import Typed, day_or_time, wanted
from appliance.staff.roles import SignedIn, StaffRole
from journal.columns import Language as JournalLanguage
from journal.extract import Made
from journal.extract_data import FORMATS, Order
from journal.signing import fingerprint
from journal.wanted import Wanted
from portal.console.api import offer
from portal.console.api_types import Extract, OrderExtract
from portal.console.bearers import bearer, staff
from portal.console.extracts import Extracts
from portal.console.jobs import Busy, Job, State
from portal.console.problems import API, problem
from portal.console.routes import Routes
from portal.console.site import Site


def register(routes: Routes, site: Site, extracts: Extracts) -> None:
    """Beside the pages', which they share the limits with."""
    views = _Views(site, extracts)
    offer(routes, "make_extract", views.begin)
    offer(routes, "extract", views.show)
    offer(routes, "extract_file", views.download)


class _Views:
    def __init__(self, site: Site, extracts: Extracts) -> None:
        self._site, self._extracts = site, extracts

    def begin(self, order: OrderExtract) -> Response:
        who, venue = _who(), self._site.config.venue
        want = self._wanted(order)
        if isinstance(want, Response):
            return want
        ordered = Order(
            wanted=want,
            by=who.login,
            why=order.why,
            made=self._site.now(),
            venue=venue.name,
            rules=venue.rules,
            version=installed_version("qaqpa"),
            zone=venue.zone,
            language=JournalLanguage((order.language or venue.language).value),
            formats=tuple(each for each in FORMATS if each in order.formats),
        )
        try:
            job = self._extracts.begin(who, ordered)
        except Busy as busy:
            whose = "Another one of this token's" if busy.mine else "As many as there may be"
            detail = f"{whose} is being made: try again when it is done."
            return problem(HTTPStatus.TOO_MANY_REQUESTS, "busy", detail, retry_in_s=5)
        begun = Extract(job.name, State.RUNNING, 0.0, job.began, None, None, None, None)
        answer = Response(msgspec.json.encode(begun), HTTPStatus.ACCEPTED, mimetype="application/json")
        answer.headers["Location"] = f"{API}/extracts/{job.name}"
        return answer

    def show(self, _: None, extract: str) -> Extract | Response:
        job = self._extracts.jobs.of(_who(), extract)
        return _told(job) if job else _missing()

    def download(self, _: None, extract: str) -> Response:
        job = self._extracts.jobs.of(_who(), extract)
        if job is None or job.state is not State.DONE or job.file is None or not job.file.exists():
            return _missing()
        called = f"qaqpa-{job.began.astimezone(self._site.config.venue.zone):%Y%m%d-%H%M}.zip"
        return send_file(job.file, mimetype="application/zip", as_attachment=True, download_name=called)

    def _wanted(self, order: OrderExtract) -> Wanted | Response:
        try:
            since, until = (day_or_time(text) if text else None for text in (order.since, order.until))
            whom = {name: getattr(order, name) for name in ("number", "device", "name", "workstation")}
            return wanted(self._site.config, Typed(since, until, **whom))
        except QueryRefused as refused:
            field = refused.field
        except ValueError:
            field = "period"
        detail = f"The {field} cannot be used: a period begins before it ends, a number is one that may log in here."
        return problem(HTTPStatus.UNPROCESSABLE_ENTITY, "not_valid", detail, field=field)


def _who() -> SignedIn:
    """The token as whoever a job belongs to: its name stands for the session."""
    token = bearer()
    return SignedIn(staff(token), token.label, StaffRole.INSPECTOR, f"token {token.token}", "")


def _missing() -> Response:
    detail = "There is no such extract of this token's, or not yet, or no more: they are kept for an hour."
    return problem(HTTPStatus.NOT_FOUND, "no_such_extract", detail)


def _told(job: Job[Made]) -> Extract:
    made = job.result
    signature = made.signature if made else None
    return Extract(
        job.name,
        job.state,
        round(job.part, 3),
        job.began,
        job.why,
        made.data.visits if made else None,
        made.manifest if made else None,
        fingerprint(bytes.fromhex(signature.public)) if signature else None,
    )
