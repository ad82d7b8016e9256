"""``scripts/demo``: one venue's day, from a phone's first probe to the inspector's extract, everything real.

Exit code 0 only if every step held. Must not know: anything that a visitor, an owner or an inspector could not.
"""

from __future__ import annotations

import json
import sys
from datetime import datetime
from zoneinfo import ZoneInfo

from journal import visits
from tests.lab import device
from tests.lab.run import run
from tests.lab.steps import Steps, hold, played
from tests.lab.venue import PORTAL, WEB, WEB6, Venue
from tests.lab.visitor import Probe, Visitor
from tests.lab.waiting import PATIENCE_S, until

NUMBER = "8 701 123 45 67"
E164 = "+77011234567"
GRACE_S = 15
PAGE = f"http://{PORTAL}"


def main() -> int:
    """Play the day; the process's exit code."""
    return played("Qaqpa: one venue's day in network namespaces", "The demo", day)


def day(steps: Steps) -> None:
    """From the venue's opening to the journal."""
    steps.chapter("The venue opens")
    with Venue.open("qd-", visitors=2, changes={"presence.grace_s": GRACE_S}) as venue:
        print(f"  ✓ {'operator, SMSC, gateway, two phones: up':<92}{steps.elapsed_s():6.2f} s")
        arrival(steps, venue)
        password(steps, venue)
        online(steps, venue)
        leaving(steps, venue)
        journal(steps, venue)


def arrival(steps: Steps, venue: Venue) -> None:
    """A phone joins and meets the gate."""
    phone = venue.visitors[0]
    steps.chapter("A phone joins the network")
    with steps.step("its DHCP client gets a lease") as notes:
        lease = phone.connect()
        notes.append(f"{lease.address}/{lease.prefix}, router and DNS {lease.router}")
    for kind in Probe:
        with steps.step(f"{kind.capitalize()}'s probe of a foreign host is sent to the login page"):
            result = phone.probe(kind)
            hold(result.status == 302 and result.location == f"{PAGE}/", f"the probe saw {result}")
            hold(not result.online, "the phone takes itself for online")
    with steps.step("foreign TCP, UDP, ping and IPv6 get nothing through; the Internet saw nothing") as notes:
        closed(venue, phone)
        arrivals = venue.internet.arrivals()
        hold(not arrivals, f"the Internet saw {arrivals}")
        notes.append("0 packets arrived out there")


def closed(venue: Venue, phone: Visitor) -> None:
    """Nothing gets through for this phone, in either family."""
    hold(not phone.tcp_echo(WEB, 4242, timeout_s=0.5), "a foreign TCP port answered")
    hold(not phone.udp_echo(WEB, 4242, timeout_s=0.5), "a foreign UDP port answered")
    hold(not phone.ping(WEB, timeout_s=0.5), "a foreign host answered a ping")
    with venue.ipv6_by_hand(phone):
        hold(not phone.tcp_echo(WEB6, 4242, timeout_s=0.5), "a foreign IPv6 port answered")


def password(steps: Steps, venue: Venue) -> None:
    """¶4 to ¶7, the first half."""
    phone = venue.visitors[0]
    steps.chapter("The visitor asks for a password (¶4-6)")
    with steps.step("the login page has «Логин», «Пароль» and «Парольды алу»"):
        page = phone.fetch(f"{PAGE}/")
        hold(page.status == 200, f"the page answered {page.status}")
        missing = [word for word in ("Логин", "Пароль", "Парольды алу") if word not in page.body]
        hold(not missing, f"the page lacks {missing}")
    with steps.step("a number that is no mobile number is refused with a sentence"):
        refused = phone.fetch(f"{PAGE}/password", method="POST", form={"number": "8 800 080 77 77"})
        hold(refused.status == 422, f"the page answered {refused.status}")
        hold(not venue.sms(), f"the SMSC was sent {venue.sms()}")
    with steps.step(f"«{NUMBER}» entered, «Парольды алу» pressed; the SMS arrives at the SMSC") as notes:
        answer = phone.fetch(f"{PAGE}/password", method="POST", form={"number": NUMBER})
        hold(answer.status == 303, f"the page answered {answer.status}")
        venue.password_for(E164)
        notes.append(f"to {venue.sms()[-1]['to']}: {venue.sms()[-1]['text']!r}")
    with steps.step("a wrong password is refused at once"):
        right = venue.password_for(E164)
        wrong = f"{(int(right) + 1) % 1_000_000:06d}"
        answer = phone.fetch(f"{PAGE}/login", method="POST", form={"password": wrong})
        hold(answer.status == 422, f"the page answered {answer.status}")
        hold(not phone.probe(Probe.APPLE).online, "the wrong password admitted")


