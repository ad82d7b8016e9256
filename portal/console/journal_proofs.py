"""The pages that judge: an extract somebody has, and the journal itself. Must not know: how that is done."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path

from flask import Response, abort, jsonify, request

from appliance.errors import GateUnreachable, WireError
from appliance.wire_journal import Key, LookAtKey
from journal.columns import visible
from journal.signing import fingerprint
from journal.verifier_page import VERIFIER, page
from portal.console.findings import told
from portal.console.jobs import Busy, Job, Jobs, State
from portal.console.judge import Judged, Made, Proved
from portal.console.judging import LONGEST_S, judged
from portal.console.routes import OWNER_AND_INSPECTOR, UPLOAD_BYTES, Routes, see
from portal.console.site import Site


def register(routes: Routes, site: Site, folder: Path) -> None:
    """Its pages and forms; ``folder`` is for what was uploaded."""
    extracts, own = _Extracts(site, folder), _Journal(site)
    both = OWNER_AND_INSPECTOR
    routes.page("/journal/verify", "verify", extracts.ask, roles=both)
    routes.form("/journal/verify", "verify_begin", extracts.begin, roles=both, largest_bytes=UPLOAD_BYTES)
    routes.page("/journal/verify/verify.html", "verifier", verifier, roles=both)
    routes.page("/journal/verify/<name>", "verdict", extracts.show, roles=both)
    routes.page("/journal/verify/<name>/state", "verdict_state", extracts.state, roles=both, recorded=False)
    routes.page("/journal/proof", "proof", own.show, roles=both)
    routes.form("/journal/proof", "proof_begin", own.begin, roles=both)
    routes.page("/journal/proof/state", "proof_state", own.state, roles=both, recorded=False)
    routes.when_session_ends.append(extracts.jobs.end_session)


def verifier() -> Response:
    """The page that each extract brings with it, to be kept."""
    answer = Response(page(), mimetype="text/html")
    answer.headers["Content-Disposition"] = f'attachment; filename="{VERIFIER}"'
    return answer


def own_fingerprint(site: Site) -> str:
    """Of the key that this venue's gate signs with; "": the gate does not answer."""
    with suppress(GateUnreachable, WireError):
        reply = site.gate.ask(LookAtKey())
        if isinstance(reply, Key):
            return fingerprint(bytes.fromhex(reply.public))
    return ""


class _Extracts:
    def __init__(self, site: Site, folder: Path) -> None:
        self._site, self._folder = site, folder
        self.jobs: Jobs[Judged] = Jobs(site.now, longest_s=LONGEST_S)

    def ask(self) -> Response:
        """Where to give it."""
        return self._form(HTTPStatus.OK)

    def begin(self) -> Response:
        """Take the file and begin to judge it."""
        given = request.files.get("extract")
        if given is None or not given.filename:
            return self._form(HTTPStatus.BAD_REQUEST, "journal.wrong.no_file")
        if shutil.disk_usage(self._folder).free < 2 * UPLOAD_BYTES:
            return self._form(HTTPStatus.SERVICE_UNAVAILABLE, "journal.stopped.room")
        who, own = self._site.who(), own_fingerprint(self._site)
        file = self._folder / f"given-{os.urandom(8).hex()}.zip"
        try:
            with open(file, "xb", opener=lambda name, flags: os.open(name, flags, 0o600)) as out:
                shutil.copyfileobj(given.stream, out)
        except OSError:  # no room after all
            file.unlink(missing_ok=True)
            return self._form(HTTPStatus.SERVICE_UNAVAILABLE, "journal.stopped.room")
        given.close()

        def work(job: Job[Judged]) -> Judged:
            try:
                return judged(job, Judged, "extract", str(file), str(self._site.journal), own)
            finally:
                file.unlink(missing_ok=True)

        try:
            job = self.jobs.begin(who, work, file)
        except Busy as busy:
            file.unlink(missing_ok=True)
            wrong = "journal.wrong.busy_mine" if busy.mine else "journal.wrong.busy"
            return self._form(HTTPStatus.TOO_MANY_REQUESTS, wrong)
        return see(f"/journal/verify/{job.name}")

    def show(self, name: str) -> Response:
        """The verdict in words."""
        job = self._job(name)
        found, words = job.result, self._site.words()
        return self._site.page(
            "verdict.html",
            job=job,
            found=found,
            findings=[told(each, words) for each in found.findings] if found else [],
            against=[told(each, words) for each in found.against] if found else [],
            notes=[visible(each) for each in found.notes] if found else [],
            own=bool(found and found.fingerprint and found.fingerprint == own_fingerprint(self._site)),
        )

    def state(self, name: str) -> Response:
        """The same for the page's script."""
        return jsonify(part=None, over=self._job(name).state is not State.RUNNING)

    def _job(self, name: str) -> Job[Judged]:
        return self.jobs.of(self._site.who(), name) or abort(HTTPStatus.NOT_FOUND)

    def _form(self, status: HTTPStatus, wrong: str = "") -> Response:
        return self._site.page("verify.html", status, wrong=wrong, most=self._site.words().size(UPLOAD_BYTES))


