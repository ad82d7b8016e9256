"""Extracts made in the background, and extracts judged: whole, changed, hostile; whose they are, and what stays."""

from __future__ import annotations

import io
import os
import re
import shutil
import stat
import struct
import threading
import time
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

import pytest
from werkzeug.test import TestResponse

from appliance.signer import GateSigner
from appliance.staff.roles import SignedIn, StaffRole
from appliance.wire_journal import LookAtKey, SignExtract
from journal.columns import Language
from journal.extract_data import FORMATS, Order
from journal.signing import fingerprint
from journal.wanted import Wanted
from portal.console.extracts import Extracts, Last
from portal.console.jobs import Busy, Job, Jobs, State, Stopped, Why
from tests.edge.journal.tampering import tampering
from tests.edge.portal.console.journal_venue import KEY, JournalVenue, documented, journal_venue, visit
from tests.lab.waiting import until
from tests.support.console import CSRF, NOW, OURS, console, form

OWNER = SignedIn("owner", "Owner", StaffRole.OWNER, "s1", CSRF)


@pytest.fixture
def venue(tmp_path: Path) -> Iterator[JournalVenue]:
    with journal_venue(tmp_path, *(visit(f"v{n}", 60 + n) for n in range(20)), documented("d1", 30)) as made:
        yield made


def begin(venue: JournalVenue, role: StaffRole = StaffRole.OWNER, **fields: Any) -> TestResponse:
    data = {"period": "today", "format": list(FORMATS), "why": "тексеру №5", "language": "kk", **fields}
    return venue.made.as_role(role).post("/journal/extracts", data=form() | data, headers=OURS)


def finished(venue: JournalVenue, path: str, role: StaffRole = StaffRole.OWNER) -> str:
    """The job's page once it is over."""
    client = venue.made.as_role(role)
    until(lambda: b'"over":true' in client.get(f"{path}/state").data, "the job to be over", 60)
    return unescape(client.get(path).text)


def downloaded(venue: JournalVenue, path: str, role: StaffRole = StaffRole.OWNER) -> tuple[str, bytes]:
    """What the browser is to call it, and the file."""
    with venue.made.as_role(role).get(f"{path}/download") as answer:
        return answer.headers["Content-Disposition"], answer.data


def given(venue: JournalVenue, content: bytes, role: StaffRole = StaffRole.OWNER) -> str:
    """The verdict on a file."""
    # Written out, because the test client's own encoder leaves its temporary file open.
    part = b'--b\r\nContent-Disposition: form-data; name="%s"%s\r\n\r\n%s\r\n'
    body = (
        part % (b"csrf", b"", CSRF.encode()) + part % (b"extract", b'; filename="extract.zip"', content) + b"--b--\r\n"
    )
    client, headers = venue.made.as_role(role), {**OURS, "Content-Type": "multipart/form-data; boundary=b"}
    answer = client.post("/journal/verify", data=body, headers=headers)
    assert answer.status_code == 303, answer.text
    return finished(venue, answer.headers["Location"], role)


def left(venue: JournalVenue) -> list[str]:
    return sorted(file.name for file in (venue.made.site.home / "extracts").iterdir())


def test_a_disk_that_takes_nothing_keeps_nobody_out(venue: JournalVenue, caplog: pytest.LogCaptureFixture) -> None:
    folder = venue.made.site.home / "extracts"
    shutil.rmtree(folder)
    folder.write_text("what cannot be removed as a folder is")
    extracts = Extracts(venue.made.site)
    assert "there are no extracts" in caplog.text
    assert _over(extracts.begin(OWNER, _order(venue))) is Why.ROOM


