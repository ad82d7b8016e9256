"""A gate for the portal's tests: keeps real state for each address, speaks only what fits on the wire.

It passes the same contract over a unix socket (``tests/edge/portal``). Must not know: the portal.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import assert_never

from appliance import wire
from appliance.errors import GateUnreachable
from appliance.wire import (
    AskPassword,
    Delivery,
    Ended,
    EnterPassword,
    Look,
    Phase,
    Refusal,
    Refused,
    Reply,
    Request,
    Status,
)

PASSWORD = "123456"
NUMBER = "+77011234567"
TRIES = 5


@dataclass(frozen=True)
class Device:
    """What this gate knows of one address."""

    phase: Phase = Phase.STRANGER
    number: str | None = None
    delivery: Delivery = Delivery.QUEUED
    tries_left: int = TRIES
    expires_in_s: int = 300
    resend_in_s: int = 30
    online_for_s: int = 0
    bytes_used: int = 0
    seconds_remaining: int | None = None
    bytes_remaining: int | None = None
    ended: Ended | None = None


@dataclass
class GateWithState:
    """The gate's part of the dialogue, as ``appliance.wire`` tells it."""

    devices: dict[str, Device] = field(default_factory=dict)
    heard: list[Request] = field(default_factory=list)
    refusing: Refused | None = None
    """Every request but Look gets this."""
    blind: Refused | None = None
    """Look gets this."""
    down: bool = False

    def ask(self, request: Request) -> Reply:
        if self.down:
            raise GateUnreachable("/run/qaqpa/gate.sock", "Connection refused")
        # Over the wire and back, so that nothing which the real gate would refuse as malformed is taken here.
        return wire.decode_reply(wire.encode(self.answer(wire.decode_request(wire.encode(request)))))

    def answer(self, request: Request) -> Reply:
        self.heard.append(request)
        match request:
            case Look(ip=ip) | wire.ChooseLanguage(ip=ip) | wire.AskCode(ip=ip) | wire.Leave(ip=ip):
                return self.blind or self._status(ip)
            case AskPassword(ip=ip, number=number):
                return self.refusing or self._ask_password(ip, number)
            case EnterPassword(ip=ip, password=password):
                return self.refusing or self._enter_password(ip, password)
            case _:
                return Refused(Refusal.FORBIDDEN)

    def put(self, ip: str, device: Device) -> None:
        self.devices[ip] = device

    def _status(self, ip: str) -> Status:
        device = self.devices.get(ip, Device())
        match device.phase:
            case Phase.STRANGER:
                if device.ended is None:
                    return Status(phase=Phase.STRANGER)
                by_time = device.ended is Ended.TIME
                return Status(
                    phase=Phase.STRANGER,
                    online_for_s=device.online_for_s if by_time else None,
                    bytes_used=None if by_time else device.bytes_used,
                    ended=device.ended,
                )
            case Phase.ASKED:
                return Status(
                    phase=Phase.ASKED,
                    number=device.number,
                    delivery=device.delivery,
                    tries_left=device.tries_left,
                    expires_in_s=device.expires_in_s,
                    resend_in_s=device.resend_in_s,
                )
            case Phase.ONLINE | Phase.AWAY:
                return Status(
                    phase=device.phase,
                    number=device.number,
                    online_for_s=device.online_for_s,
                    bytes_used=device.bytes_used,
                    seconds_remaining=device.seconds_remaining,
                    bytes_remaining=device.bytes_remaining,
                )
            case _:
                assert_never(device.phase)

    def _ask_password(self, ip: str, number: str) -> Reply:
        device = self.devices.get(ip, Device())
        digits = "".join(c for c in number if c in "0123456789")
        if device.phase is Phase.ONLINE:
            return Refused(Refusal.ALREADY_ONLINE)
        if len(digits) < 10:
            return Refused(Refusal.NOT_A_NUMBER)
        if digits[-10] != "7":
            return Refused(Refusal.NOT_MOBILE)
        if device.phase is Phase.ASKED and device.resend_in_s:
            return Refused(Refusal.TOO_SOON, retry_in_s=device.resend_in_s)
        self.devices[ip] = Device(phase=Phase.ASKED, number=f"+7{digits[-10:]}")
        return self._status(ip)

    def _enter_password(self, ip: str, password: str) -> Reply:
        device = self.devices.get(ip, Device())
        plain = password.replace(" ", "")
        if device.phase is Phase.ONLINE:
            return Refused(Refusal.ALREADY_ONLINE)
        if device.phase is not Phase.ASKED:
            return Refused(Refusal.NO_PASSWORD_ASKED)
        if len(plain) != 6 or not plain.isascii() or not plain.isdigit():
            return Refused(Refusal.PASSWORD_MALFORMED, tries_left=device.tries_left)
        if device.tries_left == 0:
            return Refused(Refusal.TOO_MANY_TRIES)
        if plain != PASSWORD:
            left = device.tries_left - 1
            self.devices[ip] = replace(device, tries_left=left)
            return Refused(Refusal.PASSWORD_WRONG if left else Refusal.TOO_MANY_TRIES, tries_left=left)
        self.devices[ip] = replace(device, phase=Phase.ONLINE)
        return self._status(ip)
