"""Whose box it is: the code that its first owner reads from its screen or label. Must not know: pages."""

from __future__ import annotations

import hmac
import threading
from collections.abc import Callable

import msgspec

from appliance.staff import spoken
from appliance.staff.accounts import Accounts
from appliance.staff.errors import StaffProblem, StaffRefused
from appliance.staff.kept import KeptFile

WRONG_AN_HOUR = 10
_HOUR_S = 3600.0


class ClaimFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The code; ""; there is none yet."""

    code: str = ""


class Claim:
    """The one claim of a box.

    The first account closes it; whoever makes that account says so (``Accounts.make(…, first=True)``), so that of two
    who know the code one comes too late.

    Args:
        file: where the code is kept; root makes it, the console reads it.
        accounts: one of them, and the box is claimed.
        clock: UTC, seconds.
    """

    def __init__(self, file: KeptFile[ClaimFile], accounts: Accounts, clock: Callable[[], float]) -> None:
        self._file, self._accounts, self._clock = file, accounts, clock
        self._wrong_s: list[float] = []
        self._lock = threading.Lock()

    @property
    def open(self) -> bool:
        """Whether nobody has claimed the box."""
        return not self._accounts.all()

    def code(self) -> str:
        """The code, for reading; it is made when there is none.

        Raises:
            StaffRefused: CLAIMED_ALREADY
        """
        if not self.open:
            raise StaffRefused(StaffProblem.CLAIMED_ALREADY)

        def step(before: ClaimFile) -> tuple[ClaimFile, str]:
            after = before if before.code else ClaimFile(spoken.made())
            return after, after.code

        return spoken.grouped(self._file.change(step))

    def take(self, code: str) -> bool:
        """Whether this is the code of a box that nobody has claimed. After ten wrong ones within an hour none is."""
        with self._lock:
            kept = self._file.read().code
            if not kept or not self.open or self.wait_s():
                return False
            if hmac.compare_digest((spoken.well_formed(code) or "").encode(), kept.encode()):
                return True
            self._wrong_s = [*self._recent_s(), self._clock()]
            return False

    def wait_s(self) -> int:
        """How long until a code is looked at again; 0: it is now."""
        recent_s = self._recent_s()
        return 0 if len(recent_s) < WRONG_AN_HOUR else max(1, round(min(recent_s) + _HOUR_S - self._clock()))

    def _recent_s(self) -> list[float]:
        now_s = self._clock()
        return [each for each in self._wrong_s if abs(now_s - each) < _HOUR_S]
