"""The gate's process: everything built once, joined, and run until it is told to end. No decision is taken here."""

from __future__ import annotations

import gc
import logging
import os
import pwd
import secrets
import signal
import time
from collections.abc import Mapping
from contextlib import ExitStack
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path

import msgspec

from appliance import kept, sockets, state
from appliance.allowances import Allowances, Limit
from appliance.aside import Aside
from appliance.books import open_books
from appliance.config import Config
from appliance.desk_reception import DeskSettings, Place
from appliance.engine import Engine
from appliance.errors import StateUnreadable, ThreadFell
from appliance.events import (
    AddressDisputed,
    AddressLearnt,
    DeviceLeft,
    DeviceSeen,
    Event,
    Moment,
    TroubleTold,
)
from appliance.figures import Counting, Tally
from appliance.firewall_words import firewall_settings
from appliance.inbox import Answered, Happened, Role, Stop
from appliance.librarian import Librarian
from appliance.lookout import Lookout
from appliance.meter import Meter
from appliance.performer import Performer, last_alive
from appliance.presence import Patience, Presence
from appliance.reception import Reception
from appliance.server import Server
from appliance.spending import Budget
from appliance.supervision import Supervision
from appliance.texting import as_event, as_message
from appliance.threads import Part, end_with_any_thread
from appliance.uplink import Resolver, Uplink
from appliance.users import CONSOLE_USER, PORTAL_USER
from appliance.wire import Trouble
from firewall.counters import Counters
from firewall.gate import Gate
from firewall.presence.announcements import Announcements
from firewall.presence.claims import Claim, Claims
from firewall.presence.evidence import Address, Evidence
from firewall.presence.whereabouts import Network, Whereabouts
from journal.ballast import free_bytes
from journal.notary import Notary
from sms.client import Client as SmsClient

log = logging.getLogger(__name__)

KEY_BYTES = 32


def run(config: Config, version: str) -> None:
    """Serve until SIGTERM or SIGINT. Admissions outlive the process, for as long as the kernel's timeouts.

    Raises:
        FirewallError, JournalError, OSError: it cannot serve; the gate is closed for whoever was not admitted before.
    """
    home = Path(config.paths.state) / "gate"
    boot_id = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    books = open_books(config, boot_id, now, running=lambda: engine.running())  # noqa: PLW0108  engine comes later
    boot_before, alive_utc_ms = last_alive(books.saved)

    session = _restored(config, books.saved)
    key = password_key(home / "password.key")

    def happened(event: Event) -> None:
        engine.post(Happened(event))

    def noticed(evidence: Evidence) -> None:
        address = whereabouts.address_of(evidence.mac)
        happened(_as_event(evidence, now(), "" if address is None else str(address)))

    def learnt(address: Address) -> None:
        happened(AddressLearnt(now(), address.mac, str(address.address), address.previous))

    def disputed(claim: Claim) -> None:
        happened(AddressDisputed(now(), device=claim.holder, address=str(claim.address), by=claim.mac))

    def works(part: Trouble, yes: bool) -> None:
        happened(TroubleTold(now(), part, present=not yes))

    gate = Gate(firewall_settings(config))
    tally = Tally(now().utc_ms, sets=gate.sizes, free_bytes=lambda: free_bytes(home / "journal.db"))
    whereabouts = Whereabouts(
        Network(config.lan.interface, config.lan.gate, config.lan.gate6),
        lease_path(config),
        Path(config.presence.hostapd),
        deliver=noticed,
        learnt=learnt,
        answered=lambda devices: engine.post(Answered(now(), devices)),
    )
    claims = Claims(
        config.lan.interface,
        config.lan.gate.network,
        holder=gate.holder,
        leased=whereabouts.leased,
        deliver=disputed,
    )
    announcements = config.lan.gate6 and Announcements(
        config.lan.interface,
        config.lan.gate6.network,
        admitted=gate.admits,
        holder=gate.holder,
    )
    messages = SmsClient(
        sockets.sms_socket(config),
        deliver=lambda report: happened(as_event(report, now())),
        bound=lambda yes: works(Trouble.SMS, yes),
    )
    uplink = Uplink(
        config.wan.interface,
        Resolver(str(config.lan.gate.ip)),
        deliver=lambda yes: works(Trouble.UPLINK, yes),
        clock=lambda: now().boot_ms,
    )
    engine = Engine(
        session,
        performer=Performer(
            gate,
            Counters(),
            Counting(books.keeper, tally, now),
            boot_id,
            send=lambda effect: messages.send(as_message(config, key, effect)),
        ),
        places=whereabouts,
        reception=Reception(
            lan=config.lan.gate,
            lan6=config.lan.gate6,
            countries=frozenset(config.password.countries),
            key=key,
            zone=config.venue.zone,
            whereabouts=whereabouts,
            random=secrets,
            clock=now,
            notary=Notary(home / "journal.db", books.key),
            desk=DeskSettings(
                asked_for=frozenset(config.desk.fields),
                workstations={each.number: Place(each.mac, each.port) for each in config.workstation},
            ),
            tally=tally,
        ),
        lookout=Lookout(Presence(patience(config)), ask=whereabouts.ask),
        clock=now,
    )
    meter = Meter(Counters(), engine.admitted, deliver=happened, clock=now, every_s=reading_every_s(config))
    librarian = Librarian(home / "journal.db")
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: engine.post(Stop()))
    fallen = end_with_any_thread(engine.post)
    aside = Aside(engine.look, engine.post)
    server = Server(Path(sockets.gate_socket(config)), roles(), aside.post, aside.look, tally.answered)
    with ExitStack() as stack:  # what was started is stopped, in reverse, wherever the start ended
        stack.callback(books.keeper.close)
        gate.prepare()
        whereabouts.start(session.ports(), _held(session))
        stack.callback(whereabouts.stop)
        engine.start(version, same_boot=boot_before == boot_id, alive_utc_ms=alive_utc_ms)
        parts: tuple[Part, ...] = (claims, librarian, meter, messages, uplink, aside, server)
        parts += (announcements,) if announcements else ()
        for part in parts:
            part.start()
            stack.callback(part.stop)
        # What a full venue's visits are made of stays: looking through it for garbage, a tenth of a second with ten
        # thousand of them, would come in the middle of somebody's login.
        gc.collect()
        gc.freeze()
        log.info("the gate serves")
        engine.run(Supervision().works)
    if fallen:
        raise ThreadFell(", ".join(fallen))


