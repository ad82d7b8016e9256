"""What a page's Look may see when it does not wait for the owner thread: only what is recorded, and only of its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from ipaddress import IPv6Address
from pathlib import Path

import pytest

from appliance import wire
from appliance.inbox import Requested, Role
from appliance.wire import AskPassword, EndVisit, EnterPassword, ListVisits, Look, Phase, Refusal, Refused, Status
from journal.entries import Entry, Stamp
from tests.edge.appliance.venue import ADDRESS, NUMBER, PHONE, Core

ASK = AskPassword(ADDRESS, NUMBER, wire.Language.KAZAKH)


@pytest.fixture
def core(tmp_path: Path) -> Iterator[Core]:
    made = Core(tmp_path / "journal.db")
    made.start()
    yield made
    made.crash()


def phase(core: Core) -> Phase:
    status = core.engine.look(Look(ADDRESS), Role.PORTAL)
    assert isinstance(status, Status)
    return status.phase


def test_a_look_needs_no_turn_of_the_owner(core: Core) -> None:
    assert phase(core) is Phase.STRANGER
    core.ask(ASK)
    assert phase(core) is Phase.ASKED
    core.ask(EnterPassword(ADDRESS, core.password()))
    assert phase(core) is Phase.ONLINE


def test_it_is_what_the_owner_would_answer(core: Core) -> None:
    core.log_in()
    core.wait(30)
    assert core.engine.look(Look(ADDRESS), Role.PORTAL) == core.ask(Look(ADDRESS))[0]


@pytest.mark.parametrize(
    ("address", "refusal"),
    [("10.77.0.99", Refusal.UNKNOWN_DEVICE), ("192.0.2.1", Refusal.NOT_ON_LAN), ("10.77.0.1", Refusal.NOT_ON_LAN)],
)
def test_nobody_is_shown_for_another(core: Core, address: str, refusal: Refusal) -> None:
    assert core.engine.look(Look(address), Role.PORTAL) == Refused(refusal)


@pytest.mark.parametrize("address", ["fd77::5%br-lan", "fd77::1%1", "fe80::5%br-lan"])
def test_an_address_with_a_zone_is_nobody_s(core: Core, address: str) -> None:
    """The portal's own invention (RFC 4007 11.2): it would become one more address of the visit, which no evidence
    about the real one ever ends, and stand in the journal as the portal wrote it."""
    core.lan.devices[IPv6Address(address)] = PHONE
    assert core.engine.look(Look(address), Role.PORTAL) == Refused(Refusal.NOT_ON_LAN)
    core.ask(ASK)
    assert core.ask(EnterPassword(address, core.password())) == [Refused(Refusal.NOT_ON_LAN)]


@pytest.mark.parametrize("request_", [ASK, EnterPassword(ADDRESS, "000000"), ListVisits(), EndVisit("02:" * 5 + "01")])
def test_everything_else_is_the_owner_s(core: Core, request_: wire.Request) -> None:
    assert core.engine.look(request_, Role.ADMINISTRATOR) is None


def test_what_cannot_be_recorded_is_never_seen(core: Core, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither while the batch is under way, nor after it failed."""
    core.ask(ASK)
    seen: list[Phase] = []
    append = core.disk.append

    def look_meanwhile(entries: Sequence[tuple[Stamp, Entry]], kept: Mapping[str, bytes | None]) -> int:
        seen.append(phase(core))
        return append(entries, kept)

    monkeypatch.setattr(core.disk, "append", look_meanwhile)
    core.disk.full = True
    password = core.password()
    assert core.ask(EnterPassword(ADDRESS, password)) == [Refused(Refusal.JOURNAL_UNAVAILABLE)]
    assert (seen, phase(core)) == ([Phase.ASKED], Phase.ASKED)
    core.disk.full = False
    core.ask(EnterPassword(ADDRESS, password))
    assert (seen[1:], phase(core)) == ([Phase.ASKED], Phase.ONLINE)


def test_who_was_answered_sees_it(core: Core) -> None:
    """The next page comes by another connection, the moment the answer is out."""
    core.ask(ASK)
    seen: list[Phase] = []
    entered = EnterPassword(ADDRESS, core.password())
    core.engine.post(Requested(entered, Role.PORTAL, lambda _: seen.append(phase(core))))
    core.engine.turn()
    assert seen == [Phase.ONLINE]
