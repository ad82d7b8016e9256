"""Who left without a word, and who only slept, behind somebody else's access point: no port of the gate's goes down.

All are silent at the same time (``evening``), and the gate dies once in the middle of it; each test is about one of
them. The windows are the shortest that may be configured.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from ipaddress import IPv4Address

import pytest
from scapy.layers.dhcp import BOOTP, DHCP
from scapy.layers.inet import IP, UDP
from scapy.layers.inet6 import ICMPv6ND_NA, ICMPv6NDOptDstLLAddr, IPv6
from scapy.layers.l2 import ARP, Ether
from scapy.packet import Packet

from firewall.presence.frames import mac_bytes
from tests.attack.frames import Ear, link_address, transmit
from tests.lab.namespaces import set_sysctl
from tests.lab.venue import PORTAL, WEB, WEB6, Venue
from tests.lab.visitor import Probe
from tests.lab.waiting import PATIENCE_S, until
from tests.system.audit import chain, entries, kernel, law_2, wiretap
from tests.system.guest import Guest, knock
from tests.system.test_ipv6 import GATE6, reached

WINDOW_S = 12
GRACE_S = 1800
"""Longer than any silence here: whoever had it would come back without a password."""
TOLERANCE_MS = 15_000
"""How much later than the leave its recorded end may be. Seen: 400 ms after traffic, since counters are read twice a
second here, and nothing after an answer. A silence is noticed after more than 18 s."""
NOTICED_S = 10 * WINDOW_S
"""Patience until a silence is noticed."""
STAYS_S = 30
"""Three of the short windows; who did not answer would be gone after 19 s."""
CHANGES = {
    "lan.address6": f"{GATE6}/64",
    "presence.idle_window_s": 10,
    "presence.sleep_window_s": WINDOW_S,
    "presence.grace_s": GRACE_S,
    "visit.quota_mb": 10_000,  # never used up; with a quota, counters are read twice a second
    "password.resend_s": 0,
}


@dataclass(frozen=True)
class Evening:
    """Who is behind the access point, and what they did."""

    killed_ms: int
    """When the gate was. UTC milliseconds, as all here."""
    interrupted: Guest
    """Left before that."""
    gone: Guest
    spoke_ms: int
    """Just before it did."""
    gone_ms: int
    haunted: Guest
    """Left at the same time, after nothing but answers; its neighbour goes on answering for it."""
    answered_ms: int
    """Just before it did, for the last time or nearly so."""
    neighbour: Guest
    releasing: Guest
    robbed: Guest
    """Somebody else will give its lease back."""
    by_arp: Guest
    by_ns: Guest
    used: dict[str, int]
    """Device → bytes it had sent when everybody was silent."""
    silent_ms: int


@pytest.fixture(scope="module")
def evening(venue: Venue) -> Iterator[Evening]:
    point = venue.add_access_point()
    # Who is online answers from now on whenever the gate asks; who is to be silent is made so before it is admitted.
    interrupted, gone, haunted, neighbour, releasing, robbed, by_arp, by_ns = (
        Guest.new(venue, point) for _ in range(8)
    )
    set_sysctl(by_arp.phone.namespace, "net/ipv6/conf/eth0/disable_ipv6", "1")
    for guest in (interrupted, gone, haunted, neighbour, releasing, robbed, by_arp, by_ns):
        guest.phone.connect()
    for guest in (interrupted, gone, haunted, releasing, robbed, by_arp, by_ns):
        guest.go_online()
    for guest in (haunted, by_ns):
        until(lambda g=guest: g.phone.own_addresses() and reached(g), "IPv6 to pass after a retry")  # type: ignore[misc]
    set_sysctl(by_ns.phone.namespace, "net/ipv4/conf/eth0/arp_ignore", "8")  # it answers no ARP from now on

    asked_at = IPv4Address(interrupted.address).packed
    interrupted.phone.disconnect()
    with Ear(point, "uplink") as ear:
        assert ear.hears(asked_at, PATIENCE_S), "nobody asks whether it is still there"
    killed_ms = now_ms()
    venue.processes["gate"].kill9()
    venue.restart("gate")

    # What the new gate reads first tells it nothing; and the end of whom it never heard is the old gate's.
    until(lambda: gone.pour(WEB, 1, 100) and used(venue)[gone.phone.mac], "the counters to be read")
    haunting = answers_for(haunted, by=neighbour)
    answer = mac_bytes(haunted.phone.mac) + IPv4Address(haunted.address).packed
    answered_ms = now_ms()
    with Ear(venue.gate, "point") as ear:
        assert ear.hears(answer, PATIENCE_S), "it is not asked, or does not answer"
    spoke_ms = now_ms()
    assert gone.pour(WEB, 1, 100) == 1
    gone.phone.disconnect()
    haunted.phone.disconnect()
    gone_ms = now_ms()
    with over_and_over(neighbour, haunting):
        yield Evening(
            killed_ms,
            interrupted,
            gone,
            spoke_ms,
            gone_ms,
            haunted,
            answered_ms,
            neighbour,
            releasing,
            robbed,
            by_arp,
            by_ns,
            used(venue),
            silent_ms=now_ms(),
        )


def now_ms() -> int:
    """UTC, as the journal's."""
    return time.time_ns() // 1_000_000


