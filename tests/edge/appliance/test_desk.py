"""The desk on a real journal file: who may ask what, which device is meant, what stays after a crash."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Address
from pathlib import Path
from typing import get_args

import pytest
from msgspec.structs import replace

from appliance import wire
from appliance.desk import WRONG_CODES
from appliance.desk_reception import DeskSettings, Place
from appliance.inbox import Role
from appliance.state import Terms
from appliance.wire import Done, Phase, Refusal, Refused, Status
from appliance.wire_console import (
    Block,
    FindVisits,
    ListBlocks,
    LookAtFigures,
    LookAtVenue,
    NoteStaff,
    NoteTestSms,
    StaffAct,
    Unblock,
)
from appliance.wire_desk import (
    AdmitByDocument,
    AskPasswordAtDesk,
    DeskRefusal,
    DeskRefused,
    EnterPasswordAtDesk,
    FindDevice,
    Found,
    ListVouchers,
    ListWorkstations,
    MadeVouchers,
    MakeVouchers,
    Person,
    VoidVouchers,
    Vouchers,
    Workstation,
    Workstations,
)
from appliance.wire_journal import LookAtKey, NoteBackup, NoteLook, SignExtract
from journal.visits import entries
from tests.edge.appliance.venue import ADDRESS, NUMBER, PHONE, Core

PERSON = Person("Әбенова", "Гүлнұр")
PC, PC_ADDRESS = "02:00:00:00:00:03", "10.77.0.30"
DESK = DeskSettings(workstations={"3": Place(PC, ""), "4": Place("", "lan4")})
REQUESTS: dict[type, wire.Request] = {
    type(request): request
    for request in (
        wire.Look(ADDRESS),
        wire.AskPassword(ADDRESS, NUMBER, wire.Language.KAZAKH),
        wire.EnterPassword(ADDRESS, "000000"),
        wire.ListVisits(),
        wire.LookAtSpending(),
        wire.ListSources(),
        wire.EndVisit(PHONE),
        wire.ChooseLanguage(ADDRESS, wire.Language.KAZAKH),
        wire.AskCode(ADDRESS),
        wire.Leave(ADDRESS),
        wire.RedeemVoucher(ADDRESS, "ACDEFHJKLMNP"),
        FindDevice("aigul", workstation="3"),
        ListWorkstations("aigul"),
        AdmitByDocument("aigul", person=PERSON),
        AskPasswordAtDesk("aigul", number=NUMBER, language=wire.Language.KAZAKH),
        EnterPasswordAtDesk("aigul", password="000000"),
        MakeVouchers("aigul", label="", count=1),
        ListVouchers("aigul"),
        VoidVouchers("aigul", batch=""),
        LookAtKey(),
        SignExtract("aigul", "checked", None, None, "0" * 64),
        NoteLook("aigul", "live visits"),
        NoteBackup("copy.db", 1, "0" * 64, "root"),
        NoteTestSms("aigul", NUMBER),
        LookAtVenue(),
        FindVisits(),
        Block("aigul", "noise", device=PC),
        Unblock("aigul", "none"),
        ListBlocks(),
        NoteStaff("aigul", StaffAct.SIGNED_IN),
        LookAtFigures(),
    )
}
PORTALS = {"Look", "AskPassword", "EnterPassword", "ChooseLanguage", "AskCode", "Leave", "RedeemVoucher"}
ADMINISTRATORS = {"NoteBackup"}


@pytest.fixture
def core(tmp_path: Path) -> Iterator[Core]:
    core = Core(tmp_path / "journal.db", Terms(vouchers=True, voucher_needs_sms=False), desk=DESK)
    core.start()
    yield core
    core.crash()


def ask(core: Core, request: wire.Request) -> wire.Reply:
    (reply,) = core.ask(request, role=Role.STAFF)
    return reply


def code(core: Core, ip: str = ADDRESS) -> str:
    (reply,) = core.ask(wire.AskCode(ip))
    assert isinstance(reply, Status) and reply.code
    return reply.code


def kinds(core: Core) -> list[str]:
    return [str(entry.__struct_config__.tag) for _, _, entry in entries(core.path)]


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("kind", get_args(wire.Request))
def test_who_may_ask_what(core: Core, kind: type, role: Role) -> None:
    (reply,) = core.ask(REQUESTS[kind], role=role)
    name = kind.__name__
    allowed = {
        Role.PORTAL: name in PORTALS,
        Role.STAFF: name not in ADMINISTRATORS,
        Role.ADMINISTRATOR: True,
    }[role]
    assert (reply != Refused(Refusal.FORBIDDEN)) is allowed


def test_a_phone_is_admitted_by_its_code(core: Core) -> None:
    typed = code(core)
    found = ask(core, FindDevice("aigul", code=f" {typed[:3].lower()}-{typed[3:]}"))
    assert isinstance(found, Found) and (found.device, found.phase) == (PHONE, Phase.STRANGER)
    admitted = ask(core, AdmitByDocument("aigul", code=typed, workstation="3", person=PERSON))
    assert isinstance(admitted, Found) and (admitted.phase, admitted.method) == (Phase.ONLINE, "document")
    assert core.story[-2:] == ["record visit_began visitor_identified", "admit"]
    (visits,) = core.ask(wire.ListVisits(), role=Role.STAFF)
    assert isinstance(visits, wire.Visits)
    assert [(visit.number, visit.method) for visit in visits.visits] == [("", "document")]
    assert ask(core, wire.EndVisit(PHONE, "aigul")) == Done()
    (ended,) = [entry for _, _, entry in entries(core.path) if str(entry.__struct_config__.tag) == "visit_ended"]
    assert (getattr(ended, "proof", ""), getattr(ended, "staff", "")) == ("staff", "aigul")


def test_a_workstation_is_found_by_mac_or_port(core: Core) -> None:
    assert ask(core, FindDevice("aigul", workstation="3")) == DeskRefused(DeskRefusal.NOBODY_THERE)
    core.lan.devices[IPv4Address(PC_ADDRESS)] = PC
    core.lan.ports[PC] = "lan4"
    for number in ("3", "4"):
        found = ask(core, FindDevice("aigul", workstation=number))
        assert isinstance(found, Found) and found.device == PC
    assert ask(core, ListWorkstations("aigul")) == Workstations(
        (Workstation("3", PC, Phase.STRANGER), Workstation("4", PC, Phase.STRANGER))
    )
    core.lan.ports[PHONE] = "lan4"
    assert ask(core, FindDevice("aigul", workstation="4")) == DeskRefused(DeskRefusal.SEVERAL_THERE)
    assert ask(core, FindDevice("aigul", workstation="9")) == DeskRefused(DeskRefusal.WORKSTATION_UNKNOWN)
    assert ask(core, FindDevice("aigul")) == DeskRefused(DeskRefusal.DEVICE_UNNAMED)
    admitted = ask(core, AdmitByDocument("aigul", workstation="3", person=PERSON))
    assert isinstance(admitted, Found) and admitted.device == PC
    assert core.kernel.admitted == {PC: frozenset({IPv4Address(PC_ADDRESS)})}


def test_bad_fields_change_nothing(core: Core) -> None:
    typed = code(core)
    long = AdmitByDocument("aigul", code=typed, person=Person("А" * 1000, "Б"))
    assert wire.decode_request(wire.encode(long)) == long, "it reaches the gate, to be told by name"
    assert len(wire.encode(long)) < wire.MAX_REQUEST_BYTES
    assert ask(core, long) == DeskRefused(DeskRefusal.TOO_LONG, "surname")
    assert ask(core, replace(long, person=replace(PERSON, iin="1"))) == DeskRefused(DeskRefusal.FIELD_OFF, "iin")
    assert ask(core, replace(long, staff=" ", person=PERSON)) == DeskRefused(DeskRefusal.STAFF_UNNAMED)
    assert ask(core, replace(long, staff="a\x1b[2J", person=PERSON)) == DeskRefused(DeskRefusal.CHARACTERS, "staff")
    unnamed = AskPasswordAtDesk(" ", code=typed, number=NUMBER, language=wire.Language.KAZAKH)
    assert ask(core, unnamed) == DeskRefused(DeskRefusal.STAFF_UNNAMED)
    acting = MakeVouchers("aigul", label="Summer\x1b[2J", count=1)
    assert ask(core, acting) == DeskRefused(DeskRefusal.CHARACTERS, "label")
    assert (core.kernel.admitted, kinds(core)) == ({}, ["gate_started"])


def test_wrong_codes_are_limited_by_employee(core: Core) -> None:
    typed = code(core)
    wrong = "ACDEFH" if typed != "ACDEFH" else "ACDEFJ"
    assert ask(core, FindDevice("mallory", code="?")) == DeskRefused(DeskRefusal.CODE_MALFORMED)
    for _ in range(WRONG_CODES.count):
        assert ask(core, FindDevice("mallory", code=wrong)) == DeskRefused(DeskRefusal.CODE_UNKNOWN)
    refused = ask(core, FindDevice("mallory", code=typed))
    assert refused == DeskRefused(DeskRefusal.TOO_MANY_CODES, retry_in_s=WRONG_CODES.window_s)
    assert isinstance(ask(core, FindDevice("aigul", code=typed)), Found)
    assert kinds(core).count("desk_failed") == 1


def test_wrong_codes_count_while_nothing_can_be_recorded(core: Core) -> None:
    """A full disk must be no time for guessing."""
    typed = code(core)
    wrong = FindDevice("mallory", code="ACDEFH" if typed != "ACDEFH" else "ACDEFJ")
    core.disk.full = True
    unrecorded = wire.AskPassword(ADDRESS, NUMBER, wire.Language.KAZAKH)
    replies = core.ask(*[wrong] * WRONG_CODES.count, unrecorded, role=Role.ADMINISTRATOR)
    assert replies == [DeskRefused(DeskRefusal.CODE_UNKNOWN)] * WRONG_CODES.count + [
        Refused(Refusal.JOURNAL_UNAVAILABLE)
    ]
    refused = ask(core, FindDevice("mallory", code=typed))
    assert refused == DeskRefused(DeskRefusal.TOO_MANY_CODES, retry_in_s=WRONG_CODES.window_s)


def test_a_told_password(core: Core) -> None:
    typed = code(core)
    request = AskPasswordAtDesk("aigul", code=typed, number="8 701 123 45 67", language=wire.Language.RUSSIAN)
    asked = ask(core, request)
    assert isinstance(asked, Status) and (asked.phase, asked.number) == (Phase.ASKED, NUMBER)
    right = core.password()
    wrong = f"{(int(right) + 1) % 1_000_000:06}"
    enter = EnterPasswordAtDesk("aigul", code=typed, password=wrong)
    assert ask(core, enter) == Refused(Refusal.PASSWORD_WRONG, tries_left=4)
    entered = ask(core, replace(enter, password=right))
    assert isinstance(entered, Status) and (entered.phase, entered.method) == (Phase.ONLINE, "desk")


def test_nobody_is_admitted_without_a_record(core: Core) -> None:
    typed = code(core)
    core.disk.full = True
    request = AdmitByDocument("aigul", code=typed, person=PERSON)
    assert ask(core, request) == Refused(Refusal.JOURNAL_UNAVAILABLE)
    assert core.kernel.admitted == {}
    assert isinstance(ask(core, FindDevice("aigul", code=typed)), Found), "looking is still answered"
    core.disk.full = False
    assert isinstance(ask(core, request), Found)


def test_vouchers_from_the_desk_to_the_page(core: Core, tmp_path: Path) -> None:
    made = ask(core, MakeVouchers("aigul", label="Жаз", count=3, max_s=3600))
    assert isinstance(made, MadeVouchers) and len(set(made.codes)) == 3
    core.crash()
    raw = b"".join(path.read_bytes() for path in tmp_path.glob("journal.db*"))
    assert not [each for each in made.codes if each.encode() in raw], "keyed hashes only"
    again = Core(tmp_path / "journal.db", Terms(vouchers=True, voucher_needs_sms=False), desk=DESK)
    again.start()
    (malformed,) = again.ask(wire.RedeemVoucher(ADDRESS, "12"))
    assert malformed == Refused(Refusal.VOUCHER_MALFORMED)
    (redeemed,) = again.ask(wire.RedeemVoucher(ADDRESS, made.codes[0].lower()))
    assert isinstance(redeemed, Status) and (redeemed.phase, redeemed.seconds_remaining) == (Phase.ONLINE, 3600)
    told = ask(again, ListVouchers("aigul"))
    assert isinstance(told, Vouchers)
    assert [(batch.label, batch.used, batch.count, batch.void) for batch in told.batches] == [("Жаз", 1, 3, False)]
    assert ask(again, VoidVouchers("aigul", batch=made.batch)) == Done()
    assert ask(again, VoidVouchers("aigul", batch="nope")) == DeskRefused(DeskRefusal.NO_SUCH_BATCH)
    assert kinds(again)[-4:] == ["gate_started", "visit_began", "voucher_redeemed", "vouchers_voided"]
    again.crash()
