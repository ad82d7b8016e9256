"""The state of a venue, as plain immutable values, and what a reader may see of it.

Must not know: how one state follows another (that is ``appliance.session``).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import assert_never

import msgspec
from immutables import Map

from appliance.allowances import Allowances, Scope, Times
from appliance.events import Moment, Usage
from appliance.spending import Budget, Day, Debt, Debtor, Ledger, Waiting
from appliance.wire import Delivery, Ended, LiveVisit, Phase, Status, Visits


class Terms(msgspec.Struct, frozen=True):
    """What the venue's configuration decides about visits."""

    password_valid_s: int = 300
    tries: int = 5
    resend_s: int = 60
    """How long after the first password the same device may ask for the same number again; doubles with each."""
    grace_s: int = 60
    """How long a device that left may return without a new password; 0 = ¶9 to the letter."""
    allowances: Allowances = Allowances()
    budget: Budget = Budget()
    max_s: int = 0
    """How long a visit may last; 0 = as long as the device stays."""
    quota_bytes: int = 0
    """How much a visit may use, both directions together; 0 = without limit."""


class PasswordPending(msgspec.Struct, frozen=True, tag="pending"):
    """A password is on its way to ``number``. Deadlines are boot-clock milliseconds."""

    number: str
    message: str
    digest: bytes
    expires_boot_ms: int
    resend_boot_ms: int
    tries_left: int


class Charge(msgspec.Struct, frozen=True):
    """What an SMS was charged to."""

    day: Day
    subscriber: str
    """The keyed hash of its number."""
    newcomer: bool
    """Whether it is a debt of its prefixes."""


class Message(msgspec.Struct, frozen=True):
    """An SMS with a password, remembered longer than the password: a late receipt is recorded all the same."""

    device: str
    number: str
    forget_boot_ms: int
    delivery: Delivery = Delivery.QUEUED
    charge: Charge | None = None
    """None: an earlier version sent it."""


class Visit(msgspec.Struct, frozen=True, tag="visit"):
    """One authorised stay. Away while ``left_utc_ms`` is set: closed, and over at ``grace_ends_boot_ms``."""

    visit: str
    number: str
    addresses: tuple[str, ...]
    began: Moment
    port: str = ""
    """The bridge port it was last seen behind, if known."""
    disputed: tuple[str, ...] = ()
    """Addresses of IPv6 that another device claimed during this visit: it may not have them again."""
    new_addresses_until_boot_ms: int = 0
    """Until when the IPv6 addresses that came during this visit count, each for a minute."""
    claimants: tuple[str, ...] = ()
    """Who claimed its IPv4 address during this visit, as far as that was recorded."""
    left_utc_ms: int | None = None
    left_proof: str = ""
    grace_ends_boot_ms: int = 0
    used: Usage = Usage()
    """What was counted until the last closing, of the device or of one of its addresses."""
    counted_from_boot_ms: int = 0
    """When that was: a reading of the counters that began earlier may hold what is in ``used`` already."""

    @property
    def online(self) -> bool:
        """Whether the gate is open for the device."""
        return self.left_utc_ms is None


Device = PasswordPending | Visit


class Ending(msgspec.Struct, frozen=True):
    """A visit that ended by the venue's terms, remembered so that its visitor can be told why."""

    why: Ended
    forget_boot_ms: int


