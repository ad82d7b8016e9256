"""The pages of extracts: what to take out and why, how far it is, what it came to. Must not know: how it is made."""

from __future__ import annotations

from datetime import timedelta
from http import HTTPStatus
from importlib.metadata import version as installed_version

from flask import Response, abort, jsonify, request, send_file

from appliance.errors import QueryRefused
from appliance.journal_query import wanted
from appliance.wire import Language
from journal.columns import Language as JournalLanguage
from journal.extract import Made
from journal.extract_data import FORMATS, Order
from journal.signing import fingerprint
from portal.console.extracts import Extracts
from portal.console.jobs import KEPT_S, Busy, Job, State
from portal.console.journal_terms import Asked, Period, asked, days_of
from portal.console.routes import OWNER_AND_INSPECTOR, Routes, see
from portal.console.site import Site

LONGEST_REASON = 200


def register(routes: Routes, site: Site, extracts: Extracts) -> None:
    """Its pages and forms."""
    views = _Extracts(site, extracts)
    both = OWNER_AND_INSPECTOR
    routes.page("/journal/extracts", "extracts", views.ask, roles=both)
    routes.form("/journal/extracts/of-this", "extracts_of_this", views.ask_of_this, roles=both, is_look=True)
    routes.form("/journal/extracts", "extracts_begin", views.begin, roles=both)
    routes.page("/journal/extracts/<name>", "extract", views.show, roles=both)
    routes.page("/journal/extracts/<name>/state", "extract_state", views.state, roles=both, recorded=False)
    routes.form("/journal/extracts/<name>/cancel", "extract_cancel", views.cancel, roles=both)
    routes.page("/journal/extracts/<name>/download", "extract_download", views.download, roles=both)
    routes.when_session_ends.append(extracts.jobs.end_session)


class _Extracts:
    def __init__(self, site: Site, extracts: Extracts) -> None:
        self._site, self._extracts = site, extracts

    def ask(self) -> Response:
        """The form."""
        return self._form(days_of(request.args), HTTPStatus.OK)

    def ask_of_this(self) -> Response:
        """The form, with the period and filter that the list had."""
        return self._form(dict(request.form.items()), HTTPStatus.OK)

    def begin(self) -> Response:
        """Begin to make it."""
        given = dict(request.form.items())
        formats = tuple(each for each in FORMATS if each in request.form.getlist("format"))
        why = given.get("why", "").strip()
        if not 1 <= len(why) <= LONGEST_REASON:
            return self._form(given, HTTPStatus.BAD_REQUEST, wrong="journal.wrong.why")
        if not formats:
            return self._form(given, HTTPStatus.BAD_REQUEST, wrong="journal.wrong.format")
        try:
            chosen = self._asked(given)
            want = wanted(self._site.config, chosen.typed)
        except QueryRefused as refused:
            return self._form(given, HTTPStatus.BAD_REQUEST, wrong=f"journal.wrong.{refused.field}")
        who, venue = self._site.who(), self._site.config.venue
        language = given.get("language", "")
        order = Order(
            wanted=want,
            by=who.login,
            why=why,
            made=self._site.now(),
            venue=venue.name,
            rules=venue.rules,
            version=installed_version("qaqpa"),
            zone=venue.zone,
            language=JournalLanguage(language if language in set(Language) else venue.language.value),
            formats=formats,
        )
        try:
            job = self._extracts.begin(who, order)
        except Busy as busy:
            wrong = "journal.wrong.busy_mine" if busy.mine else "journal.wrong.busy"
            return self._form(given, HTTPStatus.TOO_MANY_REQUESTS, wrong=wrong)
        return see(f"/journal/extracts/{job.name}")

    def show(self, name: str) -> Response:
        """How far it is, or what it came to."""
        job = self._job(name)
        made = job.result
        zone = self._site.config.venue.zone
        gone = (job.began + timedelta(seconds=KEPT_S)).astimezone(zone)
        return self._site.page(
            "extract.html",
            job=job,
            percent=int(job.part * 100),
            made=made,
            fingerprint=_fingerprint(made) if made else "",
            gone=f"{gone:%H:%M}",
        )

    def state(self, name: str) -> Response:
        """The same for the page's script."""
        job = self._job(name)
        return jsonify(part=job.part, over=job.state is not State.RUNNING)

    def cancel(self, name: str) -> Response:
        """Leave nothing of it."""
        self._extracts.jobs.cancel(self._job(name))
        return see(f"/journal/extracts/{name}")

    def download(self, name: str) -> Response:
        """The file, for whoever made it."""
        job = self._job(name)
        if job.state is not State.DONE or job.file is None or not job.file.exists():
            abort(HTTPStatus.NOT_FOUND)
        called = f"qaqpa-{job.began.astimezone(self._site.config.venue.zone):%Y%m%d-%H%M}.zip"
        return send_file(job.file, mimetype="application/zip", as_attachment=True, download_name=called)

    def _job(self, name: str) -> Job[Made]:
        return self._extracts.jobs.of(self._site.who(), name) or abort(HTTPStatus.NOT_FOUND)

    def _asked(self, given: dict[str, str]) -> Asked:
        return asked(given, self._site.now().astimezone(self._site.config.venue.zone).date())

    def _form(self, given: dict[str, str], status: HTTPStatus, wrong: str = "") -> Response:
        chosen = set(request.form.getlist("format")) if "why" in request.form else set(FORMATS)
        return self._site.page(
            "extracts.html",
            status,
            given=given,
            periods=[each.value for each in Period],
            period=given.get("period") or Period.TODAY.value,
            formats=FORMATS,
            chosen=chosen,
            languages=[each.value for each in Language],
            language=given.get("language") or self._site.config.venue.language.value,
            why=given.get("why", ""),
            jobs=self._extracts.jobs.all_of(self._site.who()),
            zone=self._site.config.venue.zone,
            wrong=wrong,
        )


def _fingerprint(made: Made) -> str:
    return fingerprint(bytes.fromhex(made.signature.public)) if made.signature else ""
