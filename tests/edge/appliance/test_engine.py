"""Law 2 and law 9 at the engine: what is done in which order, and what when the disk or the kernel refuses."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

import pytest

from appliance import engine, wire
from appliance.allowances import Allowances, Limit
from appliance.effects import SendPassword
from appliance.events import DeviceLeft, DeviceSeen, MessageReported, MessageState
from appliance.inbox import Happened, Requested, Role, can_wait
from appliance.state import Terms
from appliance.wire import AskPassword, EndVisit, EnterPassword, ListVisits, Look, Phase, Refusal, Refused
from journal.entries import VisitAway, VisitEnded, VisitMoved
from journal.visits import entries
from tests.edge.appliance.venue import ADDRESS, NUMBER, PHONE, Core

ASK = wire.AskPassword(ADDRESS, NUMBER, wire.Language.KAZAKH)
NewCore = Callable[[], Core]


@pytest.fixture
def new_core(tmp_path: Path) -> Iterator[NewCore]:
    """Makes a core on one and the same journal file; the one before must have crashed."""
    made: list[Core] = []

    def make() -> Core:
        core = Core(tmp_path / "journal.db")
        made.append(core)
        core.start()
        return core

    yield make
    for core in made:
        core.crash()


def recorded(path: Path, *wanted: type) -> list[Any]:
    """The entries of these kinds on disk."""
    return [entry for _, _, entry in entries(path, None, None) if isinstance(entry, wanted)]


def kinds(path: Path) -> list[str]:
    """The kinds of all entries on disk."""
    return [str(entry.__struct_config__.tag) for entry in recorded(path, object)]


def test_record_is_durable_before_the_gate_opens_and_after_it_closed(new_core: NewCore) -> None:
    core = new_core()
    core.ask(ASK)
    core.story.clear()
    core.ask(EnterPassword(ADDRESS, core.password()))
    assert core.story == ["record visit_began", "admit"]
    core.story.clear()
    core.happen(DeviceLeft(core.now, PHONE, "port", core.now.utc_ms))
    assert core.story == ["revoke", "record visit_used visit_away"]


def test_one_batch_is_one_transaction(new_core: NewCore) -> None:
    core = new_core()
    core.story.clear()
    replies = core.ask(ASK, EnterPassword(ADDRESS, "999999"), Look(ADDRESS))
    assert [type(reply).__name__ for reply in replies] == ["Status", "Refused", "Status"]
    assert core.story == ["record password_asked password_wrong", "send"]


def test_device_that_logs_in_and_leaves_in_one_batch_stays_outside(new_core: NewCore) -> None:
    core = new_core()
    core.ask(ASK)
    password = core.password()
    core.lan.ports.clear()  # the evidence waits in the same batch; the port has said so already
    (reply,) = core.ask(EnterPassword(ADDRESS, password))
    assert reply == Refused(Refusal.UNKNOWN_DEVICE)
    assert core.kernel.admitted == {}


def test_came_back_and_left_again_in_one_batch(new_core: NewCore) -> None:
    core = new_core()
    core.log_in()
    left, seen = (
        DeviceLeft(core.now, PHONE, "port", core.now.utc_ms),
        DeviceSeen(core.now, PHONE, "port", "port1", ADDRESS),
    )
    core.happen(left, seen, left)
    assert core.kernel.admitted == {}
    core.happen(seen, left, seen)
    assert PHONE in core.kernel.admitted


def test_full_disk_admits_nobody_and_says_so(new_core: NewCore, tmp_path: Path) -> None:
    core = new_core()
    core.ask(ASK)
    password = core.password()
    core.disk.full = True
    core.wait(30)
    assert core.ask(EnterPassword(ADDRESS, password)) == [Refused(Refusal.JOURNAL_UNAVAILABLE)]
    assert core.kernel.admitted == {}
    (status,) = core.ask(Look(ADDRESS))
    assert isinstance(status, wire.Status) and status.phase is Phase.ASKED, "looking is still answered"
    assert len(core.sent) == 1
    core.disk.full = False
    core.ask(EnterPassword(ADDRESS, password))
    assert PHONE in core.kernel.admitted
    assert kinds(tmp_path / "journal.db") == ["gate_started", "password_asked", "visit_began"]


def test_at_the_reserve_nobody_new_is_admitted_and_every_end_is_recorded(new_core: NewCore, tmp_path: Path) -> None:
    core = new_core()
    core.log_in()
    core.lan.devices[IPv4Address("10.77.0.11")], core.lan.ports["02:00:00:00:00:02"] = "02:00:00:00:00:02", "port2"
    core.ask(AskPassword("10.77.0.11", "+77017654321", wire.Language.KAZAKH))
    password = core.password()
    core.disk.has_room = False
    core.wait(30)
    refused = Refused(Refusal.JOURNAL_UNAVAILABLE)
    left = DeviceLeft(core.now, PHONE, "port", core.now.utc_ms, final=True)
    core.engine.post(Happened(left))  # in the same batch as those who are refused
    asks = (EnterPassword("10.77.0.11", password), AskPassword("10.77.0.11", "+77017654322", wire.Language.KAZAKH))
    assert core.ask(*asks) == [refused, refused]
    assert core.kernel.admitted == {} and len(core.sent) == 2
    assert kinds(tmp_path / "journal.db")[-1] == "visit_ended"
    core.disk.has_room = True
    core.ask(EnterPassword("10.77.0.11", password))
    assert set(core.kernel.admitted) == {"02:00:00:00:00:02"}, "the password is still good"


def test_full_disk_still_closes_and_records_the_true_end_later(new_core: NewCore, tmp_path: Path) -> None:
    core = new_core()
    core.log_in()
    core.disk.full = True
    left_utc_ms = core.now.utc_ms
    core.happen(DeviceLeft(core.now, PHONE, "port", left_utc_ms))
    assert core.kernel.admitted == {}
    core.wait(6)
    core.happen()  # time for sync: it must not open again what could not be recorded
    assert core.kernel.admitted == {}
    core.disk.full = False
    core.wait(1)
    core.happen()
    core.wait(61)
    core.happen()
    assert kinds(tmp_path / "journal.db")[-2:] == ["visit_away", "visit_ended"]
    assert [entry.left_utc_ms for entry in recorded(tmp_path / "journal.db", VisitAway, VisitEnded)] == [
        left_utc_ms
    ] * 2


def test_who_was_closed_while_nothing_can_be_recorded_is_not_told_of_being_online(new_core: NewCore) -> None:
    core = new_core()
    core.log_in()
    core.disk.full = True
    refused = Refused(Refusal.JOURNAL_UNAVAILABLE)
    assert core.ask(wire.Leave(ADDRESS)) == [refused]
    assert core.kernel.admitted == {}
    assert core.ask(Look(ADDRESS)) == [refused]
    assert core.engine.look(Look(ADDRESS), Role.PORTAL) == refused
    core.disk.full = False
    core.wait(6)
    core.happen()
    assert PHONE in core.kernel.admitted, "its leaving was refused, and nobody repeats it"
    status = core.engine.look(Look(ADDRESS), Role.PORTAL)
    assert isinstance(status, wire.Status) and status.phase is Phase.ONLINE


def test_a_page_while_nothing_can_be_recorded_of_somebody_who_is_open_under_another_address(new_core: NewCore) -> None:
    core = new_core()
    core.log_in()
    core.disk.full = True
    core.lan.give(PHONE, "10.77.0.99")
    core.wait(1)
    core.happen()
    (status,) = core.ask(Look("10.77.0.99"))
    assert (status == Refused(Refusal.JOURNAL_UNAVAILABLE)) is (PHONE not in core.kernel.admitted)


def test_whose_request_it_was_is_known_though_closing_made_the_kernel_forget_it(
    new_core: NewCore, monkeypatch: pytest.MonkeyPatch
) -> None:
    core = new_core()
    core.log_in()
    revoke = core.kernel.revoke

    def forgetting(mac: str, addresses: Any) -> None:
        revoke(mac, addresses)
        core.lan.devices.clear()  # the permanent entry in the neighbour table goes with the visit

    monkeypatch.setattr(core.kernel, "revoke", forgetting)
    core.disk.full = True
    assert core.ask(wire.Leave(ADDRESS)) == [Refused(Refusal.JOURNAL_UNAVAILABLE)]


def test_a_device_that_dhcp_moves_is_followed_when_it_can_be_recorded(new_core: NewCore, tmp_path: Path) -> None:
    core = new_core()
    core.log_in()
    core.disk.full = True
    core.lan.give(PHONE, "10.77.0.99")
    core.wait(1)
    core.happen()
    assert core.kernel.admitted == {}, "the old address is closed already"
    core.disk.full = False
    core.wait(1)
    core.happen()
    assert core.kernel.admitted == {PHONE: frozenset({IPv4Address("10.77.0.99")})}
    assert [moved.addresses for moved in recorded(tmp_path / "journal.db", VisitMoved)] == [("10.77.0.99",)]


def test_a_visit_that_resumes_under_an_old_address_is_followed_too(new_core: NewCore) -> None:
    """The evidence was gathered before the lease changed, and is taken into account after."""
    core = new_core()
    core.log_in()
    core.happen(DeviceLeft(core.now, PHONE, "port", core.now.utc_ms))
    core.lan.give(PHONE, "10.77.0.99")
    core.wait(1)
    core.happen()
    core.happen(DeviceSeen(core.now, PHONE, "port", "port1", ADDRESS))
    core.wait(1)
    core.happen()
    assert core.kernel.admitted == {PHONE: frozenset({IPv4Address("10.77.0.99")})}


def test_kernel_that_does_not_close_gets_no_record_until_it_did(new_core: NewCore, tmp_path: Path) -> None:
    core = new_core()
    core.log_in()
    core.kernel.broken = True
    core.happen(DeviceLeft(core.now, PHONE, "port", core.now.utc_ms))
    assert "visit_away" not in kinds(tmp_path / "journal.db")
    core.kernel.broken = False
    core.wait(1)
    core.happen()
    assert kinds(tmp_path / "journal.db")[-1] == "visit_away"
    assert core.kernel.admitted == {}


def test_kernel_that_does_not_open_is_mended_by_sync(new_core: NewCore) -> None:
    core = new_core()
    core.ask(ASK)
    core.kernel.broken = True
    core.ask(EnterPassword(ADDRESS, core.password()))
    assert core.kernel.admitted == {}
    core.kernel.broken = False
    core.wait(0.5)
    core.happen()
    assert PHONE in core.kernel.admitted


def test_sync_mends_what_a_stranger_changed(new_core: NewCore) -> None:
    core = new_core()
    core.log_in()
    admitted = dict(core.kernel.admitted)
    core.kernel.admitted = {"02:00:00:00:00:66": next(iter(admitted.values()))}
    core.wait(5)
    core.happen()
    assert core.kernel.admitted == admitted


def test_killed_and_started_again(new_core: NewCore, tmp_path: Path) -> None:
    core = new_core()
    core.log_in()
    core.crash()
    again = new_core()
    assert again.kernel.admitted == core.kernel.admitted
    assert kinds(tmp_path / "journal.db")[-1] == "gate_started"
    (visits,) = again.ask(ListVisits(), role=Role.ADMINISTRATOR)
    assert isinstance(visits, wire.Visits) and len(visits.visits) == 1


def test_unplugged_while_the_gate_was_dead(tmp_path: Path) -> None:
    core = Core(tmp_path / "journal.db")
    core.start()
    core.log_in()
    core.crash()
    again = Core(tmp_path / "journal.db")
    again.wait(100)
    again.lan.dead_ports.add("port1")
    again.start()
    assert again.kernel.admitted == {}
    (away,) = recorded(tmp_path / "journal.db", VisitAway)
    assert away.left_utc_ms == core.now.utc_ms, "when the gate was last alive, not when it noticed"
    again.crash()


def test_lease_released_while_the_gate_was_dead(tmp_path: Path) -> None:
    core = Core(tmp_path / "journal.db")
    core.start()
    core.log_in()
    core.crash()
    again = Core(tmp_path / "journal.db")
    again.lan.released.add(PHONE)
    again.start()
    assert again.kernel.admitted == {}
    assert [away.proof for away in recorded(tmp_path / "journal.db", VisitAway)] == ["lease"]
    again.crash()


def test_sightings_of_strangers_are_not_hoarded_while_the_disk_is_full(new_core: NewCore) -> None:
    core = new_core()
    core.log_in()
    core.disk.full = True
    core.happen(DeviceLeft(core.now, PHONE, "port", core.now.utc_ms))
    for number in range(100):
        core.happen(DeviceSeen(core.now, f"02:00:00:00:01:{number:02x}", "port", "port1", ""))
    core.story.clear()
    core.happen()
    assert core.story == ["revoke"]


def test_after_a_reboot_nobody_is_online(tmp_path: Path) -> None:
    core = Core(tmp_path / "journal.db", boot_id="boot-1")
    core.start()
    core.log_in()
    core.crash()
    again = Core(tmp_path / "journal.db", boot_id="boot-2")
    again.start()
    assert again.kernel.admitted == {}
    assert kinds(tmp_path / "journal.db")[-2:] == ["visit_ended", "gate_started"]
    again.crash()


def test_sms_report_reaches_the_page(new_core: NewCore) -> None:
    core = new_core()
    core.ask(ASK)
    sent: SendPassword = core.sent[-1]
    core.happen(MessageReported(core.now, sent.message, MessageState.SENT, "smsc-1", ""))
    (status,) = core.ask(Look(ADDRESS))
    assert isinstance(status, wire.Status) and status.delivery is wire.Delivery.SENT


def test_what_became_of_sms_waits_for_a_transaction_to_go_with(
    new_core: NewCore, monkeypatch: pytest.MonkeyPatch
) -> None:
    core = new_core()
    core.ask(ASK)
    message = core.sent[-1].message
    accepted, receipt = (
        Happened(MessageReported(core.now, message, state, "smsc-1", ""))
        for state in (MessageState.SENT, MessageState.DELIVERED)
    )
    replies: list[wire.Reply] = []
    entered = Requested(EnterPassword(ADDRESS, core.password()), Role.PORTAL, replies.append)

    def come_later() -> None:
        for item in (receipt, entered):
            time.sleep(0.02)
            core.engine.post(item)

    monkeypatch.setattr(engine, "PATIENCE_MS", 15_000)
    core.story.clear()
    core.engine.post(accepted)
    coming = threading.Thread(target=come_later)
    coming.start()
    core.engine.turn()
    coming.join()
    assert core.story == ["record password_sent password_delivered visit_began", "admit"]
    assert len(replies) == 1

    monkeypatch.setattr(engine, "PATIENCE_MS", 1)
    core.story.clear()
    core.lan.devices[IPv4Address("10.77.0.11")] = "02:00:00:00:00:02"
    core.ask(AskPassword("10.77.0.11", "+77011234568", wire.Language.KAZAKH))
    core.happen(MessageReported(core.now, core.sent[-1].message, MessageState.SENT, "smsc-2", ""))
    assert core.story[-1] == "record password_sent"  # nothing came to go with


def test_only_what_nobody_waits_for_is_held_back(new_core: NewCore) -> None:
    now = new_core().now
    assert can_wait(Happened(MessageReported(now, "0" * 16, MessageState.SENT, "smsc-1", "")))
    assert not can_wait(Requested(ASK, Role.PORTAL, lambda _: None))
    assert not can_wait(Happened(DeviceLeft(now, PHONE, "port", now.utc_ms)))


@pytest.mark.parametrize(
    ("request_", "refusal"),
    [
        (Look("10.78.0.1"), Refusal.NOT_ON_LAN),
        (Look("10.77.0.1"), Refusal.NOT_ON_LAN),
        (Look("127.0.0.1"), Refusal.NOT_ON_LAN),
        (Look("::1"), Refusal.NOT_ON_LAN),
        (Look("nonsense"), Refusal.NOT_ON_LAN),
        (Look("10.77.0.99"), Refusal.UNKNOWN_DEVICE),
        (wire.AskPassword("10.77.0.99", NUMBER, wire.Language.KAZAKH), Refusal.UNKNOWN_DEVICE),
        (EnterPassword("10.77.0.99", "123456"), Refusal.UNKNOWN_DEVICE),
        (wire.AskPassword(ADDRESS, "salem", wire.Language.KAZAKH), Refusal.NOT_A_NUMBER),
        (wire.AskPassword(ADDRESS, "", wire.Language.KAZAKH), Refusal.NOT_A_NUMBER),
        (wire.AskPassword(ADDRESS, "8 800 080 77 77", wire.Language.KAZAKH), Refusal.NOT_MOBILE),
        (wire.AskPassword(ADDRESS, "8 7172 12 34 56", wire.Language.KAZAKH), Refusal.NOT_MOBILE),
        (wire.AskPassword(ADDRESS, "+7 916 123 45 67", wire.Language.KAZAKH), Refusal.COUNTRY_NOT_ALLOWED),
        (EnterPassword(ADDRESS, "12345a"), Refusal.PASSWORD_MALFORMED),
        (EnterPassword(ADDRESS, "١٢٣٤٥٦"), Refusal.PASSWORD_MALFORMED),
        (EnterPassword(ADDRESS, "１２３４５６"), Refusal.PASSWORD_MALFORMED),
        (EnterPassword(ADDRESS, "12345"), Refusal.PASSWORD_MALFORMED),
        (EnterPassword(ADDRESS, "1234567"), Refusal.PASSWORD_MALFORMED),
        (EnterPassword(ADDRESS, ""), Refusal.PASSWORD_MALFORMED),
        (EnterPassword(ADDRESS, "123456"), Refusal.NO_PASSWORD_ASKED),
        (ListVisits(), Refusal.FORBIDDEN),
        (wire.LookAtSpending(), Refusal.FORBIDDEN),
        (EndVisit(PHONE), Refusal.FORBIDDEN),
    ],
)
def test_bad_input_is_refused_and_nothing_is_half_done(
    new_core: NewCore, request_: wire.Request, refusal: Refusal
) -> None:
    core = new_core()
    core.story.clear()
    assert core.ask(request_) == [Refused(refusal)]
    assert core.story == []
    assert core.kernel.admitted == {}


def test_malformed_password_costs_no_try(new_core: NewCore) -> None:
    core = new_core()
    core.ask(ASK)
    core.ask(EnterPassword(ADDRESS, "١٢٣٤٥٦"))
    (status,) = core.ask(Look(ADDRESS))
    assert isinstance(status, wire.Status) and status.tries_left == 5


@pytest.mark.parametrize("blank", ["", " ", "-", "\u00a0"])
def test_blanks_in_a_password_are_forgiven(new_core: NewCore, blank: str) -> None:
    core = new_core()
    core.ask(ASK)
    password = core.password()
    (reply,) = core.ask(EnterPassword(ADDRESS, f" {password[:3]}{blank}{password[3:]} "))
    assert isinstance(reply, wire.Status) and reply.phase is Phase.ONLINE


def test_administrator_ends_a_visit(new_core: NewCore) -> None:
    core = new_core()
    core.log_in()
    assert core.ask(EndVisit(PHONE), role=Role.ADMINISTRATOR) == [wire.Done()]
    assert core.kernel.admitted == {}


def with_a_crowd(path: Path, size: int) -> tuple[Core, list[str]]:
    """A started core with this many devices online behind one port, and their MAC addresses."""
    core = Core(path, Terms(allowances=Allowances(number=Limit(100, 3600))))
    core.start()
    macs = []
    for number in range(1, size + 1):
        address, mac = f"10.77.1.{number}", f"02:00:00:00:02:{number:02x}"
        core.lan.devices[IPv4Address(address)] = mac
        core.lan.ports[mac] = "port2"
        core.ask(wire.AskPassword(address, NUMBER, wire.Language.KAZAKH))
        core.ask(EnterPassword(address, core.password()))
        macs.append(mac)
    return core, macs


def test_a_whole_switch_is_unplugged(tmp_path: Path) -> None:
    """Many departures are closed at once; who is admitted in the same batch still waits for the record."""
    core, crowd = with_a_crowd(tmp_path / "journal.db", 20)
    core.ask(ASK)
    password = core.password()
    assert set(core.kernel.admitted) == set(crowd)
    core.story.clear()
    replies: list[wire.Reply] = []
    core.engine.post(Requested(EnterPassword(ADDRESS, password), Role.PORTAL, replies.append))
    core.happen(*(DeviceLeft(core.now, mac, "port", core.now.utc_ms) for mac in crowd))
    assert set(core.kernel.admitted) == {PHONE}
    assert core.story == ["record " + " ".join(["visit_used"] * 20 + ["visit_away"] * 20 + ["visit_began"]), "admit"]
    core.crash()


def test_a_switch_is_unplugged_while_the_disk_is_full(tmp_path: Path) -> None:
    core, crowd = with_a_crowd(tmp_path / "journal.db", 10)
    core.disk.full = True
    core.happen(*(DeviceLeft(core.now, mac, "port", core.now.utc_ms) for mac in crowd))
    assert core.kernel.admitted == {}, "closed, though it cannot be recorded yet"
    core.disk.full = False
    core.wait(1)
    core.happen()
    assert len(recorded(tmp_path / "journal.db", VisitAway)) == 10
    core.crash()


def test_sources_of_presence_are_told_to_an_administrator_alone_and_without_a_journal_too(new_core: NewCore) -> None:
    core = new_core()
    told = wire.Sources((wire.Source("ports", True, "br-lan"),))
    assert core.ask(wire.ListSources()) == [Refused(Refusal.FORBIDDEN)]
    assert core.ask(wire.ListSources(), role=Role.ADMINISTRATOR) == [told]
    core.disk.full = True
    core.wait(30)
    assert core.ask(wire.ListSources(), role=Role.ADMINISTRATOR) == [told]
