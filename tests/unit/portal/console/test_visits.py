"""Live visits, one visit's story, ending it, and who is kept out; the journal is written by the real store."""

from __future__ import annotations

from pathlib import Path

import pytest
from werkzeug.test import TestResponse

from appliance.staff.roles import StaffRole
from appliance.wire import EndVisit, Language, Phase, Refusal, Refused
from appliance.wire_console import Block, FindVisits, HeldBlock, ListBlocks, Unblock, VisitSort
from appliance.wire_journal import NoteLook
from journal.entries import (
    AddressClaimed,
    Entry,
    PasswordUndelivered,
    PasswordWrong,
    Stamp,
    VisitBegan,
    VisitorIdentified,
    VoucherRedeemed,
)
from portal.console.searches import A_MINUTE
from tests.edge.journal.samples import NUMBER, PHONE, at, stay, used, write
from tests.support.console import OURS, Made, form
from tests.unit.portal.console.staffed import NOW_MS, Counter, counter, live

MASKED = "+7701•••••67"
HOSTILE = "<script>alert(1)</script>\u202e"


@pytest.fixture
def desk(tmp_path: Path) -> tuple[Made, Counter]:
    made, gate = counter(tmp_path)
    made.site.journal.parent.mkdir()
    return made, gate


def post(made: Made, path: str, **fields: str) -> TestResponse:
    return made.as_role(StaffRole.DESK).post(path, data=form(**fields), headers=OURS)


def get(made: Made, path: str) -> str:
    return made.as_role(StaffRole.DESK).get(path).get_data(as_text=True)


# ── the list ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_live_visits_are_listed_with_their_numbers_masked(desk: tuple[Made, Counter]) -> None:
    made, gate = desk
    gate.visits = [live(1), live(2, number="", method="document", phase=Phase.AWAY)]
    page = get(made, "/visits").replace("\u00a0", " ")
    assert MASKED in page and NUMBER not in page
    assert "no number" in page and "identity document" in page
    for told in ("25 MB", "1 h 1 min", "12:59", "2 visits", 'href="/visits/v1"', "away"):
        assert told in page, told
    assert gate.heard(NoteLook) == []


def test_whole_numbers_are_recorded_before_they_are_shown(desk: tuple[Made, Counter]) -> None:
    made, gate = desk
    gate.visits = [live(1)]
    page = post(made, "/visits", whole="1", query="701").get_data(as_text=True)
    assert NUMBER in page and "It is recorded" in page
    asked = FindVisits("701", by_part=True)
    assert gate.asked[-2:] == [NoteLook(by="desk", what="live visits from 1, '701'"), asked]
    gate.refusal = Refused(Refusal.JOURNAL_UNAVAILABLE)
    refused = post(made, "/visits", whole="1")
    assert NUMBER not in refused.get_data(as_text=True) and refused.status_code == 422
    assert gate.asked[-1] == NoteLook(by="desk", what="live visits from 1")


def test_who_looks_for_a_number_has_that_recorded_first(desk: tuple[Made, Counter]) -> None:
    made, gate = desk
    gate.visits = [live(1)]
    page = post(made, "/visits", query="8 701 123 45 67").get_data(as_text=True)
    assert "It is recorded that you looked for this number" in page and "data-recorded" in page
    noted = NoteLook(by="desk", what="live visits by number, '8 701 123 45 67'")
    assert gate.asked[-2:] == [noted, FindVisits("8 701 123 45 67")]
    gate.refusal = Refused(Refusal.JOURNAL_UNAVAILABLE)
    assert MASKED not in post(made, "/visits", query=NUMBER).get_data(as_text=True)
    assert isinstance(gate.asked[-1], NoteLook), "what cannot be recorded is not looked for"


def test_numbers_are_not_tried_by_the_hundred(desk: tuple[Made, Counter]) -> None:
    made, gate = desk
    for place in range(A_MINUTE):
        assert post(made, "/visits", query=f"+770112345{place:02}").status_code == 200
    assert len(gate.heard(FindVisits)) == A_MINUTE
    page = post(made, "/visits", query=NUMBER)
    assert page.status_code == 422 and "enough searches" in page.get_data(as_text=True)
    assert len(gate.heard(FindVisits)) == A_MINUTE
    assert post(made, "/visits", query="10.77").status_code == 200, "an address is nobody's number"


@pytest.mark.parametrize(
    ("fields", "asked"),
    [
        ({}, FindVisits()),
        ({"query": " 701 "}, FindVisits("701")),
        ({"sort": "number up"}, FindVisits(sort=VisitSort.NUMBER, descending=False)),
        ({"order": "used down", "offset": "50"}, FindVisits(sort=VisitSort.USED, offset=50)),
        ({"order": "used down", "sort": "used up", "offset": "50"}, FindVisits(sort=VisitSort.USED, descending=False)),
        ({"query": "9", "searched": "8", "offset": "50"}, FindVisits("9")),
        ({"query": "x" * 1000, "sort": HOSTILE, "offset": "-1"}, FindVisits("x" * 64)),
        ({"offset": "99999999999999999999"}, FindVisits()),
        ({"offset": "٣"}, FindVisits()),
    ],
)
def test_what_the_form_asks_for(desk: tuple[Made, Counter], fields: dict[str, str], asked: FindVisits) -> None:
    made, gate = desk
    gate.visits = [live(place) for place in range(1, 121)]
    assert post(made, "/visits", **fields).status_code == 200
    assert gate.asked[0] == asked


