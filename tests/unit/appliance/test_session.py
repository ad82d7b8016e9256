"""The product's promises as dialogues (``dialogue.py`` says how to read them)."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appliance import wire
from appliance.addresses import MAX_CLAIMANTS
from appliance.allowances import Allowances, Limit
from appliance.effects import Admit, Answer, Keep, Record, Revoke, SendPassword
from appliance.events import DeviceLeft, Event, MessageReported, MessageState, Stopping, VisitsListed
from appliance.state import Terms, Visit
from journal import entries
from tests.unit.appliance.dialogue import ADDRESS, NOON_MS, NUMBER, OTHER, PHONE, Dialogue

ASKED = ["record password_asked", "send to +77011234567", "answer asked"]
ADMITTED = ["record visit_began", f"admit 01 {ADDRESS}", "answer online"]


def test_whole_stay() -> None:
    """¶5 to ¶9: ask, mistype, enter, leave, come back within the grace, leave for good, ask anew."""
    talk = Dialogue()
    talk.says(talk.looked(), ["answer stranger"])
    talk.says(talk.asked(), ASKED)
    talk.says(talk.reported(MessageState.SENT), ["record password_sent"])
    talk.says(talk.reported(MessageState.DELIVERED), ["record password_delivered"])
    talk.says(talk.entered("000000"), ["record password_wrong tries=4", "refuse password_wrong tries=4"])
    talk.says(talk.entered("123456"), ADMITTED)
    talk.wait(600)
    talk.says(talk.left(), [f"revoke 01 {ADDRESS}", "record visit_away by port at 1600"])
    talk.says(talk.looked(), ["answer away"])
    talk.wait(59)
    talk.says(talk.seen(), ["record visit_resumed", f"admit 01 {ADDRESS}"])
    talk.wait(100)
    talk.says(talk.left(), [f"revoke 01 {ADDRESS}", "record visit_away by port at 1759"])
    talk.wait(60)
    talk.says(talk.tick(), [f"revoke 01 {ADDRESS}", "record visit_ended by port at 1759"])
    talk.says(talk.seen(), [])
    talk.says(talk.looked(), ["answer stranger"])
    talk.says(talk.entered(), ["refuse no_password_asked"])


def test_record_comes_before_admit_and_revoke_before_record() -> None:
    """Law 2, as the order within one step."""
    talk = Dialogue()
    talk.step(talk.asked())
    admitting = [type(effect) for effect in talk.step(talk.entered()) if not isinstance(effect, Keep)]
    assert admitting == [Record, Admit, Answer]
    leaving = [type(effect) for effect in talk.step(talk.left()) if not isinstance(effect, Keep)]
    assert leaving == [Revoke, Record]


def test_strict_venue_knows_no_grace() -> None:
    talk = Dialogue(Terms(grace_s=0))
    talk.online()
    talk.says(talk.left(), [f"revoke 01 {ADDRESS}", "record visit_ended by port at 1000"])
    talk.says(talk.seen(), [])


def test_who_was_silent_for_its_whole_window_is_not_waited_for() -> None:
    talk = Dialogue()
    talk.online()
    talk.wait(935)
    silent = DeviceLeft(talk.at, PHONE, "silence", left_utc_ms=talk.at.utc_ms - 935_000, final=True)
    talk.says(silent, [f"revoke 01 {ADDRESS}", "record visit_ended by silence at 1000"])
    talk.says(talk.seen(), [])


def test_return_after_the_grace_but_before_the_tick_is_too_late() -> None:
    talk = Dialogue()
    talk.online()
    talk.step(talk.left())
    talk.wait(60)
    talk.says(talk.seen(), [f"revoke 01 {ADDRESS}", "record visit_ended by port at 1000"])


def test_password_is_good_for_one_visit() -> None:
    """Law 5, ¶8: used once, it is gone, however soon the visit ended."""
    talk = Dialogue(Terms(grace_s=0))
    talk.online()
    talk.step(talk.left())
    talk.says(talk.entered("123456"), ["refuse no_password_asked"])


def test_new_password_voids_the_old() -> None:
    talk = Dialogue()
    talk.says(talk.asked("111111"), ["record password_asked", "send to +77011234567", "answer asked"])
    talk.wait(61)
    talk.says(talk.asked("222222"), ["record password_asked", "send to +77011234567", "answer asked"])
    talk.says(talk.entered("111111"), ["record password_wrong tries=4", "refuse password_wrong tries=4"])
    talk.says(talk.entered("222222"), ADMITTED)


def test_password_of_one_device_is_nothing_for_another() -> None:
    talk = Dialogue()
    talk.says(talk.asked("111111"), ["record password_asked", "send to +77011234567", "answer asked"])
    talk.step(talk.asked("222222", device=OTHER))
    talk.says(talk.entered("111111", device=OTHER), ["record password_wrong tries=4", "refuse password_wrong tries=4"])


def test_five_tries_and_the_password_is_void() -> None:
    talk = Dialogue()
    talk.step(talk.asked())
    for left in (4, 3, 2, 1):
        talk.says(
            talk.entered("000000"), [f"record password_wrong tries={left}", f"refuse password_wrong tries={left}"]
        )
    talk.says(talk.entered("000000"), ["record password_wrong tries=0", "refuse too_many_tries tries=0"])
    talk.says(talk.entered("123456"), ["refuse too_many_tries tries=0"])
    talk.wait(60)
    talk.says(talk.asked(), ASKED)
    talk.says(talk.entered("123456"), ADMITTED)


def test_password_expires() -> None:
    talk = Dialogue()
    talk.step(talk.asked())
    talk.wait(300)
    talk.says(talk.entered(), ["refuse password_expired"])
    talk.says(talk.looked(), ["answer stranger"])
    talk.says(talk.tick(), [])
    talk.says(talk.entered(), ["refuse password_expired"])
    talk.wait(600)
    talk.says(talk.tick(), [])
    talk.says(talk.entered(), ["refuse no_password_asked"])


def test_same_number_must_wait_another_need_not() -> None:
    """Whoever mistyped the number should not stand there for a minute."""
    talk = Dialogue()
    talk.step(talk.asked())
    talk.wait(20)
    talk.says(talk.asked(), ["refuse too_soon retry=40"])
    talk.says(talk.asked(number="+77027654321"), ["record password_asked", "send to +77027654321", "answer asked"])


@pytest.mark.parametrize(
    ("allowances", "refusal"),
    [
        (Allowances(number=Limit(2, 3600)), "number_limit"),
        (Allowances(device=Limit(2, 3600)), "device_limit"),
        (Allowances(venue=Limit(2, 3600)), "venue_limit"),
    ],
)
def test_limits(allowances: Allowances, refusal: str) -> None:
    talk = Dialogue(Terms(resend_s=10, allowances=allowances))
    talk.says(talk.asked(), ASKED)
    talk.wait(10)
    talk.says(talk.asked(), ASKED)
    talk.wait(10)
    talk.says(talk.asked(), [f"refuse {refusal} retry=3580"])
    talk.crash()  # a restart forgets no limit
    talk.wait(3579)
    talk.says(talk.asked(), [f"refuse {refusal} retry=1"])
    talk.wait(1)
    talk.says(talk.asked(), ASKED)


def test_random_macs_do_not_get_around_the_number_limit() -> None:
    talk = Dialogue()
    sent = 0
    for device in range(100):
        effects = talk.step(talk.asked(device=f"02:00:00:00:01:{device:02x}"))
        sent += sum(isinstance(effect, SendPassword) for effect in effects)
    assert sent == 5


def test_forgotten_limits_leave_nothing_behind() -> None:
    talk = Dialogue()
    talk.step(talk.asked())
    talk.wait(86401)
    talk.step(talk.tick())
    assert not talk.session.asked
    assert set(talk.kept) == {"spending"}


def test_sms_that_failed_may_be_asked_again_at_once() -> None:
    talk = Dialogue()
    talk.step(talk.asked())
    talk.says(talk.reported(MessageState.FAILED, reason="0x0b"), ["record password_undelivered 0x0b"])
    talk.says(talk.asked(), ASKED)


def test_repeated_reports_change_nothing() -> None:
    talk = Dialogue()
    talk.step(talk.asked())
    talk.says(talk.reported(MessageState.SENT, message="never-ours"), [])
    talk.says(talk.reported(MessageState.DELIVERED), ["record password_delivered"])
    talk.says(talk.reported(MessageState.SENT), [])
    talk.says(talk.reported(MessageState.DELIVERED), [])


def test_late_reports_are_recorded_for_an_hour() -> None:
    """The journal says what became of every SMS, also when its visitor was quicker than the receipt."""
    talk = Dialogue()
    talk.step(talk.asked())
    talk.says(talk.reported(MessageState.SENT), ["record password_sent"])
    talk.step(talk.entered())
    talk.crash()
    talk.says(talk.reported(MessageState.DELIVERED), ["record password_delivered"])
    talk.step(talk.asked("222222", device=OTHER))
    talk.wait(301)
    talk.step(talk.tick())
    talk.says(talk.reported(MessageState.FAILED, "m2", "expired"), ["record password_undelivered expired"])
    talk.wait(3600)
    talk.step(talk.tick())
    assert not talk.session.messages


def test_sms_that_was_never_sent_does_not_count_against_the_number() -> None:
    talk = Dialogue(Terms(allowances=Allowances(device=Limit(100, 3600))))
    for _ in range(20):
        talk.says(talk.asked(), ASKED)
        talk.says(talk.reported(MessageState.FAILED, f"m{talk.messages}", "0x14"), ["record password_undelivered 0x14"])
    talk.step(talk.asked())
    talk.step(talk.reported(MessageState.SENT, f"m{talk.messages}"))
    talk.step(talk.reported(MessageState.FAILED, f"m{talk.messages}", "undeliverable"))
    assert [len(times) for (scope, _), times in talk.session.asked.items() if scope == "number"] == [1]


def test_second_tap_is_no_second_visit() -> None:
    talk = Dialogue()
    talk.online()
    talk.says(talk.entered("123456"), ["answer online"])
    talk.says(talk.asked(), ["refuse already_online"])


def test_device_that_left_while_its_request_was_on_the_way_is_not_admitted() -> None:
    """Nothing would ever tell that it left again."""
    talk = Dialogue()
    talk.step(talk.asked())
    talk.says(talk.entered(port=None), ["refuse unknown_device"])
    talk.says(talk.entered(), ADMITTED)


def test_asking_while_away_ends_the_old_visit() -> None:
    talk = Dialogue()
    talk.online()
    talk.step(talk.left())
    talk.wait(5)
    talk.says(talk.asked(), [f"revoke 01 {ADDRESS}", "record visit_ended by port at 1000", *ASKED])


def test_staff_ends_a_visit() -> None:
    talk = Dialogue()
    talk.says(talk.end(), ["refuse no_such_visit"])
    talk.online()
    talk.wait(3)
    talk.says(talk.end(), [f"revoke 01 {ADDRESS}", "record visit_ended by staff at 1003", "answer Done"])
    talk.says(talk.end(), ["refuse no_such_visit"])


def test_another_address_by_dhcp() -> None:
    talk = Dialogue()
    talk.says(talk.moved("10.77.0.99"), [])
    talk.online()
    talk.says(talk.moved(ADDRESS), [])
    talk.says(talk.moved("10.77.0.99"), [f"revoke 01 {ADDRESS}", "record visit_moved", "admit 01 10.77.0.99"])
    talk.step(talk.left())
    talk.says(talk.moved("10.77.0.98"), ["record visit_moved"])
    talk.says(talk.seen(address="10.77.0.98"), ["record visit_resumed", "admit 01 10.77.0.98"])


def test_whoever_comes_back_goes_on_under_the_address_dhcp_holds_now() -> None:
    """The old address may be somebody else's by then."""
    talk = Dialogue()
    talk.online()
    talk.step(talk.left())
    talk.says(talk.seen(address=""), ["record visit_resumed"])
    talk.says(talk.moved("10.77.0.77"), ["record visit_moved", "admit 01 10.77.0.77"])
    talk.step(talk.left())
    talk.says(talk.seen(address="10.77.0.78"), ["record visit_resumed", "admit 01 10.77.0.78"])