def used(venue: Venue) -> dict[str, int]:
    """Device → bytes that it sent, as ``qaqpa visits`` lists them."""
    return {visit["device"]: visit["up_bytes"] for visit in json.loads(venue.qaqpa("visits", "--json"))}


def ended(guest: Guest) -> int:
    """When the guest left, UTC milliseconds, by the journal, once that is recorded: by silence, and nothing before.

    Raises:
        TooLate: nobody noticed.
    """
    (end,) = until(
        lambda: entries(guest.venue, "visit_ended", guest.phone.mac),
        f"the silence of {guest.phone.mac} to be noticed",
        NOTICED_S,
    )
    assert end["proof"] == "silence"
    assert entries(guest.venue, "visit_away", guest.phone.mac) == []
    assert guest.phone.mac not in {mac for mac, _ in kernel(guest.venue).up}
    assert guest.phase() is None
    return int(str(end["left_utc_ms"]))


# ── forgeries ───────────────────────────────────────────────────────────────────────────────────────────────────────


def gate_mac(venue: Venue) -> str:
    return link_address(venue.gate, "br-lan")


def answers_for(guest: Guest, by: Guest) -> list[Packet]:
    """What a neighbour could say in the name of another, from its own MAC address, as answers and as traffic."""
    address, (address6, *_) = guest.address, guest.phone.own_addresses()
    own, theirs, gate = by.phone.mac, guest.phone.mac, gate_mac(guest.venue)
    ether = Ether(src=own, dst=gate)
    reply = {"op": 2, "psrc": address, "hwdst": gate, "pdst": PORTAL}
    return [
        ether / ARP(hwsrc=own, **reply),
        ether / ARP(hwsrc=theirs, **reply),
        Ether(src=own, dst="ff:ff:ff:ff:ff:ff") / ARP(op=1, hwsrc=theirs, psrc=address, pdst=address),
        ether
        / IPv6(src=address6, dst=GATE6, hlim=255)
        / ICMPv6ND_NA(tgt=address6, R=0, S=1, O=0)
        / ICMPv6NDOptDstLLAddr(lladdr=theirs),
        ether / IP(src=address, dst=WEB) / UDP(sport=4000, dport=4242),
        ether / IPv6(src=address6, dst=WEB6) / UDP(sport=4000, dport=4242),
    ]


@contextmanager
def over_and_over(guest: Guest, frames: list[Packet]) -> Iterator[None]:
    """Send these until the block ends, so often that one falls into every question's time."""
    ended = threading.Event()

    def go_on() -> None:
        while not ended.wait(0.5):
            transmit(guest.phone.namespace, "eth0", *frames)

    thread = threading.Thread(target=go_on, name="neighbour")
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def release(guest: Guest, by: Guest) -> Packet:
    """A DHCPRELEASE of the guest's lease, from another's MAC address."""
    client = mac_bytes(guest.phone.mac)
    options = [("message-type", "release"), ("server_id", PORTAL), ("client_id", b"\x01" + client), "end"]
    bootp = BOOTP(op=1, htype=1, hlen=6, xid=7, ciaddr=guest.address, chaddr=client)
    ether = Ether(src=by.phone.mac, dst=gate_mac(guest.venue))
    return ether / IP(src=guest.address, dst=PORTAL) / UDP(sport=68, dport=67) / bootp / DHCP(options=options)


