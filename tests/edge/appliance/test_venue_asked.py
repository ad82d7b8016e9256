"""What the console asks the gate, on a real journal file and a real socket."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance import wire
from appliance.aside import Aside
from appliance.blocks import LONGEST_MS
from appliance.client import Client
from appliance.inbox import Requested, Role
from appliance.looks import looks_only, slow
from appliance.server import Server
from appliance.wire import Done, Ended, Phase, Refusal, Refused, Status
from appliance.wire_console import (
    Block,
    Blocks,
    Figures,
    FindVisits,
    FoundVisits,
    ListBlocks,
    LookAtFigures,
    LookAtVenue,
    NoteStaff,
    NoteTestSms,
    StaffAct,
    Unblock,
    VenueNow,
)
from journal.entries import Blocked, StaffActed, Unblocked
from journal.visits import entries
from tests.edge.appliance.venue import ADDRESS, NUMBER, PHONE, Core

ASK = wire.AskPassword(ADDRESS, NUMBER, wire.Language.KAZAKH)
SIGNED_IN = NoteStaff("aigul", StaffAct.SIGNED_IN, "desk", "from 10.0.0.5")
LOOKS = (LookAtVenue(), FindVisits(), ListBlocks(), LookAtFigures(), wire.LookAtSpending())


@pytest.fixture
def core(tmp_path: Path) -> Iterator[Core]:
    made = Core(tmp_path / "journal.db")
    made.start()
    yield made
    made.crash()


def ask(core: Core, request: wire.Request) -> wire.Reply:
    """As the server does: a look needs no turn of the owner."""
    reply = core.engine.look(request, Role.STAFF)
    if reply is not None:
        return reply
    (reply,) = core.ask(request, role=Role.STAFF)
    return reply


def recorded(core: Core, kind: type) -> list[object]:
    return [entry for _, _, entry in entries(core.path) if isinstance(entry, kind)]


def blocks(core: Core) -> Blocks:
    told = ask(core, ListBlocks())
    assert isinstance(told, Blocks)
    return told


# ── blocks ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("device", "number"), [(" 02-00-00-00-00-01", ""), ("", "8 (701) 123-45-67")])
def test_a_block_closes_then_records_however_it_is_typed(core: Core, device: str, number: str) -> None:
    core.log_in()
    core.story.clear()
    assert ask(core, Block(" aigul ", " noise ", device, number)) == Done()
    assert core.story == ["revoke", "record visit_used blocked visit_ended"]
    assert core.kernel.admitted == {}
    assert core.ask(ASK) == [Refused(Refusal.BLOCKED)]
    (status,) = core.ask(wire.Look(ADDRESS))
    assert isinstance(status, Status) and (status.ended, status.blocked) == (Ended.BLOCKED, bool(device))
    (held,) = blocks(core).blocks
    assert (held.device, held.number) == ((PHONE, "") if device else ("", NUMBER))
    assert ask(core, Unblock("aigul", held.block)) == Done()
    assert ask(core, Unblock("aigul", held.block)) == Refused(Refusal.NO_SUCH_BLOCK)
    (entry,), (lifted,) = recorded(core, Blocked), recorded(core, Unblocked)
    assert entry == Blocked(held.block, held.device, held.number, "noise", None, "aigul")
    assert lifted == Unblocked(held.block, held.device, held.number, "aigul")


@pytest.mark.parametrize(
    ("request_", "refusal"),
    [
        (Block("aigul", "x"), Refusal.BAD_REQUEST),
        (Block("aigul", "x", PHONE, NUMBER), Refusal.BAD_REQUEST),
        (Block(" ", "x", PHONE), Refusal.BAD_REQUEST),
        (Block("aigul", " ", PHONE), Refusal.BAD_REQUEST),
        (Block("aigul", "a\nb", PHONE), Refusal.BAD_REQUEST),
        (Block("ai\x00gul", "x", PHONE), Refusal.BAD_REQUEST),
        (Block("aigul", "x", PHONE, until_utc_ms=1_800_000_000_000), Refusal.BAD_REQUEST),
        (Block("aigul", "x", PHONE, until_utc_ms=1_800_000_000_001 + LONGEST_MS), Refusal.BAD_REQUEST),
        (Block("aigul", "x", "02:00:00:00:00:01\n02"), Refusal.UNKNOWN_DEVICE),
        (Block("aigul", "x", "02:00:00:00:00"), Refusal.UNKNOWN_DEVICE),
        (Block("aigul", "x", number="salem"), Refusal.NOT_A_NUMBER),
        (Block("aigul", "x", number="8 800 080 77 77"), Refusal.NOT_MOBILE),
        (Unblock(" ", "b1"), Refusal.BAD_REQUEST),
    ],
)
def test_what_cannot_be_meant_is_refused(core: Core, request_: wire.Request, refusal: Refusal) -> None:
    core.story.clear()
    assert ask(core, request_) == Refused(refusal)
    assert core.story == [] and blocks(core) == Blocks()


def test_the_longest_block_there_is(core: Core) -> None:
    assert ask(core, Block("aigul", "x", PHONE, until_utc_ms=core.now.utc_ms + LONGEST_MS)) == Done()
    assert ask(core, Block("aigul", "x", PHONE, until_utc_ms=core.now.utc_ms + 1)) == Done()


def test_a_block_outlives_the_process_and_the_boot(tmp_path: Path) -> None:
    core = Core(tmp_path / "journal.db")
    core.start()
    core.log_in()
    ask(core, Block("aigul", "noise", PHONE, until_utc_ms=core.now.utc_ms + 3_600_000))
    ask(core, Block("aigul", "noise", number=NUMBER))
    core.crash()
    for boot in ("boot-1", "boot-2"):
        again = Core(core.path, boot_id=boot)
        again.start()
        assert again.kernel.admitted == {}
        assert again.ask(ASK) == [Refused(Refusal.BLOCKED, retry_in_s=3600)]
        assert {each.number or each.device for each in blocks(again).blocks} == {PHONE, NUMBER}
        again.crash()


def test_it_is_over_without_anybody_asking(core: Core) -> None:
    ask(core, Block("aigul", "noise", PHONE, until_utc_ms=core.now.utc_ms + 60_000))
    core.wait(60)
    core.happen()
    assert blocks(core) == Blocks() and len(recorded(core, Unblocked)) == 1


def test_what_cannot_be_recorded_blocks_nobody(core: Core) -> None:
    core.log_in()
    core.disk.full = True
    assert ask(core, Block("aigul", "noise", PHONE)) == Refused(Refusal.JOURNAL_UNAVAILABLE)
    core.disk.full = False
    core.wait(5)
    core.happen()
    assert blocks(core) == Blocks()
    (status,) = core.ask(wire.Look(ADDRESS))
    assert isinstance(status, Status) and status.phase is Phase.ONLINE


# ── staff's acts ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_what_staff_did_is_on_the_disk_when_it_is_answered(core: Core) -> None:
    assert ask(core, SIGNED_IN) == Done()
    assert recorded(core, StaffActed) == [StaffActed("signed_in", "aigul", "desk", "from 10.0.0.5")]


def test_what_cannot_be_recorded_is_refused(core: Core) -> None:
    core.disk.full = True
    assert ask(core, SIGNED_IN) == Refused(Refusal.JOURNAL_UNAVAILABLE)


@pytest.mark.parametrize("field", ["staff", "role", "detail"])
def test_a_line_is_a_line(core: Core, field: str) -> None:
    noted = {"staff": "aigul", "role": "desk", "detail": "x", field: "a\nb"}
    assert ask(core, NoteStaff(act=StaffAct.LOOKED, **noted)) == Refused(Refusal.BAD_REQUEST)


# ── looks ───────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("request_", LOOKS)
def test_a_look_needs_no_turn_of_the_owner_and_no_journal(core: Core, request_: wire.Request) -> None:
    core.disk.full = True
    core.ask(ASK)  # finds that out
    core.wait(1)
    assert looks_only(request_) and slow(request_) is not isinstance(request_, LookAtFigures)
    reply = core.engine.look(request_, Role.STAFF)
    assert reply is not None and not isinstance(reply, Refused)
    told = core.ask(ASK, request_, role=Role.STAFF)
    assert told == [Refused(Refusal.JOURNAL_UNAVAILABLE), reply], "the owner says the same, whatever failed beside it"
    assert core.engine.look(request_, Role.PORTAL) == Refused(Refusal.FORBIDDEN)


def test_the_venue_as_it_is(core: Core) -> None:
    core.log_in()
    assert ask(core, LookAtVenue()) == VenueNow(1, 0, 0, started_utc_ms=core.tally.since_utc_ms)
    found = ask(core, FindVisits("701", by_part=True))
    assert isinstance(found, FoundVisits) and [visit.device for visit in found.visits] == [PHONE]


def test_a_test_sms_is_recorded_and_paid_for_like_any_other(core: Core) -> None:
    def spending() -> wire.Spending:
        told = ask(core, wire.LookAtSpending())
        assert isinstance(told, wire.Spending)
        return told

    before = spending()
    assert ask(core, NoteTestSms("aigul", "8 701 123 45 67")) == Done()
    assert recorded(core, StaffActed) == [StaffActed("sms_tested", "aigul", "", "+77011234567")]
    after = spending()
    assert (after.day_sms, after.month_sms) == (before.day_sms + 1, before.month_sms + 1)
    assert after.sent == before.sent, "no visitor's password, so no evidence of a fraud"
    for wrong in (NoteTestSms("aigul", "123"), NoteTestSms(" ", NUMBER)):
        assert isinstance(ask(core, wrong), Refused)
    for _ in range(after.left):
        assert ask(core, NoteTestSms("aigul", NUMBER)) == Done()
    assert ask(core, NoteTestSms("aigul", NUMBER)) == Refused(Refusal.BUDGET_SPENT)
    assert len(recorded(core, StaffActed)) == 1 + after.left
    assert core.engine.look(NoteTestSms("aigul", NUMBER), Role.PORTAL) is None


def test_figures_of_a_stay(core: Core) -> None:
    core.log_in()
    ask(core, wire.EndVisit(PHONE, "aigul"))
    told = ask(core, LookAtFigures())
    assert isinstance(told, Figures)
    assert (told.admissions, told.leaves) == ({"sms": 1}, {"staff": 1})
    assert told.entries == {"gate_started": 1, "password_asked": 1, "visit_began": 1, "visit_used": 1, "visit_ended": 1}
    assert told.journal_entries == 5


def test_a_slow_look_holds_up_nobody(tmp_path: Path) -> None:
    """One asks for a list that takes until another, who came later, has had an answer."""
    answered, kinds = threading.Event(), []

    def look(request: wire.Request, _role: Role) -> wire.Reply | None:
        if isinstance(request, FindVisits):
            assert answered.wait(15)
            return FoundVisits(0)
        return Status(Phase.STRANGER) if isinstance(request, wire.Look) else None

    def post(item: Requested) -> None:
        item.answer(Done())

    aside, path = Aside(look, post), tmp_path / "gate.sock"
    server = Server(path, {os.getuid(): Role.ADMINISTRATOR}, aside.post, aside.look, lambda kind, _: kinds.append(kind))
    aside.start()
    server.start()
    try:
        replies: list[wire.Reply] = []
        waiting = threading.Thread(target=lambda: replies.append(Client(str(path), 20).ask(FindVisits())))
        waiting.start()
        assert Client(str(path)).ask(wire.Look(ADDRESS)) == Status(Phase.STRANGER)
        assert Client(str(path)).ask(wire.EndVisit(PHONE)) == Done()
        answered.set()
        waiting.join(15)
        assert replies == [FoundVisits(0)]
        # It leaves to the owner what turns out to change something, as the server does.
        assert Client(str(path)).ask(LookAtVenue()) == Done()
    finally:
        answered.set()
        server.stop()
        aside.stop()
    assert kinds == ["look", "end_visit", "find_visits", "look_at_venue"]
