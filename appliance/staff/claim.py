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
from appliance.staff.limits import origin

WRONG_AN_HOUR = 10
"""From one address, or /64 of IPv6: whoever guesses there keeps nobody out who comes from elsewhere."""
WRONG_OF_ALL = 3000
"""From all together: at 46 bits a code is never found. A neighbour can take every free address of the uplink's network,
and of a /24 that is not enough to keep an owner out; where it is, ``begin_anew`` helps."""
_HOUR_S = 3600.0


class ClaimFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The code; ""; there is none yet."""

    code: str = ""
    anew_utc_s: float = 0.0
    """What was guessed before does not count any more."""


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
        self._wrong: list[tuple[float, str]] = []
        """When, and from where."""
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
            after = before if before.code else ClaimFile(spoken.made(), before.anew_utc_s)
            return after, after.code

        return spoken.grouped(self._file.change(step))

    def begin_anew(self) -> None:
        """Whoever stands at the box is its owner: codes are looked at again at once, from wherever."""
        now_s = self._clock()
        self._file.change(lambda before: (ClaimFile(before.code, now_s), None))

    def take(self, code: str, address: str = "") -> bool:
        """Whether this is the code of a box that nobody has claimed. After ten wrong ones within an hour none is.

        Args:
            address: from where it came.
        """
        with self._lock:
            kept = self._file.read().code
            if not kept or not self.open or self.wait_s(address):
                return False
            if hmac.compare_digest((spoken.well_formed(code) or "").encode(), kept.encode()):
                return True
            self._wrong = [*self._recent(), (self._clock(), origin(address))]
            return False

    def wait_s(self, address: str = "") -> int:
        """How long until a code from this address is looked at again; 0: it is now."""
        recent = self._recent()
        own = [wrong_s for wrong_s, place in recent if place == origin(address)]
        counted = [(own, WRONG_AN_HOUR), ([wrong_s for wrong_s, _ in recent], WRONG_OF_ALL)]
        full = [wrong_s[-most] for wrong_s, most in counted if len(wrong_s) >= most]
        return max(1, round(max(full) + _HOUR_S - self._clock())) if full else 0

    def _recent(self) -> list[tuple[float, str]]:
        now_s, anew_s = self._clock(), self._file.read().anew_utc_s
        return [each for each in self._wrong if abs(now_s - each[0]) < _HOUR_S and each[0] > anew_s]
