"""A gate for the portal's tests: keeps real state for each address, speaks only what fits on the wire.

It passes the same contract over a unix socket (``tests/edge/portal``). Must not know: the portal.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import assert_never

from msgspec import structs

from appliance import wire
from appliance.errors import GateUnreachable
from appliance.wire import (
    AskCode,
    AskPassword,
    ChooseLanguage,
    Delivery,
    Ended,
    EnterPassword,
    Language,
    Leave,
    Look,
    Phase,
    RedeemVoucher,
    Refusal,
    Refused,
    Reply,
    Request,
    Status,
    Trouble,
)

PASSWORD = "123456"
CODE = "ACD3E7"
VOUCHER = "KX7M-2QPT"
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
    language: Language | None = None
    code: str | None = None
    method: str = "sms"
    blocked: bool = False
    blocked_until_utc_ms: int | None = None


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
    trouble: Trouble | None = None
    vouchers: set[str] = field(default_factory=set)
    """What is not used yet; none at all: the venue has no vouchers."""
    terms: frozenset[str] = frozenset()
    """Digests of the terms that count; none: the venue has none."""

    def ask(self, request: Request) -> Reply:
        if self.down:
            raise GateUnreachable("/run/qaqpa/gate.sock", "Connection refused")
        # Over the wire and back, so that nothing which the real gate would refuse as malformed is taken here.
        return wire.decode_reply(wire.encode(self.answer(wire.decode_request(wire.encode(request)))))

    def answer(self, request: Request) -> Reply:
        self.heard.append(request)
        match request:
            case Look(ip=ip):
                return self.blind or self._status(ip)
            case AskPassword(ip=ip, number=number, terms=terms):
                return self.refusing or self._terms(terms) or self._ask_password(ip, number)
            case EnterPassword(ip=ip, password=password):
                return self.refusing or self._enter_password(ip, password)
            case ChooseLanguage(ip=ip, language=language):
                return self.refusing or self._put(ip, replace(self._device(ip), language=language))
            case AskCode(ip=ip):
                return self.refusing or self._put(ip, replace(self._device(ip), code=CODE))
            case Leave(ip=ip):
                return self.refusing or self._leave(ip)
            case RedeemVoucher(ip=ip, voucher=voucher, terms=terms):
                return self.refusing or self._terms(terms) or self._redeem(ip, voucher)
            case _:  # staff's
                return Refused(Refusal.FORBIDDEN)

    def put(self, ip: str, device: Device) -> None:
        self.devices[ip] = device

    def _device(self, ip: str) -> Device:
        return self.devices.get(ip, Device())

    def _put(self, ip: str, device: Device) -> Status:
        self.devices[ip] = device
        return self._status(ip)

    def _terms(self, agreed: str) -> Refused | None:
        return Refused(Refusal.TERMS_NOT_ACCEPTED) if self.terms and agreed not in self.terms else None

    def _status(self, ip: str) -> Status:
        device = self._device(ip)
        online = device.phase is Phase.ONLINE
        return structs.replace(
            self._of_phase(device),
            language=device.language,
            code=None if online else device.code,
            code_expires_in_s=None if online or device.code is None else 900,
            trouble=self.trouble if not online or self.trouble is Trouble.UPLINK else None,
            voucher=bool(self.vouchers),
            blocked=device.blocked,
            blocked_until_utc_ms=device.blocked_until_utc_ms,
        )

    def _of_phase(self, device: Device) -> Status:
        match device.phase:
            case Phase.STRANGER:
                return Status(
                    phase=Phase.STRANGER,
                    online_for_s=device.online_for_s if device.ended is Ended.TIME else None,
                    bytes_used=device.bytes_used if device.ended is Ended.QUOTA else None,
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
                    method=device.method,
                )
            case _:
                assert_never(device.phase)

    def _leave(self, ip: str) -> Reply:
        device = self._device(ip)
        if device.phase is not Phase.ONLINE:
            return Refused(Refusal.NO_SUCH_VISIT)
        return self._put(ip, Device(ended=Ended.VISITOR, language=device.language))

    def _redeem(self, ip: str, voucher: str) -> Reply:
        device = self._device(ip)
        if device.phase is Phase.ONLINE:
            return Refused(Refusal.ALREADY_ONLINE)
        if len(voucher) != len(VOUCHER):
            return Refused(Refusal.VOUCHER_MALFORMED)
        if voucher not in self.vouchers:
            return Refused(Refusal.VOUCHER_UNKNOWN)
        self.vouchers.discard(voucher)
        return self._put(ip, replace(device, phase=Phase.ONLINE, number=None, method="voucher"))

    def _ask_password(self, ip: str, number: str) -> Reply:
        device = self._device(ip)
        digits = "".join(c for c in number if c in "0123456789")
        if device.phase is Phase.ONLINE:
            return Refused(Refusal.ALREADY_ONLINE)
        if len(digits) < 10:
            return Refused(Refusal.NOT_A_NUMBER)
        if digits[-10] != "7":
            return Refused(Refusal.NOT_MOBILE)
        if device.phase is Phase.ASKED and device.resend_in_s:
            return Refused(Refusal.TOO_SOON, retry_in_s=device.resend_in_s)
        asked = Device(phase=Phase.ASKED, number=f"+7{digits[-10:]}", language=device.language, code=device.code)
        return self._put(ip, asked)

    def _enter_password(self, ip: str, password: str) -> Reply:
        device = self._device(ip)
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
        return self._put(ip, replace(device, phase=Phase.ONLINE))
