"""What SMS cost and how they went, from a real journal file: whose day it is, whose month, and at which price."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from appliance.config import Config, parse
from appliance.costs import Carried, Period, carried, sentence, tenge
from journal.entries import Entry, PasswordDelivered, PasswordSent, PasswordUndelivered, Stamp
from journal.errors import JournalUnavailable
from journal.store import Store

ABOUT = ("02:00:00:00:00:01", "+77011234567")
NOW = datetime(2026, 11, 15, 3, 0, tzinfo=UTC)  # eight in the morning in Almaty


def at(text: str, entry: Entry) -> tuple[Stamp, Entry]:
    """Recorded then, in UTC."""
    return Stamp(int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000), "boot", 0), entry


def sent(message: str, provider: str = "dear", parts: int = 1) -> PasswordSent:
    return PasswordSent(*ABOUT, message, "s", provider, parts)


@pytest.fixture
def config() -> Config:
    tables = (f'[[sms.provider]]\nname = "{name}"\nprice = {price}\n' for name, price in (("dear", 20), ("free", 0)))
    return parse("".join(tables), "q.toml")


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    path = tmp_path / "journal.db"
    store = Store.open(path)
    store.append([
        at("2026-10-31T18:59:59", sent("october")),  # a second before November in Almaty
        at("2026-10-31T19:00:00", sent("first", parts=2)),
        at("2026-10-31T19:00:01", PasswordDelivered(*ABOUT, "october", 2000)),
        at("2026-11-03T10:00:00", sent("failed")),
        at("2026-11-03T10:05:00", PasswordUndelivered(*ABOUT, "failed", "undeliverable")),
        at("2026-11-14T18:59:59", sent("yesterday")),
        at("2026-11-14T19:00:03", PasswordDelivered(*ABOUT, "yesterday", 4000)),
        at("2026-11-14T19:00:00", sent("today")),
        at("2026-11-14T19:00:09", PasswordDelivered(*ABOUT, "today", 9000)),
        at("2026-11-15T02:00:00", sent("late", "free")),
        at("2026-11-15T02:05:00", PasswordUndelivered(*ABOUT, "late", "expired")),
        at("2026-11-15T02:06:00", PasswordDelivered(*ABOUT, "late", 360_000)),  # the phone was switched on after all
        at("2026-11-15T02:07:00", PasswordUndelivered(*ABOUT, "never sent", "0x0b invalid destination")),
    ])  # fmt: skip
    store.close()
    return path


def test_days_and_months_are_the_venues_and_a_receipt_counts_for_its_sms(config: Config, journal: Path) -> None:
    late = Period(1, 1, 0, 1, None, 360_000, 360_000)
    assert carried(config, journal, NOW) == (
        Carried("dear", Period(1, 1, 0, 1, 20.0, 9000, 9000), Period(4, 2, 1, 5, 100.0, 4000, 9000)),
        Carried("free", late, late),
    )


def test_the_month_has_cost_what_is_known_of_prices(config: Config, journal: Path) -> None:
    assert tenge(carried(config, journal, NOW)) == 100.0
    assert tenge(carried(Config(), journal, NOW)) is None


def test_a_sentence_of_it() -> None:
    assert sentence(Period()) == "sent 0, delivered 0, failed 0; 0 parts"
    told = sentence(Period(1200, 1100, 20, 1300, 26_000.0, 2500, 11_000))
    assert told == (
        "sent 1,200, delivered 1,100 (92%), failed 20; 1,300 parts, 26,000.00 tenge; half arrived within 2.5 s, "
        "95 % within 11.0 s"
    )


def test_without_a_journal_it_is_said(config: Config, tmp_path: Path) -> None:
    with pytest.raises(JournalUnavailable):
        carried(config, tmp_path / "none.db", NOW)
