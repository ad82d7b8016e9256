"""The journal's pages: who may see what, masked and whole, a page at a time, recorded before it is shown."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import pytest

import portal.console
from appliance.staff.roles import StaffRole
from appliance.wire import Language
from appliance.wire_console import NoteStaff, StaffAct
from appliance.wire_journal import NoteLook
from portal.catalogues import catalogue
from portal.console.jobs import State, Why
from portal.console.sections.journal import PAGE
from tests.edge.portal.console.journal_venue import JournalVenue, documented, journal_venue, visit
from tests.support.console import OURS, form

DAY = 24 * 60


@pytest.fixture
def venue(tmp_path: Path) -> Iterator[JournalVenue]:
    others = [visit(f"o{n}", 40 * DAY, number=f"+7702000{n:04}", device=f"02:00:00:00:02:{n:02x}") for n in range(3)]
    with journal_venue(tmp_path, *others, visit("y1", DAY), documented("d1", 90), visit("t1", 30)) as made:
        yield made


def rows(page: str) -> list[list[str]]:
    """The cells of the list."""
    body = re.findall(r"<tbody>(.*?)</tbody>", page, re.DOTALL)
    lines = re.findall(r"<tr>(.*?)</tr>", body[0], re.DOTALL) if body else []
    return [[unescape(cell) for cell in re.findall(r"<td[^>]*>(.*?)</td>", line)] for line in lines]


def test_a_list_is_masked_and_the_newest_first(venue: JournalVenue) -> None:
    assert rows(venue.look("/journal")) == [
        [
            "2026-11-22 13:30",
            "2026-11-22 13:40",
            "+7701•••••67",
            "02:00:00:00:00:01",
            "10.77.0.10",
            "password by SMS",
            "",
        ],
        ["2026-11-22 12:30", "not over", "Қ••• А•••", "02:00:00:00:00:02", "10.77.0.11", "identity document", "7"],
    ]
    assert venue.asked(NoteLook) == []


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("period=yesterday", 1),
        ("period=month", 3),
        ("period=range", 6),
        ("period=range&from=2026-10-01&to=2026-10-31", 3),
        ("period=range&from=2026-11-23", 1),
        ("period=range&number=8+701+123-45-67", 2),
        ("period=range&device=02-00-00-00-02-01", 1),
        ("period=range&name=айг", 1),
        ("period=range&workstation=7", 1),
        ("period=range&workstation=8", 0),
    ],
)
def test_a_period_and_a_filter_choose(venue: JournalVenue, query: str, count: int) -> None:
    assert len(rows(venue.find(query))) == count


@pytest.mark.parametrize(
    "query",
    [
        "period=never",
        "period=range&from=2026-11-32",
        "period=range&from=2026-11-22&to=2026-11-21",
        "number=12",
        "device=zz",
        f"name={'x' * 101}",
    ],
)
def test_what_means_nothing_is_said(venue: JournalVenue, query: str) -> None:
    answer = venue.post("/journal", query)
    assert answer.status_code == 400
    assert 'role="alert"' in answer.text


def test_a_whole_list_is_recorded_before(venue: JournalVenue) -> None:
    owner = venue.made.as_role(StaffRole.OWNER)
    answer = owner.post("/journal/whole", data=form(period="today", number=" "), headers=OURS)
    assert rows(answer.text)[0][2] == "+77011234567"
    assert rows(answer.text)[1][2] == "Қайратқызы Айгүл"
    assert venue.asked(NoteLook) == [NoteLook("owner", 'journal {"period":"today"}')]
    venue.full = True
    refused = owner.post("/journal/whole", data=form(period="today"), headers=OURS)
    assert refused.status_code == 503
    assert rows(refused.text) == [] and "234567" not in refused.text


def test_pages_go_on_where_they_ended(tmp_path: Path) -> None:
    many = [visit(f"v{n}", 1000 - n) for n in range(2 * PAGE + 1)]
    with journal_venue(tmp_path, *many) as venue:
        seen, page = [], venue.find("period=range")
        while True:
            seen += [row[0] for row in rows(page)]
            assert len(rows(page)) <= PAGE
            further = re.search(r'name="before" value="([^"]+)">Earlier', page)
            if further is None:
                break
            page = venue.find(f"period=range&before={further[1]}")
        assert len(seen) == 2 * PAGE + 1
        assert seen == sorted(seen, reverse=True)


def test_whoever_is_looked_for_stands_in_no_address(venue: JournalVenue) -> None:
    query = "period=range&number=%2B77011234567&name=%D0%B0%D0%B9%D0%B3"
    for page in (venue.find(query), venue.post("/journal/extracts/of-this", query).text):
        assert 'value="+77011234567"' in page
        assert not re.findall(r'(?:href|action|src)="[^"]*(?:7011234567|%D0)', page)
        assert set(re.findall(r'<form[^>]*method="(\w+)"', page)) == {"post"}
    everybody = len(rows(venue.look("/journal?period=range")))
    assert len(rows(venue.look("/journal?period=range&number=%2B77011234567"))) == everybody, "an address chooses days"
    assert "7011234567" not in venue.look("/journal/extracts?number=%2B77011234567")


@pytest.mark.parametrize("path", ["/journal", "/journal/extracts", "/journal/verify", "/journal/proof"])
def test_the_desk_sees_none_of_it(venue: JournalVenue, path: str) -> None:
    assert venue.made.as_role(StaffRole.DESK).get(path).status_code == 403
    assert venue.made.as_role(None).get(path).status_code == 303
    posted = "/journal/whole" if path == "/journal" else path
    for role in (StaffRole.DESK, None):
        answer = venue.made.as_role(role).post(posted, data=form(period="today", why="x"), headers=OURS)
        assert answer.status_code in {303, 403} and "/journal" not in answer.headers.get("Location", "")
    assert venue.made.gate.asked == []


def test_an_inspectors_look_is_recorded_before_it_is_one(venue: JournalVenue) -> None:
    assert len(rows(venue.find("period=month&number=%2B77011234567", StaffRole.INSPECTOR))) == 2
    detail = "/journal?period=month&number=%2B77011234567"
    assert venue.asked(NoteStaff) == [NoteStaff("inspector", StaffAct.LOOKED, "inspector", detail)]
    venue.full = True
    for path in ("/journal", "/journal/extracts", "/journal/verify", "/journal/proof", "/journal/verify/verify.html"):
        answer = venue.made.as_role(StaffRole.INSPECTOR).get(path)
        assert answer.status_code == 503
        assert "This page is not shown" in answer.text and rows(answer.text) == []
    assert venue.post("/journal", "period=month", StaffRole.INSPECTOR).status_code == 503
    venue.made.gate.answers.clear()
    assert venue.made.as_role(StaffRole.INSPECTOR).get("/journal").status_code == 503
    assert venue.made.as_role(StaffRole.OWNER).get("/journal").status_code == 200


def test_a_journal_that_cannot_be_read_is_said(venue: JournalVenue) -> None:
    for file in venue.made.site.journal.parent.glob("journal.db-index*"):
        file.unlink()
    kept = venue.made.site.journal.rename(venue.made.site.journal.with_name("elsewhere"))
    answer = venue.made.as_role(StaffRole.OWNER).get("/journal")
    kept.rename(venue.made.site.journal)
    assert answer.status_code == 503
    assert "cannot be read just now" in answer.text


@pytest.mark.parametrize("language", Language)
def test_every_sentence_is_there_and_used(language: Language) -> None:
    folder = Path(portal.console.__file__).parent
    text = "".join(path.read_text() for path in (*folder.rglob("*.html"), *folder.rglob("*.py")))
    used = set(re.findall(r'"((?:journal|verdict)\.[a-z_.]+)"', text))
    made = {
        "period": "today yesterday month range",
        "filter": "number device name workstation",
        "column": "began ended who device addresses method workstation made by why since until before after reason",
        "format": "csv xlsx pdf jsonl",
        "language": "kk ru en",
        "clock": "start jump trusted lost",
        "state": " ".join(State),
        "stopped": " ".join(Why),
        "wrong": "period number device name workstation",
    }
    used |= {f"journal.{kind}.{name}" for kind, names in made.items() for name in names.split()}
    used |= {f"verdict.{key}" for key in re.findall(r'", "([a-z_]+)"\),\n', (folder / "findings.py").read_text())}
    kept = {message.id if isinstance(message.id, str) else message.id[0] for message in catalogue("console", language)}
    said = {key for key in kept if key.startswith(("journal.", "verdict."))}
    assert said == {key for key in used if not key.endswith((".", ".html", ".db"))}