def test_pages_lead_on_and_back(desk: tuple[Made, Counter]) -> None:
    made, gate = desk
    gate.visits = [live(place) for place in range(1, 121)]
    for offset, span, to in (("0", "1–50", ["50"]), ("50", "51–100", ["0", "100"]), ("100", "101–120", ["50"])):
        page = post(made, "/visits", offset=offset).get_data(as_text=True)
        assert span in page
        assert [
            tag.split('value="')[1].split('"')[0] for tag in page.split('<button class="btn" name="offset"')[1:]
        ] == to
    beyond = post(made, "/visits", offset="5000").get_data(as_text=True)
    assert "1–50" in beyond  # they left meanwhile


def test_nobody_is_here_or_nobody_fits(desk: tuple[Made, Counter]) -> None:
    made, _ = desk
    assert "Nobody is online" in get(made, "/visits")
    page = post(made, "/visits", query=HOSTILE).get_data(as_text=True)
    assert "No live visit fits" in page and "<script>alert" not in page


# ── one visit's story ───────────────────────────────────────────────────────────────────────────────────────────────

DESK_STAY: list[tuple[Stamp, Entry]] = [
    (at(1), PasswordUndelivered(PHONE, NUMBER, "m1", HOSTILE)),
    (at(2), PasswordWrong(PHONE, NUMBER, 4, "aigul")),
    (at(3), VisitBegan("v9", PHONE, ("10.77.0.10", "fd00::1"), "", "document", "aigul")),
    (at(3), VisitorIdentified("v9", PHONE, "Ахметов", "Ерлан", "", "", "", "", "", "3", "aigul")),
    (at(3), VoucherRedeemed("b1", PHONE, "v9")),
    (at(4), AddressClaimed("v9", PHONE, "10.77.0.10", "02:00:00:00:00:09", True)),
    (at(5), used("v9", 1_000_000, 5_000_000, complete=False)),
]


def test_a_stay_is_told_in_the_venues_time(desk: tuple[Made, Counter]) -> None:
    made, _ = desk
    write(made.site.journal, stay())
    page = get(made, "/visits/v1").replace("\u00a0", " ")
    told = [
        "21 November 2026",
        "17:00:01",
        f"A password was asked for {MASKED}",
        "The SMS was delivered",
        "Online: password by SMS · addresses: 10.77.0.10",
        "17:00:08",
        "Left, the gate is closed: network port",
        "Came back: dhcp",
        "The addresses changed · addresses: 10.77.0.10, 10.77.0.12",
        "17:00:59",
        "The visit is over: network port",
    ]
    places = [page.index(each) for each in told]
    assert places == sorted(places)
    assert NUMBER not in page and ">over<" in page and "/end" not in page


@pytest.mark.parametrize("language", Language)
def test_the_desks_visit_is_told_in_all_languages(tmp_path: Path, language: Language) -> None:
    made, gate = counter(tmp_path, language=language.value)
    made.site.journal.parent.mkdir()
    write(made.site.journal, DESK_STAY)
    gate.visits = [live(1, visit="v9", number="", method="document")]
    page = get(made, "/visits/v9")
    assert "visits." not in page and "desk." not in page
    assert "А••• Е•••" in page and "Ахметов" not in page
    assert "<script>alert" not in page and "&lt;script&gt;" in page
    assert "aigul" in page and "02:00:00:00:00:09" in page and 'action="/visits/v9/end"' in page


def test_names_are_recorded_before_they_are_shown(desk: tuple[Made, Counter]) -> None:
    made, gate = desk
    write(made.site.journal, DESK_STAY)
    assert "Ахметов Ерлан" in post(made, "/visits/v9", whole="1").get_data(as_text=True)
    assert gate.heard(NoteLook) == [NoteLook(by="desk", what="visit v9")]
    gate.refusal = Refused(Refusal.JOURNAL_UNAVAILABLE)
    assert "Ахметов" not in post(made, "/visits/v9", whole="1").get_data(as_text=True)


@pytest.mark.parametrize("visit", ["v2", "..%2Fv1", "V1", "'", "a" * 33])
def test_a_visit_there_is_not(desk: tuple[Made, Counter], visit: str) -> None:
    made, _ = desk
    write(made.site.journal, stay())
    assert made.as_role(StaffRole.DESK).get(f"/visits/{visit}").status_code == 404


