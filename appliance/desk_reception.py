"""The reception's desk: which device staff means, and whether what they typed is worth the session's time.

A device is named by a pairing code or a workstation number. The console is less hostile than the portal, and yet every
field is judged here (law 8). Must not know: what the session makes of the event.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Protocol, assert_never

from appliance import codes, identity, vouchers
from appliance.desk import found, too_many_codes
from appliance.desk_events import (
    CodeWrong,
    DeviceLooked,
    DocumentShown,
    VouchersAsked,
    VouchersLooked,
    VouchersVoidAsked,
)
from appliance.events import Event, Moment
from appliance.pairing import device_of_code
from appliance.state import Session
from appliance.wire_desk import (
    AdmitByDocument,
    AskPasswordAtDesk,
    DeskRefusal,
    DeskRefused,
    EnterPasswordAtDesk,
    FindDevice,
    ListVouchers,
    ListWorkstations,
    MakeVouchers,
    Person,
    VoidVouchers,
    Workstation,
    Workstations,
)

_DAY_MS = 86_400_000


class Whereabouts(Protocol):
    """What the desk asks of ``reception.Whereabouts``."""

    def port_of(self, device: str) -> str | None: ...
    def devices_behind(self, port: str) -> Collection[str]: ...


class Randomness(Protocol):
    """Of ``reception.Randomness``."""

    def randbelow(self, exclusive_upper_bound: int, /) -> int: ...
    def token_hex(self, nbytes: int | None = None, /) -> str: ...


@dataclass(frozen=True)
class Place:
    """Where one of the owner's computers is found: one of the two is empty."""

    mac: str
    port: str


@dataclass(frozen=True)
class DeskSettings:
    """What the configuration says of the desk."""

    asked_for: frozenset[str] = frozenset()
    """Which of ``identity.OPTIONAL``."""
    workstations: Mapping[str, Place] = field(default_factory=dict)
    """By number."""


@dataclass(frozen=True)
class Desk:
    """For one request.

    Args:
        addresses: all that a device is known by.
        today: by the venue's calendar.
    """

    settings: DeskSettings
    key: bytes
    whereabouts: Whereabouts
    random: Randomness
    addresses: Callable[[str], tuple[str, ...]]
    now: Moment
    today: date

    def understand(
        self,
        request: FindDevice | ListWorkstations | AdmitByDocument | MakeVouchers | ListVouchers | VoidVouchers,
        session: Session,
    ) -> Event | DeskRefused | Workstations:
        """The event that the request is, or why it is none, or the answer."""
        if refused := self._staff(request.staff):
            return refused
        match request:
            case FindDevice():
                device = self.device(request, session)
                return DeviceLooked(self.now, device) if isinstance(device, str) else device
            case ListWorkstations():
                return Workstations(tuple(self._seen(number, session) for number in self.settings.workstations))
            case AdmitByDocument():
                return self._document(request, session)
            case MakeVouchers():
                return self._made(request)
            case ListVouchers():
                return VouchersLooked(self.now)
            case VoidVouchers(batch=batch, staff=staff):
                return VouchersVoidAsked(self.now, batch, staff.strip())
            case _:
                assert_never(request)

    def device(
        self, request: FindDevice | AdmitByDocument | AskPasswordAtDesk | EnterPasswordAtDesk, session: Session
    ) -> str | Event | DeskRefused:
        """The device that staff means; the event that a wrong code is."""
        if refused := self._staff(request.staff):
            return refused
        workstation = request.workstation.strip()
        if workstation and workstation not in self.settings.workstations:
            return DeskRefused(DeskRefusal.WORKSTATION_UNKNOWN)
        named = self._by_code(request, session) if request.code.strip() else self._at(workstation)
        if isinstance(named, str) and not self.addresses(named):
            return DeskRefused(DeskRefusal.NOBODY_THERE)
        return named

    def _by_code(
        self, request: FindDevice | AdmitByDocument | AskPasswordAtDesk | EnterPasswordAtDesk, session: Session
    ) -> str | Event | DeskRefused:
        staff = request.staff.strip()
        if refused := too_many_codes(session, staff, self.now.boot_ms):
            return refused
        code = codes.well_formed(request.code)
        if code is None:
            return DeskRefused(DeskRefusal.CODE_MALFORMED)
        return device_of_code(session, code, self.now.boot_ms) or CodeWrong(self.now, staff)

    def _at(self, workstation: str) -> str | DeskRefused:
        if not workstation:
            return DeskRefused(DeskRefusal.DEVICE_UNNAMED)
        place = self.settings.workstations[workstation]
        if place.mac:
            return place.mac
        there = self.whereabouts.devices_behind(place.port)
        if len(there) > 1:
            return DeskRefused(DeskRefusal.SEVERAL_THERE)
        return next(iter(there), None) or DeskRefused(DeskRefusal.NOBODY_THERE)

    def _seen(self, number: str, session: Session) -> Workstation:
        device = self._at(number)
        if not isinstance(device, str) or not self.addresses(device):
            return Workstation(number, None, None)
        return Workstation(number, device, found(session, device, self.now.boot_ms).phase)

    def _document(self, request: AdmitByDocument, session: Session) -> Event | DeskRefused:
        device = self.device(request, session)
        if not isinstance(device, str):
            return device
        person = identity.judged(request.person, self.settings.asked_for, self.today)
        if not isinstance(person, Person):
            return person
        return DocumentShown(
            self.now,
            device=device,
            addresses=self.addresses(device),
            visit=self.random.token_hex(8),
            port=self.whereabouts.port_of(device),
            person=person,
            doubts=identity.doubts(person),
            workstation=request.workstation.strip(),
            staff=request.staff.strip(),
        )

    def _made(self, request: MakeVouchers) -> Event | DeskRefused:
        label = request.label.strip()
        if not label.isprintable():
            return DeskRefused(DeskRefusal.CHARACTERS, "label")
        made = [self._voucher() for _ in range(request.count)]
        return VouchersAsked(
            self.now,
            batch=self.random.token_hex(4),
            label=label,
            codes=tuple(made),
            digests=tuple(vouchers.digest(self.key, code) for code in made),
            max_s=request.max_s,
            quota_bytes=request.quota_mb * 1_000_000,
            valid_ms=request.valid_days * _DAY_MS,
            staff=request.staff.strip(),
        )

    def _voucher(self) -> str:
        alphabet = len(codes.ALPHABET)
        return vouchers.from_random([self.random.randbelow(alphabet) for _ in range(vouchers.CHARACTERS)])

    def _staff(self, name: str) -> DeskRefused | None:
        if not name.strip():
            return DeskRefused(DeskRefusal.STAFF_UNNAMED)
        return None if name.isprintable() else DeskRefused(DeskRefusal.CHARACTERS, "staff")
