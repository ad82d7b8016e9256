"""One visitor's stay, from the phone's first probe to the end that the journal tells (¶4 to ¶9)."""

from __future__ import annotations

import json
import time

import pytest

from tests.lab.run import plain_program, run
from tests.lab.venue import PORTAL, WEB, WEB6, Venue
from tests.lab.visitor import Probe
from tests.lab.waiting import PATIENCE_S, until
from tests.system.audit import entries, kernel, recorded_open, settled, wiretap
from tests.system.guest import PAGE, Guest, opened

GRACE_S = 20
"""So long that who comes back at once is in time, whatever the machine does meanwhile."""
QUOTA_MB = 3
BRIEFLY_S = 1.0
"""Patience where nothing may come."""
CHANGES = {"presence.grace_s": GRACE_S, "visit.quota_mb": QUOTA_MB}


def answered(guest: Guest) -> list[str]:
    """Which ways out are open to the guest."""
    line = plain_program("tests.system.knock", WEB, WEB6, "--timeout", "0.4")
    return run(line, namespace=guest.phone.namespace).stdout.splitlines()


def all_answered(guest: Guest, names: set[str]) -> set[str]:
    """Which ways out are open to the guest, once all of these have been; a busy machine answers late."""
    found: set[str] = set()

    def asked() -> bool:
        found.update(answered(guest))
        return found >= names

    until(asked, f"an answer to each of {sorted(names)}")
    return found


# ── before ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_dhcp_gives_the_gate_as_router_and_resolver(venue: Venue) -> None:
    lease = Guest.new(venue).phone.connect()
    assert (lease.router, lease.dns, lease.server) == (PORTAL, (PORTAL,), PORTAL)


@pytest.mark.parametrize("kind", Probe)
def test_a_stranger_s_probe_meets_the_login_page(venue: Venue, kind: Probe) -> None:
    guest = Guest.new(venue)
    guest.phone.connect()
    seen = guest.phone.probe(kind)
    assert (seen.status, seen.location, seen.online) == (302, f"{PAGE}/", False)


@pytest.fixture(scope="module")
def stranger(venue: Venue) -> Guest:
    """One for all who change nothing about it."""
    guest = Guest.new(venue)
    guest.phone.connect()
    return guest


@pytest.mark.parametrize(
    ("method", "url"),
    [
        ("GET", "http://www.example.org/"),
        ("HEAD", "http://www.example.org/"),
        ("POST", "http://www.example.org/password"),
        ("PUT", "http://198.51.100.10/a/b/../c?x=%2e%2e&y=<b>"),
        ("DELETE", "http://198.51.100.75/"),
        ("OPTIONS", "http://no-such-name.invalid/health"),
        ("PROPFIND", "http://captive.apple.com/online"),
        ("GET", "http://www.google.com/generate_204?" + "q" * 2000),
        ("GET", "http://203.0.113.2/login"),
    ],
)
def test_any_host_method_and_path_is_redirected_without_being_stored(stranger: Guest, method: str, url: str) -> None:
    answer = stranger.phone.fetch(url, method=method)
    assert answer.status == 302
    assert answer.headers["location"] == (f"{PAGE}/",)
    assert answer.header("cache-control") == "no-store"
    assert answer.header("connection") == "close"
    assert answer.header("set-cookie") is None
    assert method == "HEAD" or f'<a href="{PAGE}/">' in answer.body


def test_nothing_of_a_stranger_reaches_the_internet(venue: Venue) -> None:
    guest = Guest.new(venue)
    guest.phone.connect()
    with venue.ipv6_by_hand(guest.phone), wiretap(venue) as tap:
        assert answered(guest) == []
        assert tap.strays() == []