V6, V6_NEW = "fd77::10", "fd77::11"


def test_ipv6_address_that_appears_during_the_visit_needs_no_password() -> None:
    talk = Dialogue()
    talk.says(talk.learnt(V6), [])
    talk.online()
    talk.says(talk.learnt(V6), ["record visit_moved", f"admit 01 {V6}"])
    talk.says(talk.learnt(V6), [])
    talk.says(talk.learnt(V6_NEW), ["record visit_moved", f"admit 01 {V6_NEW}"])
    talk.says(talk.left(), [f"revoke 01 {ADDRESS} {V6} {V6_NEW}", "record visit_away by port at 1000"])
    talk.says(talk.learnt("fd77::12"), ["record visit_moved"])
    talk.says(talk.seen(), ["record visit_resumed", f"admit 01 {ADDRESS} {V6} {V6_NEW} fd77::12"])


def test_another_ipv4_address_is_dhcps_to_give() -> None:
    talk = Dialogue()
    talk.online()
    talk.says(talk.learnt("10.77.0.66"), [])
    talk.step(talk.learnt(V6))
    talk.says(talk.moved("10.77.0.99"), [f"revoke 01 {ADDRESS}", "record visit_moved", "admit 01 10.77.0.99"])
    assert talk.session.admitted() == {PHONE: (V6, "10.77.0.99")}


