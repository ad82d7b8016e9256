"""The integrator's page keeps its word: its table is the metrics', and each example is asked and answered so."""

from __future__ import annotations

import io
import json
import re
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from werkzeug.test import TestResponse

from appliance.staff.tokens import Scope
from appliance.steward.wire import Examination, Examine, Examined, LightName
from appliance.wire import Done, EndVisit, LiveVisit, Phase
from appliance.wire_console import FindVisits, FoundVisits, LookAtVenue, VenueNow
from appliance.wire_desk import ListVouchers, MadeVouchers, MakeVouchers, VoidVouchers, VoucherBatch, Vouchers
from appliance.wire_journal import SignExtract
from portal.console.metric_names import METRICS
from portal.console.operations import OPERATIONS
from portal.console.problems import API
from tests.edge.portal.console.journal_venue import JournalVenue, journal_venue, visit
from tests.lab.run import ROOT

PAGE = (ROOT / "docs" / "integrator.md").read_text()
ANYTHING = "…"
ITS_EXTRACT = "4bf92f3577b34da6"
NOW_MS = 1_795_338_000_000
LIVE = LiveVisit("v1", "02:00:00:00:00:0a", "+77011234567", Phase.ONLINE, ("10.77.0.10",), NOW_MS, None, 1200, 56000)
BATCH = VoucherBatch("b1", "Conference", 2, 0, 86400, 0, NOW_MS + 7 * 86_400_000, False)


@pytest.fixture
def venue(tmp_path: Path) -> Iterator[JournalVenue]:
    with journal_venue(tmp_path, *(visit(f"v{n}", 60 + n) for n in range(3))) as made:
        findings = tuple(Examination(True, "well", "", light) for light in LightName)
        made.made.steward.answers[Examine] = lambda _: Examined(findings, NOW_MS)
        made.made.gate.answers |= {
            LookAtVenue: lambda _: VenueNow(3, 1, 0),
            FindVisits: lambda _: FoundVisits(1, (LIVE,)),
            EndVisit: lambda _: Done(),
            MakeVouchers: lambda _: MadeVouchers("b1", ("K7MQ4T2X9FA", "P3WD8H6N2RC")),
            ListVouchers: lambda _: Vouchers((BATCH,)),
            VoidVouchers: lambda _: Done(),
        }
        yield made


def examples() -> list[tuple[str, str, Any, int, Any]]:
    """Each request with what came of it: method, path, body, status, body."""
    found = []
    for block in re.findall(r"^```http\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL):
        line, *body, answer = block.strip().split("\n\n")
        method, path = line.split()
        status, _, said = answer.partition(" ")
        found.append((method, path, json.loads(body[0]) if body else None, int(status), json.loads(said or "null")))
    return found


def alike(told: Any, promised: Any) -> bool:
    """Whether this is what the page promises."""
    if isinstance(promised, dict):
        return (
            isinstance(told, dict)
            and told.keys() == promised.keys()
            and all(map(alike, told.values(), _in(told, promised)))
        )
    return promised in (ANYTHING, told)


def _in(order: dict[str, Any], values: dict[str, Any]) -> list[Any]:
    return [values[key] for key in order]


class Program:
    """Whoever follows the page from top to bottom."""

    def __init__(self, venue: JournalVenue, label: str = "the page") -> None:
        self._client = venue.made.as_role(None)
        secret = venue.made.site.office.tokens.make(label, set(Scope), "owner")
        self._headers = {"Authorization": f"Bearer {secret}"}
        self._extract = ITS_EXTRACT

    def ask(self, method: str, path: str, body: Any = None) -> TestResponse:
        path = path.replace(ITS_EXTRACT, self._extract)
        answer = self._client.open(path, method=method, json=body, headers=self._headers)
        if answer.status_code == 202:
            self._extract = answer.headers["Location"].rpartition("/")[2]
            for job in [each for each in threading.enumerate() if each.name == f"job {self._extract}"]:
                job.join(60)
        return answer


def test_every_example_is_answered_so(venue: JournalVenue) -> None:
    program = Program(venue)
    for method, path, body, status, promised in examples():
        with program.ask(method, path, body) as answer:
            case = f"{method} {path}: {answer.status_code} {answer.data[:500]!r}"
            assert answer.status_code == status, case
            assert promised is None or alike(answer.get_json(force=True), promised), case


def test_there_is_an_example_of_every_operation_but_the_figures_and_the_description() -> None:
    asked = {f"{method} {path.partition('?')[0]}" for method, path, _, _, _ in examples()}
    for operation in OPERATIONS.values():
        if operation.name not in ("metrics", "openapi"):
            pattern = re.sub(r"<\w+>", "[^/]+", f"{operation.method} {operation.path}")
            assert any(re.fullmatch(pattern, each) for each in asked), operation.name


def test_an_answer_that_is_another_would_be_seen() -> None:
    assert alike({"a": 1, "b": [2]}, {"b": "…", "a": 1})
    assert not alike({"a": 1}, {"a": 2}) and not alike({"a": 1, "b": 2}, {"a": 1}) and not alike([1], {"a": 1})


def test_the_table_has_every_metric_as_it_is() -> None:
    rows = re.findall(r"^\| `(qaqpa_\w+)` \| (\w+) \| (.*) \| (.+) \|$", PAGE, re.MULTILINE)
    labelled = [(name, kind, tuple(re.findall(r"`(\w+)`", labels)), says) for name, kind, labels, says in rows]
    assert labelled == [(each.name, each.kind.value, each.labels, each.says) for each in METRICS.values()]


def test_an_extract_is_its_tokens_alone_recorded_and_whole(venue: JournalVenue) -> None:
    program, other = Program(venue, "reports"), Program(venue, "other")
    ordered = program.ask("POST", f"{API}/extracts", {"why": "report", "since": "2026-11-22", "formats": ["csv"]})
    path = ordered.headers["Location"]
    (signed,) = venue.asked(SignExtract)
    assert isinstance(signed, SignExtract) and (signed.by, signed.why) == ("token:reports", "report")
    with program.ask("GET", f"{path}/download") as answer:
        assert answer.headers["Content-Disposition"].startswith("attachment; filename=qaqpa-")
        names = ZipFile(io.BytesIO(answer.data)).namelist()
    assert {"visits.csv", "manifest.json"} <= set(names) and "visits.xlsx" not in names
    for nobodys in (path, f"{path}/download", f"{API}/extracts/x"):
        assert other.ask("GET", nobodys).get_json(force=True)["reason"] == "no_such_extract"


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"since": "2026-11-22", "until": "2026-11-20"}, "period"),
        ({"since": "2026-13-01"}, "period"),
        ({"number": "12"}, "number"),
        ({"device": "x"}, "device"),
    ],
)
def test_an_order_that_cannot_be_is_refused(venue: JournalVenue, more: dict[str, str], field: str) -> None:
    answer = Program(venue).ask("POST", f"{API}/extracts", {"why": "report", **more})
    assert (answer.status_code, answer.get_json(force=True)["field"]) == (422, field)
    assert list((venue.made.site.home / "extracts").iterdir()) == []
