"""The state of a venue, as plain immutable values, and what a reader may see of it.

Must not know: how one state follows another (that is ``appliance.session``).
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
from immutables import Map

from appliance.events import Moment
from appliance.passwords import Allowances, Scope, Times
from appliance.wire import Delivery, LiveVisit, Phase, Status, Visits


class Terms(msgspec.Struct, frozen=True):
    """What the venue's configuration decides about visits."""

    password_valid_s: int = 300
    tries: int = 5
    resend_s: int = 60
    """How long after asking the same device may ask for the same number again."""
    grace_s: int = 60
    """How long a device that left may return without a new password; 0 = ¶9 to the letter."""
    allowances: Allowances = Allowances()


class PasswordPending(msgspec.Struct, frozen=True, tag="pending"):
    """A password is on its way to ``number``. Deadlines are boot-clock milliseconds."""

    number: str
    message: str
    digest: bytes
    expires_boot_ms: int
    resend_boot_ms: int
    tries_left: int


class Message(msgspec.Struct, frozen=True):
    """An SMS with a password, remembered longer than the password: a late receipt is recorded all the same."""

    device: str
    number: str
    forget_boot_ms: int
    delivery: Delivery = Delivery.QUEUED


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
    claimants: tuple[str, ...] = ()
    """Who claimed its IPv4 address during this visit, as far as that was recorded."""
    left_utc_ms: int | None = None
    left_proof: str = ""
    grace_ends_boot_ms: int = 0

    @property
    def online(self) -> bool:
        """Whether the gate is open for the device."""
        return self.left_utc_ms is None


Device = PasswordPending | Visit

_devices: msgspec.json.Decoder[Device] = msgspec.json.Decoder(Device)
_messages: msgspec.json.Decoder[Message] = msgspec.json.Decoder(Message)
_times: msgspec.json.Decoder[Times] = msgspec.json.Decoder(Times)


class Session(msgspec.Struct, frozen=True):
    """The whole state of a venue. A device that is not in ``devices`` is a stranger."""

    terms: Terms
    devices: Map[str, Device] = Map()
    messages: Map[str, Message] = Map()
    asked: Map[tuple[Scope, str], Times] = Map()
    """When passwords were asked, by number, by device and for the whole venue."""

    def admitted(self) -> dict[str, tuple[str, ...]]:
        """The devices for which the gate is open, with their addresses: what the kernel should show (law 4)."""
        return {
            mac: state.addresses for mac, state in self.devices.items() if isinstance(state, Visit) and state.online
        }

    def ports(self) -> dict[str, str]:
        """The bridge port each device that is online was last seen behind, where known."""
        return {
            mac: state.port
            for mac, state in self.devices.items()
            if isinstance(state, Visit) and state.online and state.port
        }

    def pending_message(self, device: str) -> str | None:
        """The message whose password the device may enter now."""
        state = self.devices.get(device)
        return state.message if isinstance(state, PasswordPending) else None


def is_ipv6(address: str) -> bool:
    """Whether an address in text is one of IPv6."""
    return ":" in address


def device_key(device: str) -> str:
    """Under which key a device's state is kept."""
    return f"device/{device}"


def message_key(message: str) -> str:
    """Under which key what became of an SMS is kept."""
    return f"message/{message}"


def asked_key(scope: Scope, key: str) -> str:
    """Under which key the times of asking are kept."""
    return f"asked/{scope}/{key}"


def restore(terms: Terms, kept: Mapping[str, bytes]) -> Session:
    """The state that earlier ``Keep`` effects saved. Follow it with a ``Started`` event.

    Raises:
        msgspec.ValidationError, msgspec.DecodeError, ValueError: a kept value is not ours.
    """
    devices: dict[str, Device] = {}
    messages: dict[str, Message] = {}
    asked: dict[tuple[Scope, str], Times] = {}
    for name, value in kept.items():
        room, _, key = name.partition("/")
        if room == "device":
            devices[key] = _devices.decode(value)
        elif room == "message":
            messages[key] = _messages.decode(value)
        elif room == "asked":
            scope, _, whom = key.partition("/")
            asked[Scope(scope), whom] = _times.decode(value)
    return Session(terms, Map(devices), Map(messages), Map(asked))


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
            return Status(
                Phase.ONLINE if state.online else Phase.AWAY,
                number=state.number,
                online_for_s=max(0, now_boot_ms - state.began.boot_ms) // 1000,
            )
        case _:
            return Status(Phase.STRANGER)


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
        )
        for device, state in session.devices.items()
        if isinstance(state, Visit)
    ]
    return Visits(tuple(sorted(live, key=lambda visit: (visit.began_utc_ms, visit.visit))))


def seconds_up(ms: int) -> int:
    """Whole seconds, rounded up, never negative."""
    return max(0, -(-ms // 1000))