def test_an_extract_is_made_recorded_downloaded_and_judged(venue: JournalVenue) -> None:
    answer = begin(venue, StaffRole.INSPECTOR)
    path = answer.headers["Location"]
    page = finished(venue, path, StaffRole.INSPECTOR)
    assert "The extract is ready" in page and fingerprint(KEY.public) in page and "<dd>21</dd>" in page
    (signed,) = venue.asked(SignExtract)
    assert isinstance(signed, SignExtract) and (signed.by, signed.why) == ("inspector", "тексеру №5")
    assert signed.manifest in page
    (file,) = (venue.made.site.home / "extracts").iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700

    name, content = downloaded(venue, path, StaffRole.INSPECTOR)
    assert name == "attachment; filename=qaqpa-20261122-1400.zip"
    for other in (path, f"{path}/state", f"{path}/download"):
        assert venue.made.as_role(StaffRole.OWNER).get(other).status_code == 404, "its maker's alone"

    verdict = given(venue, content)
    assert "The extract is whole" in verdict and "WRONG" not in verdict
    assert "The key is this venue's own." in verdict
    assert "the journal says that inspector made it: тексеру №5" in verdict
    assert "21 visits are as the journal has them" in verdict
    assert left(venue) == [file.name], "what was given is not kept"

    changed = io.BytesIO()
    with ZipFile(io.BytesIO(content)) as old, ZipFile(changed, "w") as new:
        for name in old.namelist():
            new.writestr(name, old.read(name).replace(b"10.77.0.11", b"10.77.0.12"))
    verdict = given(venue, changed.getvalue())
    assert "NOT WHOLE" in verdict and "visits.csv: CHANGED" in verdict
    assert "Against the journal" not in verdict


def test_every_finding_is_said_in_the_readers_language(venue: JournalVenue) -> None:
    path = begin(venue).headers["Location"]
    finished(venue, path)
    _, content = downloaded(venue, path)
    venue.made.sessions.language = "kk"
    page = given(venue, content)
    found = re.findall(r'<span dir="auto">(.*?)</span>', page[page.index("<main") :])
    assert len(found) > 10
    assert [each for each in found if not re.search("[әғқңөұүһі]", each.lower())] == []


@pytest.mark.parametrize(
    ("fields", "said"),
    [({"why": " "}, "Write why"), ({"format": ["exe"]}, "at least one format"), ({"period": "x"}, "Choose a period")],
)
def test_an_order_that_lacks_something_makes_nothing(venue: JournalVenue, fields: dict[str, Any], said: str) -> None:
    answer = begin(venue, **fields)
    assert answer.status_code == 400 and said in answer.text
    assert left(venue) == [] and venue.made.gate.asked == []


def test_what_the_journal_cannot_record_is_not_made(venue: JournalVenue) -> None:
    venue.full = True
    page = finished(venue, begin(venue).headers["Location"])
    assert "could not record this: its disk may be full" in page
    assert left(venue) == []
    del venue.made.gate.answers[SignExtract]
    assert "The gate does not answer" in finished(venue, begin(venue).headers["Location"])
    assert left(venue) == []


def test_one_that_is_cancelled_is_neither_made_nor_recorded(venue: JournalVenue) -> None:
    asked, go_on = threading.Event(), threading.Event()
    key = venue.made.gate.answers[LookAtKey]

    def slow(request: LookAtKey) -> object:
        asked.set()
        go_on.wait(120)
        return key(request)

    venue.made.gate.answers[LookAtKey] = slow
    path = begin(venue).headers["Location"]
    assert asked.wait(60)
    cancelled = venue.made.as_role(StaffRole.OWNER).post(f"{path}/cancel", data=form(), headers=OURS)
    assert cancelled.headers["Location"] == path
    go_on.set()
    assert "You cancelled it" in finished(venue, path)
    assert left(venue) == [] and venue.asked(SignExtract) == []


def test_one_that_is_cancelled_at_the_last_moment_is_not_signed(venue: JournalVenue) -> None:
    job: Job[Any] = Job("j", "owner", "s1", NOW)
    signer = Last(GateSigner(venue.made.gate.ask, "owner", "x", Wanted()), job)
    job.cancelled.set()
    with pytest.raises(Stopped):
        signer.sign("0" * 64)
    assert venue.asked(SignExtract) == []


