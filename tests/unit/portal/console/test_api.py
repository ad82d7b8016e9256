"""The JSON interface: its description, what it takes and refuses, and what it shows of persons."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from appliance.staff.tokens import Scope
from appliance.wire import Done, EndVisit, LiveVisit, Phase, Refusal, Refused
from appliance.wire_console import FindVisits, FoundVisits, NoteStaff, VisitSort
from appliance.wire_desk import DeskRefusal, DeskRefused, MadeVouchers, MakeVouchers, VoidVouchers
from appliance.wire_journal import NoteLook
from portal.console.openapi import description
from portal.console.operations import OPERATIONS
from tests.support.console import Made, console
from tests.unit.portal.console.test_bearers import token, told

DEVICE = "02:00:00:00:00:0a"
VISIT = LiveVisit(
    "v1", DEVICE, "+77011234567", Phase.AWAY, ("10.77.0.10",), 1_795_338_000_000, 1_795_338_060_500, 10, 20
)
ORDER = {"label": "July", "count": 2}


@pytest.fixture
def made(tmp_path: Path) -> Made:
    built = console(tmp_path)
    built.gate.answers |= {
        FindVisits: lambda _: FoundVisits(31, (VISIT,)),
        NoteLook: lambda _: Done(),
        EndVisit: lambda _: Done(),
        MakeVouchers: lambda _: MadeVouchers("b1", ("ABCDE123456",)),
        VoidVouchers: lambda _: Done(),
    }
    return built


def test_the_description_is_an_openapi_3_1() -> None:
    OpenAPIV31SpecValidator(description("1.0")).validate()


def test_the_description_has_every_route_for_programs_and_nothing_else(made: Made) -> None:
    answer = made.as_role(None).get("/api/v1/openapi.json")
    described = {
        (method.upper(), path): operation.get("security")
        for path, methods in answer.get_json()["paths"].items()
        for method, operation in methods.items()
    }
    routes = [
        route
        for route in made.app.extensions["qaqpa-routes"].all
        if route.token or route.path.startswith(("/api/", "/metrics"))
    ]
    served = {
        (route.method, re.sub(r"<(\w+)>", r"{\1}", route.path)): [{"token": [route.token]}] if route.token else []
        for route in routes
    }
    assert described == served
    assert len(served) == len(OPERATIONS) >= 11


def test_every_schema_is_used_and_every_reference_leads_somewhere() -> None:
    whole = description("1.0")
    schemas = whole["components"]["schemas"].keys()
    assert set(re.findall(r"#/components/schemas/([\w.]+)", str(whole))) == set(schemas)
    assert all(name.isalpha() for name in schemas), "no module's name"
    assert "Z$" not in str(whole) and r"\\Z" not in str(whole)


def test_visits_are_masked_unless_the_look_is_recorded(made: Made) -> None:
    client, headers = made.as_role(None), token(made, Scope.VISITS)
    answer = client.get("/api/v1/visits?query=02:00&sort=used&descending=false&offset=5&limit=7", headers=headers)
    assert answer.get_json() == {
        "total": 31,
        "visits": [
            {
                "visit": "v1",
                "device": DEVICE,
                "number": "+7701•••••67",
                "method": "sms",
                "phase": "away",
                "addresses": ["10.77.0.10"],
                "began": "2026-11-22T09:00:00Z",
                "left": "2026-11-22T09:01:00.500000Z",
                "up_bytes": 10,
                "down_bytes": 20,
            }
        ],
    }
    assert made.gate.asked == [FindVisits("02:00", VisitSort.USED, False, 5, 7)]

    made.gate.asked.clear()
    whole = client.get("/api/v1/visits?whole=true&query=77", headers=headers)
    assert whole.get_json()["visits"][0]["number"] == "+77011234567"
    assert made.gate.asked[0] == NoteLook("token:till", "live visits from 1, '77'")

    made.gate.answers[NoteLook] = lambda _: Refused(Refusal.JOURNAL_UNAVAILABLE)
    refused = client.get("/api/v1/visits?whole=true", headers=headers)
    assert told(refused, 503)["reason"] == "journal_unavailable"
    assert "1234567" not in refused.text


@pytest.mark.parametrize(
    ("query", "status", "reason"),
    [
        ("limit=0", 422, "not_valid"),
        ("limit=201", 422, "not_valid"),
        ("offset=-1", 422, "not_valid"),
        ("limit=x", 422, "not_valid"),
        ("sort=age", 422, "not_valid"),
        ("whole=perhaps", 422, "not_valid"),
        ("masked=false", 422, "not_valid"),
        (f"query={'7' * 65}", 422, "not_valid"),
        ("limit=1&limit=2", 400, "twice"),
    ],
)
def test_parameters_are_judged(made: Made, query: str, status: int, reason: str) -> None:
    answer = made.as_role(None).get(f"/api/v1/visits?{query}", headers=token(made, Scope.VISITS))
    assert told(answer, status)["reason"] == reason
    assert made.gate.asked == []


@pytest.mark.parametrize(
    ("body", "media", "status", "reason"),
    [
        (b'{"label":"a","count":1}', "text/plain", 415, "not_json"),
        (b"{", "application/json", 400, "not_json"),
        (b"\xff", "application/json", 400, "not_json"),
        (b"[]", "application/json", 422, "not_valid"),
        (b'{"label":"a"}', "application/json", 422, "not_valid"),
        (b'{"label":"","count":1}', "application/json", 422, "not_valid"),
        (b'{"label":"a","count":501}', "application/json", 422, "not_valid"),
        (b'{"label":"a","count":"1"}', "application/json", 422, "not_valid"),
        (b'{"label":"a","count":1,"staff":"owner"}', "application/json", 422, "not_valid"),
    ],
)
def test_bodies_are_judged(made: Made, body: bytes, media: str, status: int, reason: str) -> None:
    headers = {**token(made, Scope.VOUCHERS), "Content-Type": media}
    answer = made.as_role(None).post("/api/v1/vouchers", data=body, headers=headers)
    assert told(answer, status)["reason"] == reason
    assert [type(each) for each in made.gate.asked] == [NoteStaff], "that somebody tried is recorded, and no more"


def test_vouchers_are_made_in_the_tokens_name(made: Made) -> None:
    order = {**ORDER, "max_s": 3600, "quota_mb": 5, "valid_days": 3}
    answer = made.as_role(None).post("/api/v1/vouchers", json=order, headers=token(made, Scope.VOUCHERS))
    assert (answer.status_code, answer.get_json()) == (201, {"batch": "b1", "codes": ["ABCD-E123-456"]})
    assert made.gate.asked[1] == MakeVouchers("token:till", label="July", count=2, max_s=3600, quota_mb=5, valid_days=3)


def test_a_visit_is_ended_in_the_tokens_name(made: Made) -> None:
    client, headers = made.as_role(None), token(made, Scope.VISITS)
    assert client.post(f"/api/v1/visits/{DEVICE.upper()}/end", headers=headers).status_code == 204
    assert made.gate.asked[1] == EndVisit(DEVICE, "token:till")
    assert told(client.post("/api/v1/visits/somebody/end", headers=headers), 422)["field"] == "device"


@pytest.mark.parametrize(
    ("reply", "status", "reason"),
    [
        (Refused(Refusal.NO_SUCH_VISIT), 404, "no_such_visit"),
        (Refused(Refusal.JOURNAL_UNAVAILABLE), 503, "journal_unavailable"),
        (Refused(Refusal.TOO_SOON, retry_in_s=7), 429, "too_soon"),
        (Refused(Refusal.FORBIDDEN), 422, "forbidden"),
        (DeskRefused(DeskRefusal.NO_SUCH_BATCH), 404, "no_such_batch"),
        (FoundVisits(0), 503, "gate_silent"),
    ],
)
def test_what_the_gate_refuses_is_told_by_its_word(made: Made, reply: Any, status: int, reason: str) -> None:
    made.gate.answers[EndVisit] = lambda _: reply
    answer = made.as_role(None).post(f"/api/v1/visits/{DEVICE}/end", headers=token(made, Scope.VISITS))
    problem = told(answer, status)
    assert problem["reason"] == reason
    assert problem.get("retry_in_s", 0) == (7 if status == 429 else 0)