def test_address_claimed_by_another_device() -> None:
    """IPv4 is bound to the MAC address; where IPv6 cannot be, neither device may have a disputed address."""
    talk = Dialogue()
    talk.online()
    talk.step(talk.learnt(V6))
    talk.says(talk.learnt(ADDRESS, device=OTHER, previous=PHONE), ["record address_claimed kept=True"])
    talk.says(
        talk.learnt(V6, device=OTHER, previous=PHONE),
        ["record address_claimed kept=False", f"revoke 01 {V6}", "record visit_moved"],
    )
    assert talk.session.admitted() == {PHONE: (ADDRESS,)}


def test_each_claimant_of_an_ipv4_address_is_recorded_once() -> None:
    talk = Dialogue()
    talk.says(talk.disputed(OTHER), [])  # nobody's visit
    talk.online()
    talk.says(talk.disputed(OTHER, "10.77.0.99"), [])  # DHCP gave it another since
    for claimant in (OTHER, "02:00:00:00:00:03"):
        talk.says(talk.disputed(claimant), ["record address_claimed kept=True"])
        talk.says(talk.disputed(claimant), [])
        talk.says(talk.learnt(ADDRESS, device=claimant, previous=PHONE), [])
    assert talk.session.admitted() == {PHONE: (ADDRESS,)}
    talk.says(talk.end(), [f"revoke 01 {ADDRESS}", "record visit_ended by staff at 1000", "answer Done"])
    talk.online()
    talk.says(talk.disputed(OTHER), ["record address_claimed kept=True"])  # another visit, another record


