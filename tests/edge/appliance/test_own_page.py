"""What a visitor's page may ask for, through the gate's own socket and down to the journal's file; and what is still
answered while that file cannot be written."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from ipaddress import IPv4Address
from pathlib import Path

import pytest

from appliance import codes
from appliance.client import Client
from appliance.events import TroubleTold
from appliance.inbox import Role, Stop
from appliance.server import Server
from appliance.state import Terms
from appliance.wire import (
    AskCode,
    AskPassword,
    ChooseLanguage,
    Ended,
    EnterPassword,
    Language,
    Leave,
    ListVisits,
    Look,
    Phase,
    Refusal,
    Refused,
    Reply,
    Request,
    Status,
    Trouble,
    Visits,
)
from journal import entries as kinds
from journal.visits import entries
from tests.edge.appliance.venue import ADDRESS, NUMBER, PHONE, Core

AGREED = "c" * 64
ASK = AskPassword(ADDRESS, NUMBER, Language.RUSSIAN, AGREED)


@pytest.fixture
def core(tmp_path: Path) -> Iterator[Core]:
    core = Core(tmp_path / "journal.db", Terms(terms_digests=frozenset({AGREED})))
    core.start()
    yield core
    core.crash()


@pytest.fixture
def ask(core: Core, tmp_path: Path) -> Iterator[Callable[[Request], Reply]]:
    """Asks the running gate over its socket."""
    server = Server(tmp_path / "gate.sock", {0: Role.PORTAL}, core.engine.post)
    running = threading.Thread(target=core.engine.run, args=(lambda: None,))
    with ExitStack() as stack:
        running.start()
        stack.callback(running.join)
        stack.callback(core.engine.post, Stop())
        server.start()
        stack.callback(server.stop)
        yield Client(str(tmp_path / "gate.sock")).ask


def told(reply: Reply) -> Status:
    """A reply that is a status."""
    assert isinstance(reply, Status), reply
    return reply


def test_a_stay_by_the_visitors_own_page(core: Core, ask: Callable[[Request], Reply], tmp_path: Path) -> None:
    assert told(ask(ChooseLanguage(ADDRESS, Language.ENGLISH))).language is Language.ENGLISH
    code = told(ask(AskCode(ADDRESS))).code
    assert code is not None and codes.well_formed(codes.grouped(code)) == code
    assert told(ask(Look(ADDRESS))).code == code
    assert ask(AskPassword(ADDRESS, NUMBER, Language.RUSSIAN)) == Refused(Refusal.TERMS_NOT_ACCEPTED)
    assert told(ask(ASK)).language is Language.RUSSIAN
    assert told(ask(ASK)).phase is Phase.ASKED, "the same tap"
    assert len(core.sent) == 1
    online = told(ask(EnterPassword(ADDRESS, core.password())))
    assert (online.phase, online.method, online.code) == (Phase.ONLINE, "sms", None)
    assert NUMBER[3:-2] not in (online.number or "")
    for _ in range(2):
        left = told(ask(Leave(ADDRESS)))
        assert (left.phase, left.ended, left.language) == (Phase.STRANGER, Ended.VISITOR, Language.RUSSIAN)
    assert core.kernel.admitted == {}
    recorded = [entry for _, _, entry in entries(tmp_path / "journal.db", None, None)]
    assert [each for each in recorded if isinstance(each, kinds.PasswordAsked)] == [
        kinds.PasswordAsked(PHONE, NUMBER, core.sent[0].message, terms=AGREED, language="ru")
    ]
    assert [each.proof for each in recorded if isinstance(each, kinds.VisitEnded)] == ["visitor"]


@pytest.mark.parametrize("make", [AskCode, Leave, lambda ip: ChooseLanguage(ip, Language.KAZAKH)])
def test_only_a_device_of_this_lan_has_a_page(core: Core, make: Callable[[str], Request]) -> None:
    assert core.ask(make("203.0.113.7"), make("10.77.0.1"), make("not an address")) == [Refused(Refusal.NOT_ON_LAN)] * 3
    assert core.ask(make("10.77.9.9")) == [Refused(Refusal.UNKNOWN_DEVICE)]


def test_a_code_that_is_out_is_given_to_nobody_else(core: Core) -> None:
    core.lan.devices[IPv4Address("10.77.0.11")] = "02:00:00:00:00:02"
    (first,) = core.ask(AskCode(ADDRESS))
    core.numbers.count -= codes.CHARACTERS  # the very same numbers again
    (second,) = core.ask(AskCode("10.77.0.11"))
    assert told(first).code != told(second).code
    assert told(core.ask(Look(ADDRESS))[0]).code == told(first).code


# ── while nothing can be recorded ───────────────────────────────────────────────────────────────────────────────────


def test_a_full_disk_is_said_on_the_page_which_goes_on_to_work(core: Core) -> None:
    core.ask(ASK)
    core.disk.full = True
    assert core.ask(EnterPassword(ADDRESS, "000000"), Look(ADDRESS))[0] == Refused(Refusal.JOURNAL_UNAVAILABLE)
    asked, chosen, coded, left = core.ask(
        Look(ADDRESS), ChooseLanguage(ADDRESS, Language.ENGLISH), AskCode(ADDRESS), Leave(ADDRESS)
    )
    assert told(asked).trouble is Trouble.JOURNAL
    assert told(chosen).language is Language.ENGLISH
    assert told(coded).code is not None
    assert left == Refused(Refusal.NO_SUCH_VISIT)
    assert told(core.ask(Look(ADDRESS))[0]).trouble is Trouble.JOURNAL, "looking proved nothing"
    core.wait(3)  # the sign of life is tried again: this batch cannot be written, though only looked at
    again = told(core.ask(Look(ADDRESS))[0])
    assert (again.language, again.code) == (Language.ENGLISH, told(coded).code), "remembered, though nothing is kept"
    core.wait(2)
    core.happen()
    assert told(core.ask(Look(ADDRESS))[0]).trouble is Trouble.JOURNAL, "tried again, and still full"
    core.disk.full = False
    core.wait(2)
    core.happen()
    assert told(core.ask(Look(ADDRESS))[0]).trouble is None, "though nobody did anything"


def test_what_needs_no_journal_is_remembered_though_the_batch_it_came_in_fails(core: Core) -> None:
    core.disk.full = True
    chosen, coded, asked = core.ask(ChooseLanguage(ADDRESS, Language.ENGLISH), AskCode(ADDRESS), ASK)
    assert asked == Refused(Refusal.JOURNAL_UNAVAILABLE)
    assert (told(chosen).language, told(chosen).trouble) == (Language.ENGLISH, Trouble.JOURNAL)
    now = told(core.ask(Look(ADDRESS))[0])
    assert (now.language, now.code, now.trouble) == (Language.ENGLISH, told(coded).code, Trouble.JOURNAL)


def test_a_disk_that_is_full_while_nobody_comes_is_known_all_the_same(core: Core) -> None:
    core.disk.full = True
    core.wait(21)
    core.happen()
    (visits,) = core.ask(ListVisits(), role=Role.ADMINISTRATOR)
    assert visits == Visits((), (Trouble.JOURNAL,))


def test_trouble_told_while_the_disk_is_full_is_not_forgotten(core: Core) -> None:
    core.ask(ASK)
    core.disk.full = True
    core.wait(21)  # the gate's sign of life is due, and cannot be written in the very batch that brings the news
    core.happen(TroubleTold(core.now, Trouble.UPLINK, present=True))
    assert _troubles(core) == (Trouble.JOURNAL, Trouble.UPLINK)
    core.disk.full = False
    core.wait(2)
    core.happen()
    assert _troubles(core) == (Trouble.UPLINK,)


def _troubles(core: Core) -> Sequence[Trouble]:
    (visits,) = core.ask(ListVisits(), role=Role.ADMINISTRATOR)
    assert isinstance(visits, Visits)
    return visits.troubles


def test_whoever_leaves_while_nothing_can_be_recorded_is_shut_out_at_once(core: Core) -> None:
    core.ask(ASK)
    core.ask(EnterPassword(ADDRESS, core.password()))
    core.disk.full = True
    assert core.ask(Leave(ADDRESS)) == [Refused(Refusal.JOURNAL_UNAVAILABLE)]
    assert core.kernel.admitted == {}
