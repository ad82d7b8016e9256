"""What can happen to a venue: the only way anything reaches ``appliance.session``.

Everything that is not a fact about the session comes in with the event: the time, random values, who stands behind an
IP address. Must not know: where an event came from (a socket, netlink, the SMS process, a test).
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

import msgspec

from appliance.console_events import ConsoleEvent
from appliance.desk_events import DeskEvent, VoucherEntered
from appliance.spending import Day
from appliance.wire import Language, Trouble
from journal.entries import BackupMade, ExtractMade, IdentifierShown, StaffActed


class Moment(msgspec.Struct, frozen=True):
    """Now, on both clocks. Deadlines use ``boot_ms``, which no clock setting moves; records use ``utc_ms``."""

    utc_ms: int
    boot_ms: int


class MessageState(StrEnum):
    """What became of an SMS."""

    SENT = "sent"
    DELIVERED = "delivered"
    FAILED = "failed"


class Usage(msgspec.Struct, frozen=True, array_like=True):
    """What passed of a device in both families, as the kernel counts it: IP packets, and their bytes with headers."""

    up_packets: int = 0
    """From the device."""
    up_bytes: int = 0
    down_packets: int = 0
    """To the device."""
    down_bytes: int = 0

    @property
    def total_bytes(self) -> int:
        """Both directions."""
        return self.up_bytes + self.down_bytes


class Stretch(msgspec.Struct, frozen=True):
    """A part of a visit that ends with a closing: between two of them the kernel counts."""

    visit: str
    whole: bool
    """The device is shut out altogether; False: it loses some of its addresses."""
    last: Usage | None
    """What the whole device had used of it when it was last read; None: it was not."""


class _Event(msgspec.Struct, frozen=True):
    at: Moment


class Started(_Event, frozen=True):
    """The gate's process began, with the state that the last one left.

    ``same_boot``: the machine ran on while only the process was away, so visits go on.
    ``alive_utc_ms``: when the last process was surely alive; what ended without us ended about then.
    """

    version: str
    same_boot: bool
    alive_utc_ms: int


class Stopping(_Event, frozen=True):
    """The process is about to end in an orderly way; visits go on with the next one."""


class Tick(_Event, frozen=True):
    """Time has passed."""


class Looked(_Event, frozen=True):
    """The portal wants to know where the device stands."""

    device: str


class VisitsListed(_Event, frozen=True):
    """An administrator wants to see all live visits."""


class SpendingLooked(_Event, frozen=True):
    """An administrator wants to see what was spent on SMS; ``day``: today, as in ``PasswordAsked``."""

    day: Day


class PasswordAsked(_Event, frozen=True):
    """«Get password» with a number that was judged good (¶5). ``message`` is random, ``digest`` the keyed hash of the
    password that belongs to it.

    ``subscriber``: the keyed hash of the number; ``day``: today, by the wall clock and the venue's time zone.
    """

    device: str
    number: str
    language: Language
    message: str
    digest: bytes
    subscriber: str
    day: Day
    terms: str = ""
    """The digest of the venue's terms that the visitor agreed to; "": of none."""
    staff: str = ""
    """Who asks for a visitor at the desk."""


class MessageReported(_Event, frozen=True):
    """The SMS process says what became of a message."""

    message: str
    state: MessageState
    smsc_message: str
    reason: str
    provider: str = ""
    """Who carried it."""
    parts: int = 0
    """How many SMS it was paid as."""
    delay_ms: int | None = None
    """DELIVERED: since the SMSC took it."""


class PasswordEntered(_Event, frozen=True):
    """A well-formed password was entered (¶7).

    ``port``: the bridge port the device is behind; "" if no source knows, None if it has left meanwhile.
    """

    device: str
    addresses: tuple[str, ...]
    digest: bytes
    visit: str
    port: str | None
    staff: str = ""
    """To whom the visitor read it at the desk."""


class DeviceSeen(_Event, frozen=True):
    """A source has evidence that the device is here, at the bridge port ``port`` if it knows.

    ``address``: the IPv4 address that DHCP holds for it now; "" if none.
    """

    device: str
    proof: str
    port: str
    address: str


class DeviceLeft(_Event, frozen=True):
    """A source has strong evidence that the device left at ``left_utc_ms``, or it was silent for its whole window.

    ``final``: it will not be waited for; the visit is over.
    """

    device: str
    proof: str
    left_utc_ms: int
    final: bool = False


class AddressLearnt(_Event, frozen=True):
    """The neighbour table shows ``device`` behind ``address``, where ``previous`` was before, if any did."""

    device: str
    address: str
    previous: str | None


class AddressDisputed(_Event, frozen=True):
    """``by`` claims an address that the kernel has bound to ``device``, and is refused there."""

    device: str
    address: str
    by: str


class DeviceMoved(_Event, frozen=True):
    """DHCP gave the device another IPv4 address; "": it gave the device's own to another device."""

    device: str
    address: str


class Counted(_Event, frozen=True):
    """The kernel's counters were read, beginning at ``at``.

    ``usage``: by device, what was counted since it was last let in: a stretch begins with an admission and ends when
    the gate is closed. It falls when one of the device's addresses goes. Devices that are not admitted are not there.
    """

    usage: Mapping[str, Usage]


class Closed(_Event, frozen=True):
    """The gate was closed for the device, or for some of its addresses, and this is what they had used.

    ``usage``: None if the kernel's counters are gone.
    """

    device: str
    stretch: Stretch
    usage: Usage | None


class EndAsked(_Event, frozen=True):
    """Staff ends the device's visit."""

    device: str
    staff: str = ""


class LanguageChosen(_Event, frozen=True):
    """The device's visitor chose the language of the pages."""

    device: str
    language: Language


class CodeAsked(_Event, frozen=True):
    """The device's visitor goes to the desk; ``code`` is random and no other device's."""

    device: str
    code: str


class LeaveAsked(_Event, frozen=True):
    """The visitor ends the device's visit."""

    device: str


class TroubleTold(_Event, frozen=True):
    """Something that all visitors depend on stopped working, or works again."""

    trouble: Trouble
    present: bool


class ActNoted(_Event, frozen=True):
    """Somebody of the staff did what touches no visit, and it must be in the journal before it is answered."""

    act: BackupMade | ExtractMade | IdentifierShown | StaffActed


Event = (
    Started
    | Stopping
    | Tick
    | Looked
    | VisitsListed
    | SpendingLooked
    | PasswordAsked
    | MessageReported
    | PasswordEntered
    | DeviceSeen
    | DeviceLeft
    | AddressLearnt
    | AddressDisputed
    | DeviceMoved
    | Counted
    | Closed
    | EndAsked
    | LanguageChosen
    | CodeAsked
    | LeaveAsked
    | TroubleTold
    | ActNoted
    | VoucherEntered
    | DeskEvent
    | ConsoleEvent
)