def test_thousand_invented_claimants_do_not_fill_the_journal() -> None:
    talk = Dialogue()
    talk.online()
    told = [effect for number in range(1000) for effect in talk.step(talk.disputed(f"02:00:00:00:{number:04}"))]
    assert sum(isinstance(effect, Record) for effect in told) == MAX_CLAIMANTS


def test_roaming_is_no_leave() -> None:
    talk = Dialogue()
    talk.online()
    talk.says(talk.seen(port="port2"), [])
    assert talk.session.ports() == {PHONE: "port2"}


def test_killed_and_started_again_everybody_stays() -> None:
    talk = Dialogue()
    talk.online()
    talk.step(talk.asked("222222", device=OTHER, number="+77027654321"))
    talk.crash()
    talk.says(talk.started(), ["send to +77027654321", "record gate_started online=1 ended=0"])
    assert talk.session.admitted() == {PHONE: (ADDRESS,)}
    # The SMS is on its way again, so whoever waits for it has to wait as before.
    talk.wait(10)
    talk.says(talk.asked("333333", device=OTHER, number="+77027654321"), ["refuse too_soon retry=50"])


def test_an_sms_that_a_killed_gate_may_not_have_handed_over_is_handed_over_again() -> None:
    """Under its own name, to the same phone, in the same language and worth something until the same moment."""
    talk = Dialogue()
    (first,) = [effect for effect in talk.step(talk.asked()) if isinstance(effect, SendPassword)]
    talk.wait(20)
    for _ in range(2):  # and once more, if that gate is killed too
        talk.crash()
        (again,) = [effect for effect in talk.step(talk.started()) if isinstance(effect, SendPassword)]
        assert again == first
    talk.says(talk.entered(), ADMITTED)
    talk.crash()
    talk.says(talk.started(), ["record gate_started online=1 ended=0"])