class _Journal:
    def __init__(self, site: Site) -> None:
        self._site = site
        self._jobs: Jobs[Proved] = Jobs(site.now, most=1, longest_s=LONGEST_S)
        self._job: Job[Proved] | None = None
        self._last: tuple[datetime, Proved] | None = None

    def show(self) -> Response:
        """What is known of the journal, and how far the walk through it is."""
        running = self._job if self._job and self._job.state is State.RUNNING else None
        stopped = self._job if self._job and self._job.state is State.STOPPED else None
        when, last = self._last or (None, None)
        return self._site.page(
            "proof.html",
            running=running,
            percent=int(running.part * 100) if running else 0,
            stopped=stopped,
            when=self._local(when) if when else "",
            last=last,
            extracts=[self._told(each) for each in last.extracts] if last else [],
            clocks=[self._clock(each.before_utc_ms, each.after_utc_ms, each.reason) for each in last.clocks]
            if last
            else [],
            breaks=[visible(each) for each in last.breaks] if last else [],
            fingerprint=own_fingerprint(self._site),
            days=self._site.config.journal.retention_days,
        )

    def begin(self) -> Response:
        """Walk through it; whoever asks meanwhile sees the same walk."""

        def work(job: Job[Proved]) -> Proved:
            found = judged(job, Proved, "journal", str(self._site.journal))
            self._last = (self._site.now(), found)
            return found

        with suppress(Busy):
            self._job = self._jobs.begin(self._site.who(), work)
        return see("/journal/proof")

    def state(self) -> Response:
        """The same for the page's script."""
        job = self._job
        return jsonify(part=job.part if job else None, over=job is None or job.state is not State.RUNNING)

    def _told(self, made: Made) -> Mapping[str, str]:
        return {
            "made": self._of(made.utc_ms),
            "by": visible(made.by),
            "why": visible(made.why),
            "since": self._of(made.since_utc_ms),
            "until": self._of(made.until_utc_ms),
        }

    def _clock(self, before_utc_ms: int, after_utc_ms: int, reason: str) -> Mapping[str, str]:
        return {"before": self._of(before_utc_ms), "after": self._of(after_utc_ms), "reason": reason}

    def _of(self, utc_ms: int | None) -> str:
        try:
            return "" if utc_ms is None else self._local(datetime.fromtimestamp(utc_ms / 1000, UTC))
        except (OverflowError, ValueError, OSError):  # a clock gone mad
            return f"{utc_ms} ms"

    def _local(self, moment: datetime) -> str:
        return f"{moment.astimezone(self._site.config.venue.zone):%Y-%m-%d %H:%M}"