# ── the stay ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_whole_stay(venue: Venue) -> None:
    guest = Guest.new(venue)
    guest.phone.connect()

    page = guest.phone.fetch(f"{PAGE}/")
    assert all(word in page.body for word in ("Логин", "Пароль", "Парольды алу")), page.body  # ¶4

    refused = guest.phone.fetch(f"{PAGE}/password", form={"number": "8 800 080 77 77"})
    assert refused.status == 422
    assert guest.texts() == []

    asked = guest.ask()  # ¶5
    assert (asked.status, asked.header("location")) == (303, "/")
    password = venue.password_for(guest.number)  # ¶6
    assert len(guest.texts()) == 1
    assert password in guest.texts()[0]
    until(lambda: "has arrived" in guest.page().body, "the page to say that the SMS has arrived")

    # The same tap once more; on a machine that stalled meanwhile, another wish, too soon. No second SMS (see the end).
    assert guest.ask().status in (303, 429)
    wrong = guest.enter(f"{(int(password) + 1) % 1_000_000:06d}")
    assert wrong.status == 422
    assert "not right" in wrong.body
    assert guest.enter("12345a").status == 422
    assert guest.enter("١٢٣٤٥٦").status == 422, "Arabic-Indic digits"
    assert not guest.online()
    assert kernel(venue).up.isdisjoint({(guest.phone.mac, guest.address)})

    right = guest.enter(password)  # ¶7
    assert (right.status, right.header("location")) == (303, "/online")
    assert "You are online" in guest.page("/online").body
    for kind in Probe:
        assert guest.phone.probe(kind).online
    with venue.ipv6_by_hand(guest.phone):
        names = {"http", "ping", *(f"{proto} {port}" for proto in ("tcp", "udp") for port in (443, 853, 4242))}
        assert all_answered(guest, names) == names, "all of IPv4, nothing of IPv6"

    with guest.flow() as flow:
        guest.leave()  # ¶8
        stopped = flow.beats()
        assert guest.phone.mac not in {mac for mac, _ in kernel(venue).up}
        guest.phone.connect()
        until(guest.online, "the visit to go on without a password")
        flow.goes_on()  # TCP sends again when its timer says so
        assert flow.beats() > stopped
    assert len(guest.texts()) == 1

    guest.phone.disconnect()
    until(lambda: guest.phase() is None, "the grace to end", GRACE_S + PATIENCE_S)
    guest.phone.connect()
    before = len(venue.internet.arrivals())
    assert answered(guest) == []
    assert venue.internet.arrivals()[before:] == []
    assert guest.phone.probe(Probe.APPLE).status == 302
    assert guest.enter(password).status in (409, 422), "the old password is worth nothing"  # ¶9
    guest.go_online()
    assert guest.online()
    assert len(guest.texts()) == 2
    settled(venue)


def test_password_of_one_device_is_worth_nothing_on_another(venue: Venue) -> None:
    owner, thief = Guest.new(venue), Guest.new(venue)
    owner.phone.connect()
    thief.phone.connect()
    owner.ask()
    thief.ask()
    password = venue.password_for(owner.number)
    if password != venue.password_for(thief.number):  # once in a million they are the same
        assert thief.enter(password).status == 422
    assert thief.phase() is None
    assert owner.enter(password).status == 303


def test_a_new_password_voids_the_old(venue: Venue) -> None:
    guest = Guest.new(venue)
    guest.phone.connect()
    guest.ask()
    old = venue.password_for(guest.number)
    other = Guest(venue, guest.phone, f"+7702{guest.number[5:]}")  # mistyped at first: another number may be asked for
    assert other.ask().status == 303
    new = venue.password_for(other.number)
    if old != new:
        assert guest.enter(old).status == 422
    assert guest.enter(new).status == 303


def test_two_visitors_do_not_touch_each_other(venue: Venue) -> None:
    first, second = Guest.new(venue), Guest.new(venue)
    first.go_online()
    second.phone.connect()
    assert not second.online()
    second.go_online()
    with first.flow() as flow:
        venue.qaqpa("end", second.phone.mac)
        flow.goes_on()
        assert not second.online()
    assert first.online()
    assert second.phase() is None


def test_leaving_by_dhcp_release_closes_too(venue: Venue) -> None:
    guest = Guest.new(venue).go_online()
    guest.phone.disconnect(release=True)
    until(lambda: guest.phase() != "online", "the gate to see it leave")
    assert guest.phone.mac not in {mac for mac, _ in kernel(venue).up}