def test_no_sms_is_handed_over_again_that_is_worth_nothing_or_was_taken() -> None:
    """Taken or refused by an SMSC; void after five tries, by time, by a newer one, by a reboot."""
    for state in MessageState:
        talk = Dialogue()
        talk.step(talk.asked())
        talk.step(talk.reported(state))
        talk.crash()
        talk.says(talk.started(), ["record gate_started online=0 ended=0"])
    void = Dialogue()
    void.step(void.asked())
    for _ in range(5):
        void.step(void.entered("000000"))
    void.crash()
    void.says(void.started(), ["record gate_started online=0 ended=0"])
    late = Dialogue()
    late.step(late.asked())
    late.wait(300)
    late.crash()
    late.says(late.started(), ["record gate_started online=0 ended=0"])
    newer = Dialogue()
    newer.step(newer.asked())
    newer.step(newer.asked(number="+77027654321"))
    newer.crash()
    newer.says(newer.started(), ["send to +77027654321", "record gate_started online=0 ended=0"])
    rebooted = Dialogue()
    rebooted.step(rebooted.asked())
    rebooted.crash()
    rebooted.says(rebooted.started(same_boot=False), ["record gate_started online=0 ended=0"])


def test_password_sent_before_the_crash_counts_after_it() -> None:
    talk = Dialogue()
    talk.step(talk.asked())
    talk.crash()
    talk.step(talk.started())
    talk.says(talk.entered(), ADMITTED)


def test_reboot_ends_every_visit_when_the_gate_was_last_alive() -> None:
    """Law 3: nobody was online while there was no power."""
    talk = Dialogue()
    talk.online()
    talk.step(talk.asked("222222", device=OTHER, number="+77027654321"))
    talk.crash()
    talk.says(
        talk.started(same_boot=False),
        [f"revoke 01 {ADDRESS}", "record visit_ended by reboot at 993", "record gate_started online=0 ended=1"],
    )
    assert {key.partition("/")[0] for key in talk.kept} == {"spending", "debt", "regular"}
    talk.says(talk.looked(OTHER), ["answer stranger"])


def test_the_journal_knows_who_carried_an_sms_at_which_price_and_how_fast() -> None:
    """What the owner's figures are made of. The sender repeats itself to a new gate: nothing is told twice."""
    talk = Dialogue()
    talk.step(talk.asked())
    about = (PHONE, NUMBER, "m1")
    sent = MessageReported(talk.at, "m1", MessageState.SENT, "s1", "", "altel", 2)
    arrived = MessageReported(talk.at, "m1", MessageState.DELIVERED, "s1", "", "altel", 2, 4100)
    failed = talk.reported(MessageState.FAILED, reason="undeliverable")
    told = [effect.entry for event in (sent, sent, failed, sent, failed, arrived, sent, arrived)
            for effect in talk.step(event) if isinstance(effect, Record)]  # fmt: skip
    assert told == [
        entries.PasswordSent(*about, "s1", provider="altel", parts=2),
        entries.PasswordUndelivered(*about, "undeliverable"),
        entries.PasswordDelivered(*about, delay_ms=4100),
    ]


def test_stopping_leaves_everybody_online() -> None:
    talk = Dialogue()
    talk.online()
    talk.says(Stopping(talk.at), ["record gate_stopped"])
    assert talk.session.admitted() == {PHONE: (ADDRESS,)}