def test_too_late_or_too_large_leaves_nothing(venue: JournalVenue) -> None:
    signing, go_on = threading.Event(), threading.Event()
    sign = venue.made.gate.answers[SignExtract]

    def slow(request: SignExtract) -> object:
        signing.set()
        go_on.wait(120)
        return sign(request)

    venue.made.gate.answers[SignExtract] = slow
    path = begin(venue).headers["Location"]
    assert signing.wait(60)
    busy = begin(venue)
    assert busy.status_code == 429 and "Another one of yours" in busy.text
    client = venue.made.as_role(StaffRole.OWNER)
    assert client.get(f"{path}/download").status_code == 404, "not before it is whole"
    go_on.set()
    assert "The extract is ready" in finished(venue, path), "it is recorded: now it is there"

    small = Extracts(venue.made.site, free_bytes=lambda _: 0)
    order = _order(venue)
    assert _over(small.begin(OWNER, order)) is Why.ROOM
    assert _over(Extracts(venue.made.site, longest_s=0.0).begin(OWNER, order)) in {Why.TIME, None}
    assert left(venue) == []


def _order(venue: JournalVenue) -> Order:
    return Order(
        Wanted(),
        by="owner",
        why="x",
        made=NOW,
        venue="Café",
        rules="67/2016",
        version="0",
        zone=venue.made.site.config.venue.zone,
        language=Language.ENGLISH,
    )


def _over(job: Job[Any]) -> Why | None:
    until(lambda: job.state is not State.RUNNING, "the job to be over")
    return job.why


def test_a_job_that_is_cancelled_stops_where_it_looks() -> None:
    jobs: Jobs[int] = Jobs(lambda: NOW, longest_s=60.0)
    looked = threading.Event()

    def work(job: Job[int]) -> int:
        while True:
            job.go_on()
            looked.set()
            time.sleep(0.01)

    job = jobs.begin(OWNER, work)
    assert looked.wait(60)
    jobs.cancel(job)
    assert _over(job) is Why.CANCELLED
    late: Jobs[int] = Jobs(lambda: NOW, longest_s=0.05)
    assert _over(late.begin(OWNER, work)) is Why.TIME
    falls: Jobs[float] = Jobs(lambda: NOW, longest_s=60.0)
    assert _over(falls.begin(OWNER, lambda _: 1 / 0)) is Why.FAILED


def test_one_a_person_and_three_in_all() -> None:
    jobs: Jobs[bool] = Jobs(lambda: NOW, longest_s=60.0)
    go_on = threading.Event()
    people = [SignedIn(name, name, StaffRole.OWNER, "s", CSRF) for name in "abcd"]
    running = [jobs.begin(who, lambda _: go_on.wait(120)) for who in people[:3]]
    for who, mine in ((people[0], True), (people[3], False)):
        with pytest.raises(Busy) as busy:
            jobs.begin(who, lambda _: True)
        assert busy.value.mine is mine
    go_on.set()
    assert [_over(job) for job in running] == [None, None, None]
    assert _over(jobs.begin(people[3], lambda _: True)) is None


def test_files_go_with_the_hour_the_session_and_the_process(
    venue: JournalVenue, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "made"
    short: Jobs[int] = Jobs(lambda: NOW, longest_s=60.0, kept_s=0.1)
    job = short.begin(OWNER, lambda _: file.write_bytes(b"x"), file)
    until(lambda: short.of(OWNER, job.name) is None and not file.exists(), "the hour to pass")

    path = begin(venue).headers["Location"]
    finished(venue, path)
    assert len(left(venue)) == 1
    owner = venue.made.as_role(StaffRole.OWNER)
    owner.post("/journal/whole", data=form(period="today"), headers=OURS)
    assert len(left(venue)) == 1, "the session goes on"
    # As signing out does: the session is there before the form, and not after it.
    before_and_after = iter((OWNER, None))
    with monkeypatch.context() as patched:
        patched.setattr(venue.made.sessions, "of", lambda _, **__: next(before_and_after))
        owner.post("/journal/whole", data=form(period="today"), headers=OURS)
    assert left(venue) == [] and owner.get(path).status_code == 404

    folder = venue.made.site.home / "extracts"
    (folder / ".x.zip.unfinished-1").mkdir()
    (folder / ".x.zip.unfinished-1" / "visits.csv").write_text("Қайратқызы")
    (folder / "0123.zip").write_bytes(b"PK")
    console(tmp_path)
    assert left(venue) == [], "a power cut's leftovers"


# ── hostile ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def bomb() -> bytes:
    """What unpacks to 6 GB, in 6 MB."""
    made = io.BytesIO()
    with ZipFile(made, "w", ZIP_DEFLATED) as zipped:
        zipped.writestr("manifest.json", bytes(8_000_000))
    claims = bytearray(made.getvalue())
    central = claims.rindex(b"PK\x01\x02")
    claims[central + 24 : central + 28] = struct.pack("<L", 0xFFFFFFF0)
    return bytes(claims)


def crowd() -> bytes:
    """A directory of a million members."""
    member = struct.pack("<4s6H3L5H2L", b"PK\x01\x02", 20, 20, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0) + b"a"
    directory = member * 1_000_000
    return directory + struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 16960, 16960, len(directory), 0, 0)