def now() -> Moment:
    """Now, on both clocks. CLOCK_BOOTTIME counts suspended time too, CLOCK_MONOTONIC does not."""
    return Moment(utc_ms=time.time_ns() // 1_000_000, boot_ms=time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1_000_000)


def terms(config: Config) -> state.Terms:
    """The configuration's words about visits, for the session."""
    return state.Terms(
        password_valid_s=config.password.valid_s,
        tries=config.password.tries,
        resend_s=config.password.resend_s,
        grace_s=config.presence.grace_s,
        max_s=config.visit.max_s,
        quota_bytes=config.visit.quota_mb * 1_000_000,
        vouchers=config.desk.vouchers,
        voucher_needs_sms=config.desk.voucher_needs_sms,
        terms_digests=config.venue.terms.digests,
        is_open=config.venue.open,
        allowances=Allowances(
            number=Limit(config.password.number_per_hour, 3600),
            device=Limit(config.password.device_per_hour, 3600),
            venue=Limit(config.password.venue_per_day, 86400),
        ),
        budget=Budget(
            daily_sms=config.spending.daily_sms,
            monthly_sms=config.spending.monthly_sms,
            reserved_percent=config.spending.reserved_percent,
            remember_days=config.spending.remember_days,
        ),
    )


def reading_every_s(config: Config) -> float:
    """How often counters are read: with a quota so often that at 100 Mbit/s it is exceeded by 7 MB at most."""
    return 0.5 if config.visit.quota_mb or config.desk.vouchers else 5.0


def patience(config: Config) -> Patience:
    """The configuration's words about silence."""
    return Patience(idle_s=config.presence.idle_window_s, sleep_s=config.presence.sleep_window_s)


def lease_path(config: Config) -> Path:
    """dnsmasq's lease file."""
    return Path(config.paths.state) / "leases" / "dnsmasq.leases"


def roles() -> dict[int, Role]:
    """Who may ask the gate, by uid: the portal's user, the console's, and root."""
    staff, portal = (pwd.getpwnam(name).pw_uid for name in (CONSOLE_USER, PORTAL_USER))
    return {0: Role.ADMINISTRATOR, staff: Role.STAFF, portal: Role.PORTAL}


def password_key(path: Path) -> bytes:
    """The secret under which passwords and numbers are hashed; made at the first start, readable by the gate alone."""
    if path.exists() and len(key := path.read_bytes()) == KEY_BYTES:
        return key
    # Absent or cut short by a power failure: pending passwords are void, and no number is known from before.
    key = secrets.token_bytes(KEY_BYTES)
    draft = path.with_suffix(".new")
    with open(draft, "wb", opener=lambda name, flags: os.open(name, flags, 0o600)) as out:
        out.write(key)
        out.flush()
        os.fsync(out.fileno())
    draft.rename(path)
    folder = os.open(path.parent, os.O_RDONLY)
    os.fsync(folder)
    os.close(folder)
    return key


def _restored(config: Config, saved: Mapping[str, bytes]) -> state.Session:
    try:
        return kept.restore(terms(config), saved)
    except (msgspec.MsgspecError, ValueError) as error:
        raise StateUnreadable(str(error)) from error


def _held(session: state.Session) -> dict[str, list[IPv4Address | IPv6Address]]:
    return {device: [ip_address(address) for address in held] for device, held in session.admitted().items()}


def _as_event(evidence: Evidence, at: Moment, address: str) -> Event:
    if evidence.present:
        return DeviceSeen(at, evidence.mac, evidence.proof.value, port=evidence.port, address=address)
    left_utc_ms = at.utc_ms - round(evidence.silent_s * 1000)
    return DeviceLeft(at, device=evidence.mac, proof=evidence.proof.value, left_utc_ms=left_utc_ms)