def test_status_says_what_the_page_needs() -> None:
    talk = Dialogue()
    talk.step(talk.asked())
    talk.wait(20)
    (answer,) = talk.step(talk.looked())
    assert answer == Answer(
        wire.Status(
            wire.Phase.ASKED,
            number=NUMBER,
            delivery=wire.Delivery.QUEUED,
            tries_left=5,
            expires_in_s=280,
            resend_in_s=40,
            language=wire.Language.KAZAKH,
        )
    )
    talk.step(talk.entered())
    talk.wait(61)
    (answer,) = talk.step(talk.looked())
    assert answer == Answer(
        wire.Status(
            wire.Phase.ONLINE,
            number="+7 701 ••• •• 67",
            online_for_s=61,
            bytes_used=0,
            language=wire.Language.KAZAKH,
            method="sms",
        )
    )
    talk.step(talk.left())
    (answer,) = talk.step(talk.looked())
    assert isinstance(answer, Answer) and isinstance(answer.reply, wire.Status)
    assert (answer.reply.phase, answer.reply.number) == (wire.Phase.AWAY, None)


def test_visits_are_listed_oldest_first() -> None:
    talk = Dialogue()
    talk.online()
    (answer,) = talk.step(VisitsListed(talk.at))
    visit = wire.LiveVisit("v1", PHONE, NUMBER, wire.Phase.ONLINE, (ADDRESS,), NOON_MS + 1_000_000, None, 0, 0)
    assert answer == Answer(wire.Visits((visit,)))


def test_passwords_are_in_no_effect() -> None:
    """Law 7: neither kept nor recorded, not even partly; what hands the SMS over names it."""
    talk = Dialogue()
    for effect in [*talk.step(talk.asked("918273")), *talk.step(talk.entered("918273"))]:
        assert b"918273" not in msgspec.json.encode(effect)


# ── anything at all, in any order ───────────────────────────────────────────────────────────────────────────────────

_MOVES = st.sampled_from(
    ["ask", "ask other number", "right", "wrong", "gone", "leave", "see", "move", "end", "tick", "sent", "failed",
     "crash", "reboot", "wait 1", "wait 30", "wait 400"]
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(_MOVES, st.sampled_from([PHONE, OTHER])), max_size=60), st.sampled_from([0, 60]))
def test_whatever_happens(moves: list[tuple[str, str]], grace_s: int) -> None:
    """The gate is open for exactly those whose newest record says so, and no visit ends twice or never began."""
    talk = Dialogue(Terms(grace_s=grace_s))
    open_now: set[str] = set()
    running: set[str] = set()
    began = 0
    for move, device in moves:
        event = _event(talk, move, device)
        if event is None:
            continue
        for effect in talk.step(event):
            match effect:
                case Admit(device=admitted):
                    assert admitted in running, "admitted without a record"
                    open_now.add(admitted)
                case Revoke(device=revoked):
                    open_now.discard(revoked)
                case Record(entry=entries.VisitBegan(device=who)):
                    assert who not in running
                    running.add(who)
                    began += 1
                case Record(entry=entries.VisitEnded(device=who, left_utc_ms=left)):
                    assert who in running and who not in open_now, "recorded before it was closed"
                    assert left <= talk.at.utc_ms
                    running.remove(who)
                case _:
                    pass
        if move in ("crash", "reboot"):
            open_now = set(talk.session.admitted()) & open_now
        assert open_now == set(talk.session.admitted())
        assert running == {mac for mac, state in talk.session.devices.items() if isinstance(state, Visit)}


def _event(talk: Dialogue, move: str, device: str) -> Event | None:
    match move.split():
        case ["ask"]:
            return talk.asked(device=device)
        case ["ask", *_]:
            return talk.asked(device=device, number="+77027654321")
        case ["right"]:
            return talk.entered(device=device)
        case ["wrong"]:
            return talk.entered("000000", device=device)
        case ["gone"]:
            return talk.entered(device=device, port=None)
        case ["leave"]:
            return talk.left(device)
        case ["see"]:
            return talk.seen(device)
        case ["move"]:
            return talk.moved("10.77.9.9")
        case ["end"]:
            return talk.end(device)
        case ["tick"]:
            return talk.tick()
        case ["sent"]:
            return talk.reported(MessageState.SENT, f"m{talk.messages}")
        case ["failed"]:
            return talk.reported(MessageState.FAILED, f"m{talk.messages}")
        case ["crash" | "reboot"]:
            talk.crash()
            return talk.started(same_boot=move == "crash")
        case ["wait", seconds]:
            talk.wait(int(seconds))
            return None
        case _:
            raise AssertionError(move)
