"""From a request to an event: who asks, who stands behind the address, is what was typed worth the session's time?

The portal is hostile input (law 8): it names an address, and the MAC address is found here. Random values are made
here, so that the session stays pure. Must not know: what the session makes of the event.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import IPv4Address, IPv4Interface, IPv6Address, IPv6Interface, ip_address
from typing import Protocol, assert_never
from zoneinfo import ZoneInfo

from appliance import codes, passwords, wire
from appliance.addresses import MAX_IPV6
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
from appliance.inbox import Role
from appliance.numbers import judge
from appliance.spending import Day
from appliance.state import Session
from appliance.wire import Refusal, Refused
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


_ADMINISTRATORS_ONLY = (wire.ListVisits, wire.LookAtSpending, wire.ListSources, wire.EndVisit, NoteBackup)
_NOT_FOR_THE_PORTAL = (LookAtKey, SignExtract, NoteLook)


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

    def understand(self, request: wire.Request, role: Role, session: Session) -> Event | Refused | wire.Sources | Key:
        """The event that the request is, or why it is none; or the answer, where the session has no part in it."""
        now = self.clock()
        if isinstance(request, _ADMINISTRATORS_ONLY) and role is not Role.ADMINISTRATOR:
            return Refused(Refusal.FORBIDDEN)
        if isinstance(request, _NOT_FOR_THE_PORTAL) and role is Role.PORTAL:
            return Refused(Refusal.FORBIDDEN)
        match request:
            case wire.Look(ip=ip):
                device = self._device(ip)
                return device if isinstance(device, Refused) else Looked(now, device=device)
            case wire.AskPassword(ip=ip):
                device = self._device(ip)
                return device if isinstance(device, Refused) else self._asked(request, device, now)
            case wire.EnterPassword(ip=ip):
                device = self._device(ip)
                return device if isinstance(device, Refused) else self._entered(request, device, session, now)
            case wire.ChooseLanguage(ip=ip, language=language):
                device = self._device(ip)
                return device if isinstance(device, Refused) else LanguageChosen(now, device, language)
            case wire.AskCode(ip=ip):
                device = self._device(ip)
                return device if isinstance(device, Refused) else CodeAsked(now, device, self._code(session))
            case wire.Leave(ip=ip):
                device = self._device(ip)
                return device if isinstance(device, Refused) else LeaveAsked(now, device)
            case wire.RedeemVoucher():
                return Refused(Refusal.BAD_REQUEST)
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
                return EndAsked(now, device=mac)
            case LookAtKey():
                return Key(self.notary.public)
            case SignExtract(by=by, why=why, since_utc_ms=since, until_utc_ms=until, manifest=manifest):
                return ActNoted(now, ExtractMade(by, why, since, until, manifest))
            case NoteLook(by=by, what=what):
                return ActNoted(now, IdentifierShown(by, what))
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
        lan = self.lan if isinstance(address, IPv4Address) else self.lan6
        if lan is None or address not in lan.network or address == lan.ip:
            return Refused(Refusal.NOT_ON_LAN)
        return self.whereabouts.device_at(address) or Refused(Refusal.UNKNOWN_DEVICE)

    def _addresses(self, ip: str, device: str) -> tuple[str, ...]:
        """The address asked from, then what else the device is known by: both families go online at once."""
        heard = self.whereabouts.addresses_of(device)
        # The newest: whoever made up thousands before logging in goes online with no more than anybody else.
        newest6 = [address for address in heard if isinstance(address, IPv6Address)][-MAX_IPV6:]
        known = [address for address in heard if isinstance(address, IPv4Address)] + sorted(newest6)
        return tuple(dict.fromkeys([str(ip_address(ip)), *map(str, known)]))

    def _asked(self, request: wire.AskPassword, device: str, now: Moment) -> Event | Refused:
        number = judge(request.number, self.countries)
        if isinstance(number, Refusal):
            return Refused(number)
        message = self.random.token_hex(8)
        digest = passwords.digest(self.key, device, message, passwords.derived(self.key, device, message))
        subscriber = passwords.subscriber(self.key, number)
        today = day_of(now, self.zone)
        return PasswordAsked(now, device, number, request.language, message, digest, subscriber, today, request.terms)

    def _code(self, session: Session) -> str:
        while True:  # with 10,000 of 244 million taken, hardly ever twice
            code = codes.from_random([self.random.randbelow(len(codes.ALPHABET)) for _ in range(codes.CHARACTERS)])
            if code not in session.codes:
                return code

    def _entered(self, request: wire.EnterPassword, device: str, session: Session, now: Moment) -> Event | Refused:
        password = passwords.well_formed(request.password)
        if password is None:
            return Refused(Refusal.PASSWORD_MALFORMED)
        message = session.pending_message(device) or ""
        return PasswordEntered(
            now,
            device=device,
            addresses=self._addresses(request.ip, device),
            digest=passwords.digest(self.key, device, message, password),
            visit=self.random.token_hex(8),
            port=self.whereabouts.port_of(device),
        )


def day_of(moment: Moment, zone: ZoneInfo) -> Day:
    """The day that a calendar on the venue's wall shows."""
    local = datetime.fromtimestamp(moment.utc_ms / 1000, UTC).astimezone(zone)
    return Day(local.toordinal(), f"{local:%Y-%m}")