# ── who leaves by DHCP ──────────────────────────────────────────────────────────────────────────────────────────────


def test_a_release_closes_at_once(evening: Evening) -> None:
    guest = evening.releasing
    guest.phone.disconnect(release=True)
    (away,) = until(lambda: entries(guest.venue, "visit_away", guest.phone.mac), "the gate to believe the release")
    assert away["proof"] == "lease", "not by its silence"
    assert guest.phone.mac not in {mac for mac, _ in kernel(guest.venue).up}


def test_nobody_gives_back_another_s_lease(evening: Evening, venue: Venue) -> None:
    guest = evening.robbed
    leases = venue.places.state / "leases" / "dnsmasq.leases"
    until(lambda: guest.phone.mac in leases.read_text(), "its lease to be in dnsmasq's file")
    transmit(evening.neighbour.phone.namespace, "eth0", release(guest, by=evening.neighbour))
    until(lambda: guest.phone.mac not in leases.read_text(), "dnsmasq to believe it")
    judged = f"the lease of {guest.phone.mac} on {guest.address} was given back, but not by the device itself"
    until(lambda: judged in venue.processes["gate"].output(), "the gate to judge it")
    assert guest.phase() == "online"  # and stays so: below


# ── who leaves without a word ───────────────────────────────────────────────────────────────────────────────────────


def test_a_silent_leave_is_noticed_and_recorded_as_of_the_last_packet(evening: Evening) -> None:
    left_ms = ended(evening.gone)
    # The moment just before a reading is the packet's; that reading may have been held up.
    assert evening.spoke_ms - TOLERANCE_MS < left_ms < evening.gone_ms + TOLERANCE_MS


def test_nobody_keeps_a_gone_device_s_visit_alive(evening: Evening) -> None:
    left_ms = ended(evening.haunted)
    assert evening.answered_ms <= left_ms < evening.gone_ms + TOLERANCE_MS, "the last of its own answers counts"


def test_a_silence_in_which_the_gate_was_killed_ends_too(evening: Evening) -> None:
    (began,) = entries(evening.interrupted.venue, "visit_began", evening.interrupted.phone.mac)
    assert began["number"] == evening.interrupted.number
    left_ms = ended(evening.interrupted)
    assert left_ms <= evening.killed_ms, "nobody saw it alive afterwards"


def test_after_a_silence_a_password_is_needed_again_though_the_grace_is_not_over(evening: Evening) -> None:
    guest = evening.gone
    ended(guest)
    guest.phone.connect()
    assert now_ms() < evening.gone_ms + GRACE_S * 1000, "too late to prove anything"
    with wiretap(guest.venue) as tap:
        assert guest.phone.probe(Probe.APPLE).status == 302
        knock([guest])
        assert tap.strays() == []
    assert entries(guest.venue, "visit_resumed", guest.phone.mac) == []
    assert guest.go_online().pour(WEB, 1, 100) == 1
    assert len(guest.texts()) == 2


# ── who stays ───────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "who",
    [lambda evening: evening.by_arp, lambda evening: evening.by_ns, lambda evening: evening.robbed],
    ids=["answers ARP alone", "answers neighbour solicitations alone", "has no lease any more"],
)
def test_who_answers_stays_though_it_sends_nothing(
    evening: Evening, venue: Venue, who: Callable[[Evening], Guest]
) -> None:
    guest = who(evening)
    over_ms = evening.silent_ms + STAYS_S * 1000
    until(lambda: now_ms() > over_ms, "the windows to pass", STAYS_S + 1.0)
    assert guest.phase() == "online"
    assert used(venue)[guest.phone.mac] == evening.used[guest.phone.mac], "nothing but its answers kept it"
    assert [entries(venue, kind, guest.phone.mac) for kind in ("visit_away", "visit_ended")] == [[], []]
    assert guest.pour(WEB, 1, 100) == 1
    assert len(guest.texts()) == 1


@pytest.mark.usefixtures("evening")
def test_kernel_and_journal_agree_in_the_end(venue: Venue) -> None:
    law_2(venue)
    chain(venue)