def wanderer() -> bytes:
    """Paths and links that lead elsewhere, and an extract's names twice."""
    made = io.BytesIO()
    with ZipFile(made, "w") as zipped:
        zipped.writestr("../../../tmp/qaqpa-was-here", "x")
        zipped.writestr("/etc/passwd", "x")
        link = ZipInfo("manifest.json")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        zipped.writestr(link, "/etc/passwd")
    return made.getvalue()


def endless_line() -> bytes:
    """A manifest that is one long string."""
    made = io.BytesIO()
    with ZipFile(made, "w", ZIP_DEFLATED) as zipped:
        zipped.writestr("manifest.json", '{"format":1,"files":[' + "[" * 100_000)
        zipped.writestr("signature.json", "[" * 100_000)
    return made.getvalue()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (bomb(), "This is no extract"),
        (crowd(), "This is no extract"),
        (b"PK\x03\x04" + os.urandom(2000), "This is no extract"),
        (b"", "This is no extract"),
        (wanderer(), "manifest.json: cannot be read"),
        (endless_line(), "manifest.json: cannot be read"),
    ],
    ids=["bomb", "crowd", "garbage", "empty", "paths", "nested"],
)
def test_a_hostile_file_is_only_a_verdict(venue: JournalVenue, content: bytes, said: str) -> None:
    assert said in given(venue, content, StaffRole.INSPECTOR)
    assert left(venue) == []
    assert not Path("/tmp/qaqpa-was-here").exists()


def test_what_is_too_large_or_nothing_is_refused(venue: JournalVenue) -> None:
    owner = venue.made.as_role(StaffRole.OWNER)
    none = owner.post("/journal/verify", data=form(), headers=OURS)
    assert none.status_code == 400 and "Choose the file" in none.text
    large = owner.post(
        "/journal/verify",
        data=b"",
        headers={**OURS, "Content-Length": str(65 << 20)},
        content_type="multipart/form-data",
    )
    assert large.status_code in {403, 413}
    assert left(venue) == []


def test_the_journal_is_walked_through(venue: JournalVenue) -> None:
    finished(venue, begin(venue).headers["Location"])
    owner = venue.made.as_role(StaffRole.OWNER)
    assert owner.post("/journal/proof", data=form(), headers=OURS).status_code == 303
    page = finished(venue, "/journal/proof")
    assert "The chain holds" in page and fingerprint(KEY.public) in page
    assert "тексеру №5" in page and "730\u00a0days" in page
    with tampering(venue.made.site.journal) as connection:
        connection.execute("UPDATE entries SET utc_ms = utc_ms + 1 WHERE seq = 7")
    owner.post("/journal/proof", data=form(), headers=OURS)
    assert "broken at entry 7" in finished(venue, "/journal/proof")


def test_a_job_stopped_is_no_result() -> None:
    jobs: Jobs[int] = Jobs(lambda: NOW, longest_s=60.0)

    def refuses(_: Job[int]) -> int:
        raise Stopped(Why.REFUSED)

    job = jobs.begin(OWNER, refuses)
    assert _over(job) is Why.REFUSED and job.result is None