def test_a_visit_ends_when_its_quota_is_used_up_and_a_new_password_brings_a_new_one(venue: Venue) -> None:
    guest = Guest.new(venue).go_online()
    assert "Data left" in guest.page("/online").body
    datagram = 1400 + 28
    whole = QUOTA_MB * 1_000_000 // (2 * datagram)
    assert guest.pour(WEB, whole - 10, 1400) == whole - 10, "up to its end the quota is the visitor's"
    assert guest.phase() == "online"
    beyond = guest.pour(WEB, 100_000, 1400, patience_s=BRIEFLY_S)
    until(lambda: guest.phase() is None, "the visit to end")
    assert guest.pour(WEB, 1, 100, patience_s=BRIEFLY_S) == 0
    (ended,) = entries(venue, "visit_ended", guest.phone.mac)
    (used,) = entries(venue, "visit_used", guest.phone.mac)
    assert ended["proof"] == "quota"
    assert used["complete"]
    up, down = int(str(used["up_bytes"])), int(str(used["down_bytes"]))
    assert up + down >= QUOTA_MB * 1_000_000
    # Each direction's counter is read by itself while the datagrams run on: what is sure is what went before, and all.
    for counted in (up, down):
        assert (whole - 10) * datagram <= counted <= (whole - 10 + beyond + 1) * datagram
    assert guest.go_online().pour(WEB, 1, 100) == 1


def test_a_block_stops_what_runs_and_keeps_the_number_out_on_another_phone(venue: Venue) -> None:
    guest, other = Guest.new(venue).go_online(), Guest.new(venue)
    with guest.flow() as flow:
        flow.goes_on()
        venue.qaqpa("block", guest.number, "--why", "noise", "--for", "1h", "--staff", "aigul")
        stopped_at = flow.beats()
        time.sleep(0.5)
        assert flow.beats() <= stopped_at + 1, "one beat may have been under way"
    assert guest.phone.mac not in {mac for mac, _ in kernel(venue).up}
    assert [entry["proof"] for entry in entries(venue, "visit_ended", guest.phone.mac)] == ["blocked"]
    assert "will not help now" in guest.page().body
    other.phone.connect()
    refused = other.phone.fetch(f"{PAGE}/password", form={"number": guest.number})
    assert refused.status == 403 and len(guest.texts()) == 1, "the number's only SMS is the first"

    venue.qaqpa("unblock", guest.number)
    assert guest.ask().status == 303
    figures = json.loads(venue.qaqpa("figures", "--json"))
    assert (figures["leaves"]["blocked"], figures["entries"]["unblocked"]) == (1, 1)
    assert figures["sets"]["qq-up4"] == len(kernel(venue).up) and sum(figures["wire"]["look"]["counts"]) > 0


def test_the_journal_s_end_is_when_the_link_went_down(venue: Venue) -> None:
    guest = Guest.new(venue).go_online()
    down_ms = time.time_ns() // 1_000_000
    guest.phone.disconnect()
    (ended,) = until(lambda: entries(venue, "visit_ended", guest.phone.mac), "the visit to end", GRACE_S + PATIENCE_S)
    left_ms = ended["left_utc_ms"]
    assert isinstance(left_ms, int)
    # Seen: below 50 ms, for the command, netlink and one batch. The moment we looked would be a whole grace later.
    assert 0 <= left_ms - down_ms < GRACE_S * 1000 / 2
    assert ended["proof"] == "port"


def test_within_a_strict_venue_leaving_ends_the_visit_at_once() -> None:
    # Prefix of its own: the module's venue is still up.
    with opened("qt0-", {"presence.grace_s": 0}) as strict:
        guest = Guest.new(strict).go_online()
        guest.phone.disconnect()
        until(lambda: guest.phase() is None, "the visit to end")
        assert not entries(strict, "visit_away", guest.phone.mac)
        guest.phone.connect()
        assert guest.phone.probe(Probe.ANDROID).status == 302
        assert answered(guest) == []
        guest.go_online()
        assert guest.online()
        settled(strict)


def test_the_module_s_venue_is_whole_in_the_end(venue: Venue) -> None:
    settled(venue)
    assert recorded_open(venue)
