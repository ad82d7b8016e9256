"""The landing page in whatever state the venue is, in three languages; who may see it."""

from __future__ import annotations

import re
from datetime import timedelta
from functools import partial
from pathlib import Path

import msgspec
import pytest

from appliance import wire
from appliance.config import Config
from appliance.staff.roles import StaffRole
from appliance.steward.wire import Examination, Examine, Examined, LightName
from appliance.wire import Language, Trouble
from appliance.wire_console import LookAtVenue, VenueNow
from journal.entries import Entry, PasswordAsked, PasswordDelivered, PasswordSent, Stamp, VisitBegan, VisitEnded
from journal.store import Store
from portal.console.today import Gap
from portal.words import words
from tests.support.console import NOW, Made, console

PHONE, NUMBER = "02:00:00:00:00:01", "+77011234567"
NOW_MS = int(NOW.timestamp() * 1000)
FINE = tuple(Examination(True, "fine", "", name) for name in LightName if name is not LightName.CERTIFICATE)
LANGUAGES = pytest.mark.parametrize("language", Language)


@pytest.fixture
def made(tmp_path: Path) -> Made:
    """All is well."""
    built = console(tmp_path)
    built.gate.answers[LookAtVenue] = lambda _: VenueNow(37, 2, 5)
    built.gate.answers[wire.LookAtSpending] = lambda _: wire.Spending(412, 9120, 500, 300, 100, 80, False, ())
    built.steward.answers[Examine] = lambda _: Examined(FINE, 0)
    record(built, began("v1", -20), began("v2", -90), (stamp(-10), VisitEnded("v2", PHONE, NOW_MS - 600_000, "port")))
    return built


def stamp(minutes: int) -> Stamp:
    return Stamp(NOW_MS + minutes * 60_000, "b", 10**9 + minutes * 60_000)


def began(visit: str, minutes: int) -> tuple[Stamp, Entry]:
    return stamp(minutes), VisitBegan(visit, PHONE, (), NUMBER, "sms")


def record(made: Made, *lines: tuple[Stamp, Entry]) -> None:
    """Write to the console's journal."""
    made.site.journal.parent.mkdir(parents=True, exist_ok=True)
    store = Store.open(made.site.journal)
    try:
        store.append(lines)
    finally:
        store.close()


def page(made: Made, language: Language = Language.ENGLISH, path: str = "/today") -> str:
    """The page's text with blanks as they are read."""
    made.sessions.language = language.value
    answer = made.as_role(StaffRole.OWNER).get(path)
    assert answer.status_code == 200
    return answer.text.replace("\u00a0", " ").replace("\u202f", " ")


def said(language: Language, key: str, **filled: object) -> str:
    """A sentence as it stands on the page."""
    return words("console", language).say(key, **filled).replace("\u00a0", " ").replace("'", "&#39;")


@pytest.mark.parametrize(
    ("role", "leads_to"),
    [
        (StaffRole.OWNER, "/today"),
        (StaffRole.DESK, "/today"),
        (StaffRole.INSPECTOR, "/journal"),
        (None, "/sign-in?next=/"),
    ],
)
def test_everybody_begins_where_their_work_is(made: Made, role: StaffRole | None, leads_to: str) -> None:
    answer = made.as_role(role).get("/")
    assert (answer.status_code, answer.headers["Location"]) == (303, leads_to)


@pytest.mark.parametrize("path", ["/today", "/today/part"])
def test_the_page_is_for_owner_and_desk(made: Made, path: str) -> None:
    statuses = [made.as_role(role).get(path).status_code for role in (*StaffRole, None)]
    assert statuses == [200, 200, 403, 303]


@LANGUAGES
def test_all_works(made: Made, language: Language) -> None:
    text = page(made, language)
    assert words("console", language).count("today.verdict.works", 37).replace("\u00a0", " ") in text
    assert text.count("light-works") == 7
    assert said(language, "today.certificate.unused") in text
    assert "problem" not in text.replace('class="problem" id="today-stale" hidden', "")


@LANGUAGES
def test_the_gate_is_gone(made: Made, language: Language) -> None:
    made.gate.answers.clear()
    text = page(made, language)
    assert said(language, "today.verdict.no_gate") in text
    assert said(language, "today.gate.broken") in text
    assert said(language, "today.now.unknown") in text
    assert said(language, "today.spending.unknown") in text
    assert 'id="plot-online-title"' in text  # the journal still tells of the day
    assert [type(each) for each in made.gate.asked] == [LookAtVenue]  # who hangs is waited for once


@LANGUAGES
def test_an_older_gate_does_not_know_the_question(made: Made, language: Language) -> None:
    made.gate.answers[LookAtVenue] = lambda _: wire.Refused(wire.Refusal.BAD_REQUEST)
    assert said(language, "today.verdict.blind") in page(made, language)


@LANGUAGES
def test_no_provider_answers(made: Made, language: Language) -> None:
    made.gate.answers[LookAtVenue] = lambda _: VenueNow(3, 0, 0, (Trouble.SMS,))
    text = page(made, language)
    assert said(language, "today.verdict.no_sms") in text
    assert text.index("light-broken") < text.index("light-works")
    assert said(language, "today.sms.broken") in text


@LANGUAGES
def test_the_steward_is_gone(made: Made, language: Language) -> None:
    made.steward.answers.clear()
    text = page(made, language)
    assert words("console", language).count("today.verdict.unsure", 37).replace("\u00a0", " ") in text
    assert text.count("light-unknown") == 4
    assert said(language, "today.unknown") in text


