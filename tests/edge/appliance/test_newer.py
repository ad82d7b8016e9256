"""Each store as a later Qaqpa might leave it: this version says so, and leaves every byte as it is."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from sqlite_utils import Database

from appliance import console_checks, kept
from appliance.staff.errors import StaffFileNewer
from appliance.staff.kept import FORM
from appliance.staff.roles import StaffRole
from appliance.state import Terms
from journal import checks, layout, seal
from journal.database import reading
from journal.entries import GateStarted
from journal.errors import JournalNewer
from journal.index import Indexer, beside
from journal.migrations import steps
from journal.salvage import open_or_begin
from journal.store import Store
from tests.edge.journal.samples import at
from tests.support.console import OURS, console
from tests.support.offices import PASSWORD, office

NOW = datetime(2026, 11, 22, tzinfo=UTC)


@pytest.fixture
def newer(tmp_path: Path) -> Path:
    """A journal to which a later version has added a step, and a column that this one knows nothing of."""
    path = tmp_path / "gate" / "journal.db"
    path.parent.mkdir()
    store = Store.open(path)
    store.append([(at(0), GateStarted("9.0.0", 0, 0))], {"device/02:00:00:00:00:01": b"{}"})
    store.close()
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("INSERT INTO _sqlite_migrations VALUES (99, 'journal', 'holograms', '')")
        connection.execute("ALTER TABLE entries ADD COLUMN hologram BLOB")
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode = DELETE")  # which it could have reasons for
    return path


def bytes_of(folder: Path) -> dict[str, bytes]:
    """Everything that says anything: the lock's file and an empty log do not, nor do readers' marks (``-shm``)."""
    found = {path.name: path.read_bytes() for path in folder.iterdir() if not path.name.endswith("-shm")}
    return {name: content for name, content in found.items() if content}


@pytest.mark.parametrize(
    "touch",
    [
        Store.open,
        lambda path: open_or_begin(path, NOW),
        seal.verify,
        lambda path: reading(path).__enter__(),
    ],
    ids=["the gate", "after damage", "verifying", "reading"],
)
def test_a_newer_journal_is_left_as_it_is_whoever_comes(newer: Path, touch: Callable[[Path], object]) -> None:
    before = bytes_of(newer.parent)
    with pytest.raises(JournalNewer, match=r"newer Qaqpa \(holograms\).*installed again"):
        touch(newer)
    assert bytes_of(newer.parent) == before


def test_a_newer_journal_that_is_damaged_too_is_not_set_aside(newer: Path) -> None:
    whole = newer.read_bytes()
    newer.write_bytes(whole[:-4096] + b"\xaa" * 4096)
    before = bytes_of(newer.parent)
    with pytest.raises(JournalNewer):
        open_or_begin(newer, NOW)
    assert bytes_of(newer.parent) == before


def test_the_doctor_says_so_of_the_journal(newer: Path) -> None:
    told = [found.what for found in checks.findings(newer) if not found.ok]
    assert len(told) == 1 and "newer Qaqpa" in told[0]


def test_every_step_is_known_by_its_name() -> None:
    with closing(Database(memory=True, execute_plugins=False)) as blank:
        assert tuple(step.name for step in steps.pending(blank)) == layout.STEPS


def test_a_newer_index_is_made_anew(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    store = Store.open(path)
    store.append([(at(0), GateStarted("9.0.0", 0, 0))])
    store.close()
    for layout_kept in (b"99", None):
        if layout_kept:
            indexer = Indexer(path)
            while indexer.step():
                pass
            indexer.close()
            with closing(sqlite3.connect(beside(path))) as connection, connection:
                connection.execute("UPDATE state SET value = ? WHERE name = 'layout'", (layout_kept,))
        indexer = Indexer(path)
        while indexer.step():
            pass
        indexer.close()
        with closing(sqlite3.connect(beside(path))) as connection:
            (told,) = connection.execute("SELECT value FROM state WHERE name = 'layout'").fetchone()
        assert told != b"99"


NAMES = ("staff.json", "sessions.json", "tokens.json", "claim")


@pytest.mark.parametrize("name", NAMES)
def test_a_newer_file_of_the_office_is_named_and_left(tmp_path: Path, name: str) -> None:
    opened = office(tmp_path, "owner").office
    path = tmp_path / name
    path.write_text(json.dumps({"form": FORM + 1, "accounts": {}, "holograms": [1]}))
    before = path.read_bytes()
    touch: dict[str, Callable[[], object]] = {
        "staff.json": lambda: opened.accounts.make("new", "New", StaffRole.OWNER, PASSWORD),
        "sessions.json": lambda: opened.sessions.begin("owner"),
        "tokens.json": opened.tokens.all,
        "claim": opened.claim._file.read,
    }
    with pytest.raises(StaffFileNewer, match=f"{name} was written by a newer Qaqpa"):
        touch[name]()
    assert path.read_bytes() == before


def test_what_is_written_says_its_form_and_what_was_written_before_is_read(tmp_path: Path) -> None:
    office(tmp_path, "owner")
    told = json.loads((tmp_path / "staff.json").read_text())
    assert told.pop("form") == FORM
    (tmp_path / "staff.json").write_text(json.dumps(told))
    assert [each.login for each in office(tmp_path).office.accounts.all()] == ["owner"]


def test_the_console_says_why_nobody_can_sign_in_and_so_does_the_doctor(tmp_path: Path) -> None:
    made = console(tmp_path)
    made.site.office.accounts.make("owner", "Owner", StaffRole.OWNER, PASSWORD)
    path = tmp_path / "console" / "staff.json"
    path.write_text('{"form": 99}')
    nobody, typed = made.as_role(None), {"login": "owner", "password": PASSWORD}
    for answer in (nobody.get("/sign-in?lang=en"), nobody.post("/sign-in?lang=en", data=typed, headers=OURS)):
        assert answer.status_code == 503 and "install the newer version again" in answer.text
    config = msgspec.structs.replace(
        made.site.config, console=msgspec.structs.replace(made.site.config.console, interface="mgmt0")
    )
    assert any(not each.ok and "newer Qaqpa" in each.what for each in console_checks.findings(config, 0.0))


def test_a_working_state_that_cannot_be_read_is_no_session() -> None:
    with pytest.raises(msgspec.ValidationError):
        kept.restore(Terms(), {"device/02:00:00:00:00:01": b'{"state":"hologram"}'})