class Session(msgspec.Struct, frozen=True):
    """The whole state of a venue. A device that is not in ``devices`` is a stranger."""

    terms: Terms
    devices: Map[str, Device] = Map()
    messages: Map[str, Message] = Map()
    asked: Map[tuple[Scope, str], Times] = Map()
    """When passwords were asked, by number, by device and for the whole venue."""
    ledger: Ledger = Ledger()
    debts: Map[Debtor, Debt] = Map()
    regulars: Map[str, int] = Map()
    """Numbers that logged in here, as keyed hashes, each with the ordinal of the day when it last did."""
    waiting: Map[str, Waiting] = Map()
    """Devices that wait their turn. Not kept: whoever floods the venue must not make it write, and a restart costs a
    visitor another minute."""
    endings: Map[str, Ending] = Map()
    """By device, no longer than until it asks for a password. As many as visits that ended just now; not kept, for a
    restart costs a visitor a sentence."""
    counted: Mapping[str, Usage] = Map()
    """By device, the kernel's counters as they were last read."""
    counted_boot_ms: int = 0
    """When that reading began."""
    counted_kept_boot_ms: int = 0
    """When the last reading that is kept began."""

    def admitted(self) -> dict[str, tuple[str, ...]]:
        """The devices for which the gate is open, with their addresses: what the kernel should show (law 4)."""
        return {
            mac: state.addresses for mac, state in self.devices.items() if isinstance(state, Visit) and state.online
        }

    def online_visits(self) -> dict[str, Visit]:
        """The visits for which the gate is open, by device."""
        return {mac: state for mac, state in self.devices.items() if isinstance(state, Visit) and state.online}

    def ports(self) -> dict[str, str]:
        """The bridge port each device that is online was last seen behind, where known."""
        return {
            mac: state.port
            for mac, state in self.devices.items()
            if isinstance(state, Visit) and state.online and state.port
        }

    def stretch_usage(self, device: str, visit: Visit) -> Usage | None:
        """What was last read of the visit's present stretch; None: nothing yet."""
        return self.counted.get(device) if self.counted_boot_ms > visit.counted_from_boot_ms else None

    def usage(self, device: str, visit: Visit) -> Usage:
        """What the visit has used, as far as it was read."""
        present = self.stretch_usage(device, visit) if visit.online else None
        return visit.used if present is None else plus(visit.used, present)

    def visit_ends_boot_ms(self, visit: Visit) -> int | None:
        """When the visit's time is up; None: never."""
        return visit.began.boot_ms + self.terms.max_s * 1000 if self.terms.max_s else None

    def grace_ends_boot_ms(self, visit: Visit, left_boot_ms: int) -> int:
        """Until when a visit that is left may be resumed: never beyond its time."""
        grace_ends, ends = left_boot_ms + self.terms.grace_s * 1000, self.visit_ends_boot_ms(visit)
        return grace_ends if ends is None else min(grace_ends, ends)

    def pending_message(self, device: str) -> str | None:
        """The message whose password the device may enter now."""
        state = self.devices.get(device)
        return state.message if isinstance(state, PasswordPending) else None


def plus(one: Usage, other: Usage) -> Usage:
    """Both together."""
    return Usage(
        one.up_packets + other.up_packets,
        one.up_bytes + other.up_bytes,
        one.down_packets + other.down_packets,
        one.down_bytes + other.down_bytes,
    )


def is_ipv6(address: str) -> bool:
    """Whether an address in text is one of IPv6."""
    return ":" in address


def status(session: Session, device: str, now_boot_ms: int) -> Status:
    """Where the device stands, as its visitor may know."""
    match session.devices.get(device):
        case PasswordPending() as state if now_boot_ms < state.expires_boot_ms:
            return Status(
                Phase.ASKED,
                number=state.number,
                delivery=sms.delivery if (sms := session.messages.get(state.message)) else Delivery.UNKNOWN,
                tries_left=state.tries_left,
                expires_in_s=seconds_up(state.expires_boot_ms - now_boot_ms),
                resend_in_s=seconds_up(state.resend_boot_ms - now_boot_ms),
            )
        case Visit() as state:
            used, ends = session.usage(device, state).total_bytes, session.visit_ends_boot_ms(state)
            quota = session.terms.quota_bytes
            return Status(
                Phase.ONLINE if state.online else Phase.AWAY,
                number=state.number,
                online_for_s=max(0, now_boot_ms - state.began.boot_ms) // 1000,
                bytes_used=used,
                seconds_remaining=None if ends is None else seconds_up(ends - now_boot_ms),
                bytes_remaining=max(0, quota - used) if quota else None,
            )
        case _:
            return _stranger(session, device)


def _stranger(session: Session, device: str) -> Status:
    """Nobody, or somebody whose visit is over and who wonders why."""
    ending = session.endings.get(device)
    match ending.why if ending is not None else None:
        case None:
            return Status(Phase.STRANGER)
        case Ended.TIME:
            return Status(Phase.STRANGER, online_for_s=session.terms.max_s, ended=Ended.TIME)
        case Ended.QUOTA:
            return Status(Phase.STRANGER, bytes_used=session.terms.quota_bytes, ended=Ended.QUOTA)
        case Ended.VISITOR | Ended.STAFF as why:
            return Status(Phase.STRANGER, ended=why)
        case _ as never:
            assert_never(never)


def live_visits(session: Session) -> Visits:
    """All live visits, oldest first."""
    live = [
        LiveVisit(
            visit=state.visit,
            device=device,
            number=state.number,
            phase=Phase.ONLINE if state.online else Phase.AWAY,
            addresses=state.addresses,
            began_utc_ms=state.began.utc_ms,
            left_utc_ms=state.left_utc_ms,
            up_bytes=(used := session.usage(device, state)).up_bytes,
            down_bytes=used.down_bytes,
        )
        for device, state in session.devices.items()
        if isinstance(state, Visit)
    ]
    return Visits(tuple(sorted(live, key=lambda visit: (visit.began_utc_ms, visit.visit))))


def seconds_up(ms: int) -> int:
    """Whole seconds, rounded up, never negative."""
    return max(0, -(-ms // 1000))
