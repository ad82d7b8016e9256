"""From a request to an event: who asks, who stands behind the address, is what was typed worth the session's time?

The portal is hostile input (law 8): it names an address, and the MAC address is found here. Random values are made
here, so that the session stays pure. Must not know: what the session makes of the event.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from ipaddress import IPv4Address, IPv4Interface, IPv6Address, IPv6Interface, ip_address
from typing import Protocol, assert_never
from zoneinfo import ZoneInfo

from appliance import codes, passwords, vouchers, wire
from appliance.addresses import MAX_IPV6
from appliance.console_reception import Counter
from appliance.desk_events import VoucherEntered
from appliance.desk_reception import Desk, DeskSettings
from appliance.events import (
    ActNoted,
    CodeAsked,
    EndAsked,
    Event,
    LanguageChosen,
    LeaveAsked,
    Looked,
    Moment,
    PasswordAsked,
    PasswordEntered,
    SpendingLooked,
    VisitsListed,
)
from appliance.figures import Tally
from appliance.inbox import Role
from appliance.numbers import judge
from appliance.permissions import may
from appliance.spending import Day
from appliance.state import Session
from appliance.wire import Refusal, Refused
from appliance.wire_console import ConsoleRequest, Figures
from appliance.wire_desk import AskPasswordAtDesk, DeskRefused, DeskRequest, EnterPasswordAtDesk, Workstations
from appliance.wire_journal import Key, LookAtKey, NoteBackup, NoteLook, Signed, SignExtract
from journal.entries import BackupMade, ExtractMade, IdentifierShown
from journal.errors import JournalError
from journal.notary import Signature

log = logging.getLogger(__name__)


class Whereabouts(Protocol):
    """Who is where, as the kernel and DHCP know it (``firewall.presence.whereabouts``)."""

    def device_at(self, address: IPv4Address | IPv6Address) -> str | None:
        """The MAC address behind an IP address that it holds rightfully."""

    def addresses_of(self, device: str) -> Collection[IPv4Address | IPv6Address]:
        """All addresses a device is known to hold rightfully, in both families, the newest of each last."""

    def port_of(self, device: str) -> str | None:
        """The bridge port a device is behind; "" if unknown, None if it has left."""

    def devices_behind(self, port: str) -> Collection[str]:
        """The devices behind this bridge port that hold an address."""

    def sources(self) -> Sequence[Source]:
        """Each source of presence, and whether it tells anything."""


class Source(Protocol):
    """One of them (``firewall.presence.evidence``)."""

    @property
    def name(self) -> str: ...
    @property
    def live(self) -> bool: ...
    @property
    def why(self) -> str: ...


class Notary(Protocol):
    """Who signs extracts (``journal.notary``)."""

    @property
    def public(self) -> str: ...
    def sign(self, manifest: str) -> Signature: ...


class Randomness(Protocol):
    """Where unpredictable values come from (the module ``secrets``)."""

    def randbelow(self, exclusive_upper_bound: int, /) -> int: ...
    def token_hex(self, nbytes: int | None = None, /) -> str: ...


Answered = Refused | DeskRefused | wire.Sources | Workstations | Key | Figures
"""What is answered without the session."""


@dataclass(frozen=True)
class Reception:
    """Judges requests for one venue. ``key`` is the secret under which passwords and numbers are hashed; ``zone`` tells
    when its days begin."""

    lan: IPv4Interface
    lan6: IPv6Interface | None
    countries: frozenset[str]
    key: bytes
    zone: ZoneInfo
    whereabouts: Whereabouts
    random: Randomness
    clock: Callable[[], Moment]
    notary: Notary
    desk: DeskSettings = field(default_factory=DeskSettings)
    tally: Tally = field(default_factory=Tally)

    def understand(self, request: wire.Request, role: Role, session: Session) -> Event | Answered:
        """The event that the request is, or why it is none; or the answer, where the session has no part in it."""
        now = self.clock()
        if not may(role, request):
            return Refused(Refusal.FORBIDDEN)
        match request:
            case wire.Look(ip=ip):
                device = self._device(ip)
                return device if isinstance(device, Refused) else Looked(now, device=device)
            case wire.AskPassword(ip=ip):
                device = self._device(ip)
                return device if isinstance(device, Refused) else self._asked(request, device, now, request.terms)
            case wire.EnterPassword(ip=ip):
                device = self._device(ip)
                if isinstance(device, Refused):
                    return device
                return self._entered(request.password, device, self._addresses(device, ip), session, now)
            case wire.ChooseLanguage(ip=ip, language=language):
                device = self._device(ip)
                return device if isinstance(device, Refused) else LanguageChosen(now, device, language)
            case wire.AskCode(ip=ip):
                device = self._device(ip)
                return device if isinstance(device, Refused) else CodeAsked(now, device, self._code(session))
            case wire.Leave(ip=ip):
                device = self._device(ip)
                return device if isinstance(device, Refused) else LeaveAsked(now, device)
            case wire.ListVisits():
                return VisitsListed(now)
            case wire.LookAtSpending():
                return SpendingLooked(now, day_of(now, self.zone))
            case wire.ListSources():
                found = self.whereabouts.sources()
                return wire.Sources(tuple(wire.Source(source.name, source.live, source.why) for source in found))
            case NoteBackup(file=file, entries=entries, head=head, by=by):
                return ActNoted(now, BackupMade(file, entries, head, by))
            case wire.EndVisit(mac=mac):
                return EndAsked(now, device=mac, staff=request.staff)
            case LookAtKey():
                return Key(self.notary.public)
            case SignExtract(by=by, why=why, since_utc_ms=since, until_utc_ms=until, manifest=manifest):
                return ActNoted(now, ExtractMade(by, why, since, until, manifest))
            case NoteLook(by=by, what=what):
                return ActNoted(now, IdentifierShown(by, what))
            case wire.RedeemVoucher(ip=ip):
                device = self._device(ip)
                return device if isinstance(device, Refused) else self._voucher(request, device, now)
            case _ if isinstance(request, DeskRequest):
                return self._at_desk(request, session, now)
            case _ if isinstance(request, ConsoleRequest):
                today = day_of(now, self.zone)
                return Counter(self.countries, self.random, self.tally, now, today).understand(request)
            case _:
                assert_never(request)

    def answered(self, request: wire.Request, reply: wire.Reply) -> wire.Reply:
        """The reply to a request whose batch is on the disk: only then an extract is signed."""
        if not isinstance(request, SignExtract) or not isinstance(reply, wire.Done):
            return reply
        try:
            made = self.notary.sign(request.manifest)
        except JournalError as error:
            log.error("an extract was recorded, yet not signed: %s", error)
            return Refused(Refusal.JOURNAL_UNAVAILABLE)
        return Signed(made.signature, made.public, made.seq, made.head)

    def _device(self, ip: str) -> str | Refused:
        try:
            address = ip_address(ip)
        except ValueError:
            return Refused(Refusal.NOT_ON_LAN)
        if isinstance(address, IPv6Address) and address.scope_id is not None:
            return Refused(Refusal.NOT_ON_LAN)  # nginx writes none; of the same address there would be two spellings
        lan = self.lan if isinstance(address, IPv4Address) else self.lan6
        if lan is None or address not in lan.network or address == lan.ip:
            return Refused(Refusal.NOT_ON_LAN)
        return self.whereabouts.device_at(address) or Refused(Refusal.UNKNOWN_DEVICE)

    def _addresses(self, device: str, ip: str = "") -> tuple[str, ...]:
        """The address asked from, then what else the device is known by: both families go online at once."""
        heard = self.whereabouts.addresses_of(device)
        # The newest: whoever made up thousands before logging in goes online with no more than anybody else.
        newest6 = [address for address in heard if isinstance(address, IPv6Address)][-MAX_IPV6:]
        known = [address for address in heard if isinstance(address, IPv4Address)] + sorted(newest6)
        return tuple(dict.fromkeys([*([str(ip_address(ip))] if ip else []), *map(str, known)]))

    def _asked(
        self, request: wire.AskPassword | AskPasswordAtDesk, device: str, now: Moment, terms: str = "", staff: str = ""
    ) -> Event | Refused:
        number = judge(request.number, self.countries)
        if isinstance(number, Refusal):
            return Refused(number)
        message = self.random.token_hex(8)
        digest = passwords.digest(self.key, device, message, passwords.derived(self.key, device, message))
        subscriber = passwords.subscriber(self.key, number)
        today = day_of(now, self.zone)
        return PasswordAsked(now, device, number, request.language, message, digest, subscriber, today, terms, staff)

    def _code(self, session: Session) -> str:
        while True:  # with 10,000 of 244 million taken, hardly ever twice
            code = codes.from_random([self.random.randbelow(len(codes.ALPHABET)) for _ in range(codes.CHARACTERS)])
            if code not in session.codes:
                return code

    def _entered(
        self,
        typed: str,
        device: str,
        addresses: tuple[str, ...],
        session: Session,
        now: Moment,
        *,
        staff: str = "",
    ) -> Event | Refused:
        password = passwords.well_formed(typed)
        if password is None:
            return Refused(Refusal.PASSWORD_MALFORMED)
        message = session.pending_message(device) or ""
        return PasswordEntered(
            now,
            device=device,
            addresses=addresses,
            digest=passwords.digest(self.key, device, message, password),
            visit=self.random.token_hex(8),
            port=self.whereabouts.port_of(device),
            staff=staff,
        )

    def _voucher(self, request: wire.RedeemVoucher, device: str, now: Moment) -> Event | Refused:
        code = vouchers.well_formed(request.voucher)
        if code is None:
            return Refused(Refusal.VOUCHER_MALFORMED)
        return VoucherEntered(
            now,
            device=device,
            addresses=self._addresses(device, request.ip),
            digest=vouchers.digest(self.key, code),
            visit=self.random.token_hex(8),
            port=self.whereabouts.port_of(device),
            terms=request.terms,
        )

    def _at_desk(self, request: DeskRequest, session: Session, now: Moment) -> Event | Answered:
        today = datetime.fromordinal(day_of(now, self.zone).ordinal).date()
        desk = Desk(self.desk, self.key, self.whereabouts, self.random, self._addresses, now, today)
        if not isinstance(request, AskPasswordAtDesk | EnterPasswordAtDesk):
            return desk.understand(request, session)
        device = desk.device(request, session)
        if not isinstance(device, str):
            return device
        if isinstance(request, AskPasswordAtDesk):
            return self._asked(request, device, now, staff=request.staff.strip())
        return self._entered(
            request.password, device, self._addresses(device), session, now, staff=request.staff.strip()
        )


def day_of(moment: Moment, zone: ZoneInfo) -> Day:
    """The day that a calendar on the venue's wall shows."""
    local = datetime.fromtimestamp(moment.utc_ms / 1000, UTC).astimezone(zone)
    return Day(local.toordinal(), f"{local:%Y-%m}")