def test_a_journal_that_cannot_be_read_is_told(desk: tuple[Made, Counter]) -> None:
    made, _ = desk
    answer = made.as_role(StaffRole.DESK).get("/visits/v1")
    assert answer.status_code == 503 and "The journal cannot be read" in answer.get_data(as_text=True)


# ── ending and blocking ─────────────────────────────────────────────────────────────────────────────────────────────


def test_ending_is_recorded_with_who_did_it(desk: tuple[Made, Counter]) -> None:
    made, gate = desk
    write(made.site.journal, DESK_STAY)
    gate.visits = [live(1, visit="v9")]
    done = post(made, "/visits/v9/end")
    assert (done.status_code, done.headers["Location"]) == (303, "/visits/v9?done=ended")
    assert gate.heard(EndVisit) == [EndVisit(mac=PHONE, staff="desk")]


def test_another_visit_of_the_device_is_not_ended(desk: tuple[Made, Counter]) -> None:
    made, gate = desk
    write(made.site.journal, DESK_STAY)
    gate.visits = [live(1, visit="v10")]
    answer = post(made, "/visits/v9/end")
    assert answer.status_code == 422 and "over already" in answer.get_data(as_text=True)
    assert gate.heard(EndVisit) == []


@pytest.mark.parametrize(
    ("span", "ends_ms"), [("hour", NOW_MS + 3_600_000), ("week", NOW_MS + 604_800_000), ("lifted", None)]
)
def test_a_device_or_number_is_kept_out(desk: tuple[Made, Counter], span: str, ends_ms: int | None) -> None:
    made, gate = desk
    write(made.site.journal, stay())
    for what in ("device", "number"):
        assert post(made, "/visits/v1/block", what=what, why=" noise ", span=span).status_code == 303
    assert gate.heard(Block) == [
        Block(staff="desk", why="noise", device=PHONE, until_utc_ms=ends_ms),
        Block(staff="desk", why="noise", number=NUMBER, until_utc_ms=ends_ms),
    ]


@pytest.mark.parametrize(
    "fields",
    [
        {"what": "device", "span": "day"},
        {"what": "device", "span": "day", "why": " "},
        {"what": "device", "span": "age", "why": "noise"},
        {"what": "person", "span": "day", "why": "noise"},
    ],
)
def test_a_block_needs_a_reason_and_an_end(desk: tuple[Made, Counter], fields: dict[str, str]) -> None:
    made, gate = desk
    write(made.site.journal, stay())
    answer = post(made, "/visits/v1/block", **fields)
    assert answer.status_code == 422 and "Say whom to block" in answer.get_data(as_text=True)
    assert gate.heard(Block) == []


def test_blocks_are_listed_and_lifted(desk: tuple[Made, Counter]) -> None:
    made, gate = desk
    gate.blocks = [
        HeldBlock("b1", "", NUMBER, HOSTILE, "aigul", NOW_MS - 60_000, NOW_MS + 3_600_000),
        HeldBlock("b2", PHONE, "", "noise", "owner", NOW_MS - 172_800_000, None),
    ]
    page = get(made, "/visits/blocks")
    assert MASKED in page and NUMBER not in page and PHONE in page
    assert "<script>alert" not in page
    assert "13:59" in page and "15:00" in page and "20 Nov 14:00" in page and "until it is lifted" in page
    assert post(made, "/visits/blocks/lift", block="b1").headers["Location"] == "/visits/blocks?done=lifted"
    assert gate.heard(Unblock) == [Unblock(staff="desk", block="b1")]
    assert gate.heard(ListBlocks)


@pytest.mark.parametrize(
    ("whom", "device", "number"),
    [
        ("02-00-00-00-00-0A", "02:00:00:00:00:0a", ""),
        ("0200.0000.000a", "02:00:00:00:00:0a", ""),
        ("8 701 123 45 67", "", "8 701 123 45 67"),
        ("+77011234567", "", "+77011234567"),
        ("380501234567", "", "380501234567"),
    ],
)
def test_whoever_is_typed_is_a_device_or_a_number(
    desk: tuple[Made, Counter], whom: str, device: str, number: str
) -> None:
    made, gate = desk
    assert post(made, "/visits/blocks", whom=whom, why="noise", span="day").status_code == 303
    (asked,) = gate.heard(Block)
    assert (asked.device, asked.number, asked.until_utc_ms) == (device, number, NOW_MS + 86_400_000)


@pytest.mark.parametrize("refusal", [Refusal.NO_SUCH_VISIT, Refusal.JOURNAL_UNAVAILABLE, Refusal.BAD_REQUEST])
def test_what_the_gate_refuses_is_told(desk: tuple[Made, Counter], refusal: Refusal) -> None:
    made, gate = desk
    gate.refusal = Refused(refusal)
    for path in ("/visits/blocks", "/visits/blocks/lift"):
        answer = post(made, path, whom=PHONE, why="noise", span="day", block="b1")
        assert answer.status_code == 422 and 'role="alert"' in answer.get_data(as_text=True)
