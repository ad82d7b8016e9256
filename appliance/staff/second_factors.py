"""Second factors: time-based codes (RFC 6238), each taken once, and recovery codes for who lost the telephone.

Must not know: passwords, sessions, pages.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from types import ModuleType
from typing import TypeVar

import msgspec

from appliance.staff import spoken
from appliance.staff.account import KeptAccount, KeptFactor, StaffFile
from appliance.staff.accounts import Record, unrecorded
from appliance.staff.errors import StaffProblem, StaffRefused
from appliance.staff.kept import KeptFile

_Result = TypeVar("_Result")

STEP_S = 30
RECOVERY_CODES = 8
_DRIFT = 1
"""Steps that a telephone's clock may be before or behind ours (RFC 6238, 5.2)."""


class SecondFactors:
    """Those of all accounts.

    Args:
        file: where the accounts are kept.
        clock: UTC, seconds.
    """

    def __init__(self, file: KeptFile[StaffFile], clock: Callable[[], float]) -> None:
        self._file, self._clock = file, clock

    def begin(self, login: str) -> str:
        """A new secret (base32), to be shown this once; it counts once a code of it was confirmed.

        Raises:
            StaffRefused: NO_SUCH_ACCOUNT
        """
        secret: str = _otp().random_base32()
        self._change(login, lambda kept: (msgspec.structs.replace(kept, begun_secret=secret), None))
        return secret

    def confirm(self, login: str, code: str, *, record: Record = unrecorded) -> tuple[str, ...]:
        """From now on a code is asked for; returns the recovery codes, to be shown this once.

        Raises:
            StaffRefused: CODE_WRONG, NOT_BEGUN, NO_SUCH_ACCOUNT
        """

        def step(kept: KeptAccount) -> tuple[KeptAccount, tuple[str, ...]]:
            if not kept.begun_secret:
                raise StaffRefused(StaffProblem.NOT_BEGUN)
            taken = _step_of(KeptFactor(kept.begun_secret), code, self._clock())
            if taken is None:
                raise StaffRefused(StaffProblem.CODE_WRONG)
            codes = tuple(spoken.made() for _ in range(RECOVERY_CODES))
            factor = KeptFactor(kept.begun_secret, taken, tuple(_digest(each) for each in codes))
            record()
            return msgspec.structs.replace(kept, factor=factor, begun_secret=""), codes

        return tuple(spoken.grouped(each) for each in self._change(login, step))

    def forget(self, login: str, *, record: Record = unrecorded) -> None:
        """No code is asked for any more.

        Raises:
            StaffRefused: NO_SUCH_ACCOUNT
        """

        def step(kept: KeptAccount) -> tuple[KeptAccount, None]:
            record()
            return msgspec.structs.replace(kept, factor=None, begun_secret=""), None

        self._change(login, step)

    def takes(self, login: str, code: str) -> bool:
        """Whether the code, or the recovery code, is right; it is used up then."""

        def step(kept: KeptAccount) -> tuple[KeptAccount, bool]:
            used = _used(kept.factor, code, self._clock()) if kept.factor else None
            return (msgspec.structs.replace(kept, factor=used), True) if used else (kept, False)

        return self._change(login, step)

    def recovery_codes_left(self, login: str) -> int:
        """How many were not used yet."""
        kept = self._file.read().accounts.get(login)
        return len(kept.factor.recovery) if kept and kept.factor else 0

    def _change(self, login: str, step: Callable[[KeptAccount], tuple[KeptAccount, _Result]]) -> _Result:
        def whole(before: StaffFile) -> tuple[StaffFile, _Result]:
            if login not in before.accounts:
                raise StaffRefused(StaffProblem.NO_SUCH_ACCOUNT)
            after, result = step(before.accounts[login])
            return StaffFile({**before.accounts, login: after}), result

        return self._file.change(whole)


def address(secret: str, login: str, venue: str) -> str:
    """What the QR code says to the telephone's program (an ``otpauth`` address)."""
    said: str = _otp().TOTP(secret).provisioning_uri(name=login, issuer_name=venue)
    return said


def _otp() -> ModuleType:
    import pyotp  # a second factor is not everybody's, nor every process's

    return pyotp


def _used(factor: KeptFactor, code: str, now_s: float) -> KeptFactor | None:
    """The factor without what this code used up; None: it is wrong."""
    if (step := _step_of(factor, code, now_s)) is not None:
        return msgspec.structs.replace(factor, last_step=step)
    if typed := spoken.well_formed(code):
        rest = tuple(each for each in factor.recovery if not hmac.compare_digest(each, _digest(typed)))
        if len(rest) < len(factor.recovery):
            return msgspec.structs.replace(factor, recovery=rest)
    return None


def _step_of(factor: KeptFactor, code: str, now_s: float) -> int | None:
    """Of which step this is the code, if no newer one was taken and it is near enough."""
    typed = "".join(code.split())
    codes, now = _otp().TOTP(factor.secret, interval=STEP_S), int(now_s) // STEP_S
    steps = [step for step in range(now - _DRIFT, now + _DRIFT + 1) if step > factor.last_step]
    right = [step for step in steps if hmac.compare_digest(codes.generate_otp(step).encode(), typed.encode())]
    return right[0] if right else None


def _digest(code: str) -> str:
    return hashlib.sha256(code.encode()).hexdigest()