def online(steps: Steps, venue: Venue) -> None:
    """¶7, and that only this phone goes online."""
    phone, other = venue.visitors
    steps.chapter("The password is right (¶7)")
    with steps.step("entered; the gate opens, the visitor is told"):
        enter(venue, phone)
    for kind in Probe:
        with steps.step(f"{kind.capitalize()}'s probe now gets the real Internet's answer"):
            result = phone.probe(kind)
            hold(result.online, f"the probe saw {result}")
    with steps.step("foreign TCP and UDP ports answer; IPv6 stays shut"):
        hold(phone.tcp_echo(WEB, 4242), "TCP does not get through")
        hold(phone.udp_echo(WEB, 4242), "UDP does not get through")
        with venue.ipv6_by_hand(phone):
            hold(not phone.tcp_echo(WEB6, 4242, timeout_s=0.5), "a foreign IPv6 port answered")
    with steps.step("a second phone that asked nobody is met at the gate as before"):
        other.connect()
        hold(other.probe(Probe.ANDROID).status == 302, "the second phone was not redirected")
        closed(venue, other)
    with steps.step("the gate's process is killed and started again; the visitor notices nothing"):
        venue.processes["gate"].kill9()
        hold(phone.tcp_echo(WEB, 4242), "the visitor lost its way while the gate was dead")
        hold(not other.tcp_echo(WEB, 4242, timeout_s=0.5), "the second phone got through while the gate was dead")
        venue.restart("gate")
        hold(phone.tcp_echo(WEB, 4242), "the visitor is shut out")


def enter(venue: Venue, phone: Visitor, after: int = 0) -> None:
    """Enter the newest password."""
    secret = venue.password_for(E164, after)
    answer = phone.fetch(f"{PAGE}/login", method="POST", form={"password": secret})
    hold(answer.status == 303, f"the page answered {answer.status}: {answer.body[:300]}")
    hold(answer.header("location") == "/online", f"the visitor was sent to {answer.header('location')}")
    hold(phone.fetch(f"{PAGE}/online").status == 200, "there is no page that says online")


def leaving(steps: Steps, venue: Venue) -> None:
    """¶8 and ¶9."""
    phone = venue.visitors[0]
    steps.chapter("The visitor leaves (¶8), comes back, leaves for good (¶9)")
    with steps.step("link down: access is closed"):
        phone.disconnect()
        until(lambda: phases(venue) == ["away"], "the gate to notice")
    with steps.step(f"back within the grace of {GRACE_S} s: online without a password"):
        phone.connect()
        until(lambda: phone.probe(Probe.APPLE).online, "the visit to go on")
        hold(len(venue.sms()) == 1, "another SMS was sent")
    with steps.step("gone for longer than the grace: the visit is over"):
        phone.disconnect()
        until(lambda: phases(venue) == [], "the visit to end", GRACE_S + PATIENCE_S)
        phone.connect()
        hold(phone.probe(Probe.APPLE).status == 302, "the phone was not redirected")
        closed(venue, phone)
    with steps.step("the old password is worth nothing; a new one admits (¶5-7 again)"):
        old = venue.password_for(E164)
        answer = phone.fetch(f"{PAGE}/login", method="POST", form={"password": old})
        hold(answer.status == 422, f"the old password was answered {answer.status}")
        phone.fetch(f"{PAGE}/password", method="POST", form={"number": NUMBER})
        enter(venue, phone, after=1)
        hold(phone.probe(Probe.ANDROID).online, "the new password did not open the gate")
    with steps.step("the owner ends the visit: closed at once"):
        venue.qaqpa("end", phone.mac)
        hold(phases(venue) == [], f"visits: {phases(venue)}")
        closed(venue, phone)


def phases(venue: Venue) -> list[str]:
    """Where the live visits stand."""
    return [visit["phase"] for visit in json.loads(venue.qaqpa("visits", "--json"))]


def journal(steps: Steps, venue: Venue) -> None:
    """What the inspector gets."""
    steps.chapter("The inspector reads the journal")
    zone = ZoneInfo("Asia/Almaty")
    days: list[str] = []
    with steps.step("the entries of the day") as notes:
        for number, stamp, entry in visits.entries(venue.places.state / "gate/journal.db", None, None):
            moment = datetime.fromtimestamp(stamp.utc_ms / 1000, zone)
            days.append(moment.date().isoformat())
            fields = " ".join(f"{name}={value}" for name, value in entry_fields(entry).items())
            notes.append(f"{number:3} {moment.strftime('%H:%M:%S.%f')[:-3]} {fields}")
    with steps.step("the chain is verified: qaqpa journal verify") as notes:
        notes.append(venue.qaqpa("journal", "verify").strip())
    first, last = days[0], days[-1]  # the same, unless it was played across midnight
    with steps.step(f"the extract: qaqpa journal extract --from {first} --to {last}") as notes:
        target = venue.places.folder / "extract"
        period = ("--from", first, "--to", last)
        said = venue.qaqpa("journal", "extract", *period, "--why", "demo", "--output", str(target))
        rows = (target / "visits.csv").read_text(encoding="utf-8-sig").splitlines()
        hold(len(rows) == 3, f"a header and two visits were expected, not {rows}")
        notes.extend([*rows, *said.splitlines()])
    with steps.step("it is whole, and the gate vouches for it: qaqpa journal check") as notes:
        notes.extend(run([device.QAQPA, "journal", "check", str(target)]).stdout.splitlines())


def entry_fields(entry: object) -> dict[str, object]:
    """The entry's kind and fields, as JSON has them."""
    import msgspec

    fields: dict[str, object] = msgspec.to_builtins(entry)
    return fields


if __name__ == "__main__":
    sys.exit(main())
