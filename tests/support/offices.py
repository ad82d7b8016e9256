"""An office in a folder of the test's, with a clock that stands still until told, and hashes that cost little but are
counted.

Must not know: what a test wants of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pyotp

from appliance.staff.hashing import Cost, Hashing
from appliance.staff.office import Office
from appliance.staff.roles import StaffRole

PASSWORD = "tulips in Almaty"
IDLE_S = 1800.0
START_S = 1_795_338_000.0
"""2026-11-22, 9:00 UTC."""
HOME, ELSEWHERE = "192.168.50.7", "192.168.50.66"


class Counting(Hashing):
    """As weak as argon2 lets it be; counts what it does."""

    def __init__(self) -> None:
        super().__init__(Cost(memory_kib=8, passes=1))
        self.made = self.checked = 0

    def hashed(self, password: str) -> str:
        self.made += 1
        return super().hashed(password)

    def holds(self, kept: str, password: str) -> bool:
        self.checked += 1
        return super().holds(kept, password)


def wrong_code(secret: str, now_s: float) -> str:
    """A code that this second factor has at no moment near this one."""
    near = {pyotp.TOTP(secret).generate_otp(int(now_s) // 30 + steps) for steps in range(-3, 4)}
    return next(code for code in map("{:06}".format, range(8)) if code not in near)


@dataclass
class Clock:
    """Stands still."""

    now_s: float = START_S

    def __call__(self) -> float:
        return self.now_s


@dataclass
class Open:
    """An office under test."""

    office: Office
    clock: Clock
    hashing: Counting
    folder: Path

    def another(self) -> Office:
        """The same folder as another process, or one after a restart, has it."""
        return Office.open(self.folder, IDLE_S, self.clock, Counting())


def office(folder: Path, owner: str = "", clock: Clock | None = None) -> Open:
    """An office.

    Args:
        owner: the login of an owner with ``PASSWORD``; "": nobody has claimed the box.
    """
    clock, hashing = clock or Clock(), Counting()
    opened = Office.open(folder, IDLE_S, clock, hashing)
    if owner:
        opened.accounts.make(owner, owner.title(), StaffRole.OWNER, PASSWORD)
    return Open(opened, clock, hashing, folder)