@LANGUAGES
@pytest.mark.parametrize("gap", [Gap.MISSING, Gap.DAMAGED, Gap.UNREADABLE])
def test_the_journal_is_gone_or_damaged(made: Made, language: Language, gap: Gap) -> None:
    journal = made.site.journal
    journal.unlink()
    if gap is Gap.DAMAGED:
        journal.write_bytes(b"no database, and long enough to be seen as none" * 200)
    elif gap is Gap.UNREADABLE:
        journal.mkdir()
    text = page(made, language)
    assert said(language, f"today.journal.{gap}") in text
    assert "plot-online" not in text
    assert words("console", language).count("today.verdict.works", 37).replace("\u00a0", " ") in text


@LANGUAGES
def test_what_was_found_is_told_and_cannot_be_markup(made: Made, language: Language) -> None:
    found = (*FINE, Examination(False, "<b>93 % full</b>", "make <room>", LightName.DISK))
    made.steward.answers[Examine] = lambda _: Examined(found, 0)
    text = page(made, language)
    assert said(language, "today.disk.look") in text
    assert "&lt;b&gt;93 % full&lt;/b&gt;" in text and "make &lt;room&gt;" in text


def test_the_day_in_numbers(made: Made) -> None:
    sms: list[tuple[Stamp, Entry]] = [(stamp(-30), PasswordAsked(PHONE, NUMBER, f"m{at}")) for at in range(7)]
    sms += [(stamp(-30), PasswordSent(PHONE, NUMBER, f"m{at}", "s")) for at in range(6)]
    sms += [(stamp(-29), PasswordDelivered(PHONE, NUMBER, f"m{at}", 1_500 * (at + 1))) for at in range(5)]
    record(made, *sms)
    text = page(made)
    for key, count in (("asked", 7), ("sent", 6), ("delivered", 5), ("entered", 2), ("undelivered", 0)):
        label = said(Language.ENGLISH, f"today.passwords.{key}")
        assert f"<dt>{label}</dt><dd>{count}</dd>" in text
    assert "Half arrive within 4.5 s, 95 of 100 within 7.5 s." in text
    assert re.search(r"Cable unplugged</th><td class=\"number\">1<", text)
    assert re.search(r"Password by SMS</th><td class=\"number\">2<", text)
    # 37 and 2 away by the gate, of whom one came today: 38 from yesterday, and one who came and went.
    assert "At the most 40, at 13:50; now 39." in text


def test_a_proof_without_a_word_is_shown_as_it_is(made: Made) -> None:
    record(made, began("v9", -5), (stamp(-4), VisitEnded("v9", PHONE, NOW_MS - 240_000, "sixth <sense>")))
    assert "sixth &lt;sense&gt;</th>" in page(made)


def test_at_midnight_the_plots_begin_anew(made: Made) -> None:
    midnight = NOW.astimezone(made.site.config.venue.zone).replace(hour=0, minute=0, second=0)
    for now, rows in ((midnight - timedelta(seconds=1), 24), (midnight, 1)):
        other = console(made.site.home.parent / f"{rows}", made.site.config)
        other.gate.answers, other.steward.answers = made.gate.answers, made.steward.answers
        object.__setattr__(other.site, "now", lambda now=now: now)
        record(other, (stamp(0), PasswordAsked(PHONE, NUMBER, "m")))
        table = re.search(r'id="online-wide".*?</table>', page(other), re.DOTALL)
        assert table is not None
        assert table[0].count("<tr>") == rows + 1


def test_a_zone_with_other_midnights(tmp_path: Path, made: Made) -> None:
    venue = msgspec.structs.replace(Config().venue, timezone="Asia/Tokyo")
    other = console(tmp_path / "tokyo", msgspec.structs.replace(Config(), venue=venue))
    other.gate.answers, other.steward.answers = made.gate.answers, made.steward.answers
    record(other, began("v1", -60 * 17))
    assert "As of 18:00." in page(other)
    assert 'id="today-admissions-head"' in page(other)


def test_without_scripts_the_page_comes_again_and_not_for_ever(made: Made) -> None:
    assert '<noscript><meta http-equiv="refresh" content="60; url=/today?again=1">' in page(made)
    assert "again=15" in page(made, path="/today?again=14")
    for path in ("/today?again=15", "/today?again=-9"):
        assert "http-equiv" not in page(made, path=path)


def test_the_part_is_the_pages_own(made: Made) -> None:
    whole, part = page(made), page(made, path="/today/part")
    assert part.strip() in whole
    assert "<html" not in part
    assert 'data-part="/today/part?lang=ru"' in page(made, path="/today?lang=ru")


def test_an_owner_who_interrupted_the_wizard_finds_back_to_it(made: Made) -> None:
    for venue, role, there in (
        (VenueNow(0, 0, 0, (Trouble.CLOSED,), is_open=False), StaffRole.OWNER, True),
        (VenueNow(0, 0, 0, (Trouble.CLOSED,), is_open=False), StaffRole.DESK, False),
        (VenueNow(0, 0, 0), StaffRole.OWNER, False),
    ):
        made.gate.answers[LookAtVenue] = partial(lambda told, _: told, venue)
        page = made.as_role(role).get("/today").get_data(as_text=True)
        assert ('href="/setup"' in page) is there
