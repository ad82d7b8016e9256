"""The state of a venue, as plain immutable values.

Must not know: how one state follows another (that is ``appliance.session``), what is shown of it
(``appliance.status``).
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
from immutables import Map

from appliance.allowances import Allowances, Scope, Times
from appliance.events import Moment, Usage
from appliance.spending import Budget, Day, Debt, Debtor, Ledger, Waiting
from appliance.troubles import Troubles
from appliance.wire import Delivery, Ended, Language


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
    terms_digests: frozenset[str] = frozenset()
    """Of the venue's terms in each language, SHA-256 in hex; none: there is nothing to agree to."""
    vouchers: bool = False
    """Whether visitors may use vouchers."""
    voucher_needs_sms: bool = True
    """Whether a password by SMS is required of them all the same."""
    is_open: bool = True
    """Whether anybody new is admitted."""


class PasswordPending(msgspec.Struct, frozen=True, tag="pending"):
    """A password is on its way to ``number``. Deadlines are boot-clock milliseconds."""

    number: str
    language: Language
    """What its visitor chose last: of the SMS and of the pages."""
    message: str
    digest: bytes
    expires_boot_ms: int
    resend_boot_ms: int
    tries_left: int
    asked_boot_ms: int = 0


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
    method: str = "sms"
    """How it was authorised, in the word of the journal's ``VisitBegan``."""
    language: Language | None = None
    """What its visitor chose, as last kept."""
    max_s: int | None = None
    """How long it may last by its voucher, 0 = without limit; None: as the venue's terms say."""
    quota_bytes: int | None = None
    """How much it may use by its voucher, likewise."""

    @property
    def online(self) -> bool:
        """Whether the gate is open for the device."""
        return self.left_utc_ms is None


Device = PasswordPending | Visit


class Ending(msgspec.Struct, frozen=True):
    """A visit that ended otherwise than by leaving, remembered so that its visitor can be told why."""

    why: Ended
    forget_boot_ms: int
    limit: int = 0
    """The seconds or bytes that are used up."""


class Batch(msgspec.Struct, frozen=True):
    """Vouchers that were made together."""

    label: str
    count: int
    max_s: int
    quota_bytes: int
    made_utc_ms: int
    expires_utc_ms: int
    used: int = 0
    void: bool = False


class Voucher(msgspec.Struct, frozen=True):
    """One voucher; known by the keyed hash of its code alone."""

    batch: str
    device: str = ""
    """Who entered it; until it is used, for whom it waits."""
    used: bool = False


class Block(msgspec.Struct, frozen=True):
    """A device or a number that staff keep out; known by the MAC address or the number in E.164."""

    block: str
    why: str
    staff: str
    since_utc_ms: int
    until_utc_ms: int | None
    """None: until it is lifted."""


class Code(msgspec.Struct, frozen=True):
    """A pairing code that stands on a device's page."""

    device: str
    expires_boot_ms: int


class Chosen(msgspec.Struct, frozen=True):
    """The language that a device's visitor chose."""

    language: Language
    shown_boot_ms: int
    """When the device was last heard of, within a minute."""


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
    codes: Map[str, Code] = Map()
    """By pairing code; not kept, for a restart costs a visitor a tap."""
    coded: Map[str, str] = Map()
    """By device, its pairing code."""
    batches: Map[str, Batch] = Map()
    vouchers: Map[str, Voucher] = Map()
    """By the keyed hash of its code."""
    held: Map[str, str] = Map()
    """By device, the voucher that waits for its password."""
    blocks: Map[str, Block] = Map()
    """By MAC address or number."""
    wrong_codes: Map[str, Times] = Map()
    """By employee, when pairing codes were typed that no page shows. Not kept, as the next."""
    wrong_vouchers: Map[str, Times] = Map()
    """By device, and for the whole venue by "", when vouchers were tried that do not exist."""
    languages: Map[str, Chosen] = Map()
    """By device, strangers too. Kept only with what is kept of a device anyway (``Turn.put``)."""
    troubles: Troubles = Map()
    """What keeps visitors from the Internet, and since when; told anew after a restart."""
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
        max_s = self.max_s(visit)
        return visit.began.boot_ms + max_s * 1000 if max_s else None

    def max_s(self, visit: Visit) -> int:
        """How long the visit may last; 0 = without limit."""
        return self.terms.max_s if visit.max_s is None else visit.max_s

    def quota_bytes(self, visit: Visit) -> int:
        """How much the visit may use; 0 = without limit."""
        return self.terms.quota_bytes if visit.quota_bytes is None else visit.quota_bytes

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


def seconds_up(ms: int) -> int:
    """Whole seconds, rounded up, never negative."""
    return max(0, -(-ms // 1000))
