"""The auditor can fail: each kind of violation is fed to it, beside a story in which all was well."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from tests.chaos.auditor import Auditor, Law
from tests.chaos.book import (
    FIRST_PORT,
    HOME,
    Allows,
    AnyNote,
    Asked,
    Came,
    Entered,
    Fault,
    Helped,
    Inspected,
    Left,
    Packet,
    Quit,
    Saw,
    Says,
    Tried,
)
from tests.chaos.evidence import Admitted, Arrival, Entry, Evidence, Person, Text

MAC, ADDRESS, NUMBER = "02:00:00:00:00:01", "10.77.0.9", "+77012000001"
PERSON = Person(1, MAC, NUMBER)
_EXCUSES = {Allows.NEW_JOURNAL, Allows.OUT_OF_RANGE, Allows.NAMES_LATE, Allows.KEPT_BACK, Allows.REJOIN}
EVERY_TROUBLE = tuple(allows for allows in Allows if allows not in _EXCUSES)
DIGESTS = [bytes([number]) * 32 for number in range(100)]


def entry(seq: int, at_ms: int, kind: str, **body: Any) -> Entry:
    return Entry(seq, at_ms, kind, {"device": MAC, **body}, DIGESTS[seq], whole=True)


NOTES: Sequence[AnyNote] = (
    Came(1_000, 1_050),
    Saw(1_500, 1_520, 200, (Says.FORM,)),
    Asked(2_000, 2_050, NUMBER, 303, "/"),
    Saw(2_500, 2_520, 200, (Says.ARRIVED,)),
    Entered(2_600, 2_650, False, 422),
    Entered(3_000, 3_050, True, 303, "/online"),
    Saw(4_000, 4_020, 200, (Says.ONLINE,)),
    Tried(6_000, 6_020, True),
    Left(30_000, 30_040),
)
ENTRIES = (
    entry(1, 2_010, "password_asked", number=NUMBER),
    entry(2, 3_020, "visit_began", visit="v1", addresses=[ADDRESS]),
    entry(3, 30_030, "visit_away", visit="v1", left_utc_ms=30_025, proof="port"),
    entry(4, 40_000, "visit_ended", visit="v1", left_utc_ms=30_025, proof="port"),
)
PACKETS = (Packet(5_000, "203.0.113.2", "198.51.100.10", socket.IPPROTO_UDP, FIRST_PORT + 1),)
WELL = Evidence(
    [PERSON],
    60_000,
    {MAC: NOTES},
    PACKETS,
    [Arrival(6_010, "http", f"v1.{HOME} GET / HTTP/1.1")],
    ENTRIES,
    ENTRIES,
    texts=[Text(2_100, NUMBER, "password 123456")],
)


def laws(evidence: Evidence) -> set[Law]:
    return {violation.law for violation in Auditor().audit(evidence)}


def with_notes(*notes: AnyNote, without: type[AnyNote] | None = None) -> Evidence:
    kept = [note for note in NOTES if without is None or not isinstance(note, without)]
    return replace(WELL, notes={MAC: sorted([*kept, *notes], key=lambda note: note.began_ms)})


def with_entry(seq: int, changed: Entry) -> Evidence:
    entries = [changed if each.seq == seq else each for each in ENTRIES]
    return replace(WELL, entries=entries, before=entries)


def during(evidence: Evidence, *allows: Allows, began_ms: int = 0, settled_ms: int = 50_000) -> Evidence:
    """As if something had been broken that allows this."""
    return replace(evidence, faults=[Fault("broken", began_ms, settled_ms, allows)])


def test_a_story_in_which_all_was_well() -> None:
    assert Auditor().audit(WELL) == []


@pytest.mark.parametrize(
    "packet",
    [
        Packet(1_200, "10.77.0.9", "198.51.100.10", socket.IPPROTO_UDP, FIRST_PORT + 1),  # before it was let in
        Packet(36_000, "203.0.113.2", "2001:db8:1::10", socket.IPPROTO_TCP, FIRST_PORT + 1),  # after it was closed
        Packet(5_000, "203.0.113.2", "192.0.2.1", socket.IPPROTO_UDP, 9),  # nobody's
        Packet(5_000, "10.77.0.9", "192.0.2.1", socket.IPPROTO_ICMP, 0),
    ],
)
def test_a_packet_of_a_device_that_is_not_admitted(packet: Packet) -> None:
    assert laws(replace(WELL, packets=[packet])) == {Law.PASSED}
    assert laws(during(replace(WELL, packets=[packet]), *EVERY_TROUBLE)) == {Law.PASSED}, "nothing excuses it"


@pytest.mark.parametrize("service", ["http", "dns"])
@pytest.mark.parametrize("name", [f"v1.{HOME}", "tunnel.example"])
def test_a_request_that_arrived_of_a_device_that_is_not_admitted(service: str, name: str) -> None:
    assert laws(replace(WELL, arrivals=[Arrival(1_200, service, f"A {name}")])) == {Law.PASSED}


def test_a_question_that_the_resolver_had_before() -> None:
    late = replace(WELL, arrivals=[Arrival(36_000, "dns", f"A v1.{HOME}")])
    assert laws(during(late, Allows.NAMES_LATE, began_ms=20_000)) == set()
    assert laws(during(late, Allows.NAMES_LATE, began_ms=31_000)) == {Law.PASSED}, "it was closed before"
    page = replace(late, arrivals=[Arrival(36_000, "http", f"v1.{HOME} GET /")])
    assert laws(during(page, Allows.NAMES_LATE, began_ms=20_000)) == {Law.PASSED}


@pytest.mark.parametrize("at_ms", [36_000, 29_500])
def test_a_packet_that_waited_for_the_line(at_ms: int) -> None:
    waited = replace(WELL, packets=[replace_at(PACKETS[0], at_ms)])
    waited = replace(waited, notes=with_notes(Quit(29_000, 29_010, 303)).notes)
    assert laws(during(waited, Allows.KEPT_BACK, began_ms=20_000)) == set()
    assert laws(during(waited, Allows.KEPT_BACK, began_ms=31_000)) == {Law.PASSED}, "it was closed before"
    assert laws(during(waited, Allows.NAMES_LATE, began_ms=20_000)) == {Law.PASSED}, "it is no question of a name"


def test_a_packet_after_the_visitor_had_said_that_it_leaves() -> None:
    said = with_notes(Quit(10_000, 10_020, 303))
    assert laws(replace(said, packets=[replace_at(PACKETS[0], 10_500)])) == {Law.PASSED}


def replace_at(packet: Packet, at_ms: float) -> Packet:
    return Packet(at_ms, packet.source, packet.destination, packet.protocol, packet.port)


def test_a_packet_that_the_journal_explains_and_the_visitor_does_not() -> None:
    assert laws(with_notes(without=Entered)) == {Law.PASSED, Law.BEGAN}


@pytest.mark.parametrize(
    "admitted",
    [
        Admitted(four=frozenset({(MAC, ADDRESS)})),
        Admitted(six=frozenset({"2001:db8::1"})),
        Admitted(six=frozenset({MAC})),
    ],
)
def test_a_device_in_the_kernel_s_sets_without_a_visit(admitted: Admitted) -> None:
    assert laws(replace(WELL, admitted=admitted)) == {Law.UNRECORDED}
    four = replace(WELL, admitted=Admitted(four=frozenset({(MAC, ADDRESS)})), before=ENTRIES[:2])
    assert laws(four) == set(), "it was closed while we read"


def test_a_visit_of_nobody() -> None:
    elsewhere = entry(5, 50_000, "visit_began", visit="v2", addresses=[], device="02:00:00:00:00:99")
    assert laws(replace(WELL, entries=[*ENTRIES, elsewhere])) == {Law.BEGAN}


def test_a_visit_that_began_when_nobody_entered_anything() -> None:
    late = with_entry(2, entry(2, 4_800, "visit_began", visit="v1", addresses=[ADDRESS]))
    assert Law.BEGAN in laws(late)


@pytest.mark.parametrize("left_ms", [38_000, 80_000])
def test_an_end_that_is_later_than_the_truth(left_ms: int) -> None:
    told = with_entry(3, entry(3, 38_100, "visit_away", visit="v1", left_utc_ms=left_ms, proof="port"))
    assert laws(told) == {Law.ENDED}
    assert laws(during(told, *EVERY_TROUBLE)) == {Law.ENDED}, "too early at times, never too late"


def test_an_end_that_is_earlier_than_the_truth() -> None:
    told = with_entry(3, entry(3, 30_030, "visit_away", visit="v1", left_utc_ms=25_000, proof="port"))
    assert laws(told) == {Law.THROWN_OUT}
    assert laws(during(told, Allows.UNWATCHED, began_ms=29_000)) == set(), "the gate before did not live to see it"
    assert laws(during(told, Allows.NO_PAGE, began_ms=29_000)) == {Law.THROWN_OUT}
    earlier = with_entry(3, entry(3, 30_030, "visit_away", visit="v1", left_utc_ms=7_500, proof="port"))
    assert laws(during(earlier, Allows.UNWATCHED, began_ms=29_000)) == {Law.THROWN_OUT}, "it is alive every 20 s"


def test_a_visitor_who_did_not_leave_and_was_thrown_out() -> None:
    assert laws(with_notes(without=Left)) == {Law.THROWN_OUT}


def test_a_visitor_who_was_cut_off_by_what_was_broken_has_left() -> None:
    cut = with_notes(without=Left)
    assert laws(during(cut, Allows.OUT_OF_RANGE, began_ms=30_000, settled_ms=31_000)) == set()
    assert laws(during(cut, Allows.OUT_OF_RANGE, began_ms=31_000, settled_ms=32_000)) == {Law.THROWN_OUT}


def test_a_visitor_who_pressed_the_button_was_not_thrown_out() -> None:
    pressed = with_entry(3, entry(3, 20_030, "visit_ended", visit="v1", left_utc_ms=20_020, proof="visitor"))
    assert laws(replace(pressed, notes=with_notes(Quit(20_000, 20_050, 303)).notes)) == set()


@pytest.mark.parametrize("entries", [ENTRIES[:2], (*ENTRIES[:2], replace(ENTRIES[2], at_ms=55_000))])
def test_a_visitor_who_left_and_was_still_admitted(entries: Sequence[Entry]) -> None:
    closed_late = replace(WELL, entries=entries, before=entries)
    assert laws(closed_late) == {Law.OPEN}
    assert laws(during(closed_late, Allows.UNWATCHED)) == set(), "nobody watched"
    assert laws(during(closed_late, Allows.NO_PAGE)) == {Law.OPEN}
    assert laws(during(closed_late, Allows.UNWATCHED, settled_ms=31_000)) == {Law.OPEN}, "and then somebody did"


@pytest.mark.parametrize("came_ms", [31_000, 36_000])
def test_a_visitor_who_was_back_within_the_grace_before_anybody_noticed(came_ms: int) -> None:
    back = with_notes(Came(came_ms, came_ms + 50), Left(55_000, 55_040))
    unnoticed = replace(back, entries=ENTRIES[:2], before=ENTRIES[:2], grace_ms=5_000)
    assert laws(unnoticed) == ({Law.OPEN} if came_ms > 35_000 else set())


def test_an_entry_that_was_acknowledged_and_is_not_there() -> None:
    assert Law.LOST in laws(replace(WELL, entries=ENTRIES[1:], before=ENTRIES[1:])), "the password that was promised"
    assert Law.LOST in laws(replace(WELL, entries=ENTRIES[:1], before=ENTRIES[:1])), "the visit that was opened"


def test_an_entry_that_was_read_once_and_is_not_there_or_different() -> None:
    for later in (ENTRIES[:3], (replace(ENTRIES[0], digest=DIGESTS[9]), *ENTRIES[1:])):
        auditor = Auditor()
        assert auditor.audit(WELL) == []
        assert {found.law for found in auditor.audit(replace(WELL, entries=later, before=later))} == {Law.LOST}


def test_another_journal_after_one_that_was_damaged() -> None:
    anew = (entry(1, 10_000, "visit_began", visit="v1", addresses=[ADDRESS]), replace(ENTRIES[2], seq=2))
    auditor = Auditor()
    assert auditor.audit(replace(WELL, read_ms=9_000, entries=ENTRIES[:2], before=ENTRIES[:2])) == []
    later = during(replace(WELL, entries=anew, before=anew), Allows.NEW_JOURNAL, began_ms=9_000, settled_ms=11_000)
    assert auditor.audit(later) == [], "of what was before it has no account"
    assert auditor.audit(replace(later, entries=anew[:1], before=anew[:1])) != [], "of what comes after it has"
    assert laws(replace(WELL, entries=anew, before=anew)) == {Law.BEGAN, Law.LOST, Law.PAGE, Law.PASSED, Law.SMS}


def test_a_broken_chain() -> None:
    assert laws(with_entry(2, replace(ENTRIES[1], whole=False))) == {Law.CHAIN}


def test_sms_beyond_the_budget() -> None:
    assert laws(replace(WELL, budget=0)) == {Law.SMS}


def test_an_sms_that_came_twice() -> None:
    twice = replace(WELL, texts=[*WELL.texts, Text(2_300, NUMBER, "password 123456")])
    assert laws(twice) == {Law.SMS}
    assert laws(during(twice, Allows.SMS_TWICE)) == set(), "the documented case"
    assert laws(during(twice, Allows.NO_SMS)) == {Law.SMS}
    thrice = replace(twice, texts=[*twice.texts, Text(2_400, NUMBER, "password 123456")])
    assert laws(during(thrice, Allows.SMS_TWICE)) == {Law.SMS}


def test_an_sms_that_nobody_asked_for() -> None:
    assert laws(replace(WELL, texts=[*WELL.texts, Text(2_300, NUMBER, "password 654321")])) == {Law.SMS}


@pytest.mark.parametrize(
    "seen",
    [
        Saw(1_500, 1_520, 200, (Says.ONLINE,)),
        Saw(1_500, 1_520, 200, (Says.ARRIVED,)),
        Saw(1_500, 1_520, 200, (Says.WRONG,)),
        Saw(1_500, 1_520, 200, (Says.QUIT,)),
        Saw(1_500, 1_520, 200, (Says.AWAY,)),
        Saw(1_500, 1_520, 200, (Says.SENT_AWAY,)),
        Saw(8_000, 8_020, 200, (Says.FORM,)),
        Saw(8_000, 8_020, 200, (Says.NOT_ASKED,)),
        Saw(8_000, 8_020, 200, (Says.ARRIVED,)),
        Saw(8_000, 8_020, 200, (Says.QUEUED,)),
    ],
)
def test_a_page_with_a_sentence_that_is_never_true(seen: Saw) -> None:
    assert laws(with_notes(seen)) == {Law.PAGE}
    assert laws(during(with_notes(seen), *EVERY_TROUBLE)) == {Law.PAGE}, "nothing excuses it"


@pytest.mark.parametrize(
    ("seen", "allows"),
    [
        (Saw(8_000, 8_020), Allows.NO_PAGE),
        (Saw(8_000, 8_020, 200, ()), Allows.NO_PAGE),
        (Saw(8_000, 8_020, 503, (Says.MOMENT,)), Allows.NO_PAGE),
        (Saw(8_000, 8_020, 200, (Says.NO_SMS,)), Allows.NO_SMS),
        (Saw(8_000, 8_020, 200, (Says.LOGGED_IN, Says.NO_UPLINK)), Allows.NO_UPLINK),
        (Saw(8_000, 8_020, 503, (Says.NO_RECORD,)), Allows.NO_RECORD),
        (Tried(8_000, 8_020, False), Allows.NO_INTERNET),
    ],
)
def test_what_is_true_only_while_something_is_broken(seen: AnyNote, allows: Allows) -> None:
    wrong = {Law.CUT_OFF} if isinstance(seen, Tried) else {Law.PAGE}
    assert laws(with_notes(seen)) == wrong
    assert laws(during(with_notes(seen), allows)) == set()
    others = [each for each in EVERY_TROUBLE if each is not allows]
    assert laws(during(with_notes(seen), *others)) == wrong, "another fault is no excuse"
    assert laws(during(with_notes(seen), allows, began_ms=9_000)) == wrong, "one that came later neither"


def test_who_was_let_in_at_the_desk() -> None:
    helped = with_notes(Helped(3_000, 3_050, done=True), without=Entered)
    assert laws(helped) == set()
    assert Law.LOST in laws(replace(helped, entries=ENTRIES[:1], before=ENTRIES[:1]))
    assert laws(with_notes(Helped(5_000, 5_400, done=False), without=Entered)) == {Law.BEGAN}


def test_an_extract_that_is_not_whole_or_not_there() -> None:
    spoilt = replace(WELL, inspections=[Inspected(5_000, 6_000, made=True, whole=False)])
    assert laws(spoilt) == {Law.EXTRACT}
    assert laws(during(spoilt, Allows.NO_PAGE)) == {Law.EXTRACT}
    missing = replace(WELL, inspections=[Inspected(5_000, 6_000, made=False)])
    assert laws(missing) == {Law.EXTRACT}
    assert laws(during(missing, began_ms=5_500)) == set(), "something is broken"
    assert laws(replace(WELL, inspections=[Inspected(5_000, 6_000, made=True, whole=True)])) == set()


def test_whose_lease_was_lost_is_told_to_join_anew() -> None:
    told = with_notes(Saw(8_000, 8_020, 403, (Says.STRANGER,)))
    assert laws(told) == {Law.PAGE}
    assert laws(during(told, Allows.REJOIN, began_ms=2_000, settled_ms=3_000)) == set()
    assert laws(during(told, Allows.REJOIN, began_ms=500, settled_ms=900)) == {Law.PAGE}, "it came later"


def test_each_violation_is_told_once() -> None:
    auditor = Auditor()
    wrong = with_notes(Saw(1_500, 1_520, 200, (Says.ONLINE,)))
    assert len(auditor.audit(wrong)) == 1
    assert auditor.audit(wrong) == []
    assert len(auditor.found) == 1


def test_the_auditor_has_no_code_of_the_product() -> None:
    loaded = "import sys, tests.chaos.auditor, tests.chaos.evidence; print(*sys.modules)"
    told = subprocess.run([sys.executable, "-c", loaded], capture_output=True, check=True, text=True).stdout.split()
    ours = {name for name in told if name.split(".")[0] in _PRODUCT}
    assert ours == set()


_PRODUCT = {"appliance", "portal", "firewall", "sms", "journal", "paper"}
