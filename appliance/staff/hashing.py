"""Staff passwords as argon2id hashes (RFC 9106), a few at a time.

    >>> quick = Hashing(Cost(memory_kib=8, passes=1))
    >>> quick.holds(quick.hashed("correct horse"), "correct horse")
    True

Must not know: accounts.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

from appliance.staff.errors import HashingBusy

if TYPE_CHECKING:
    from argon2 import PasswordHasher

Answer = TypeVar("Answer")


@dataclass(frozen=True)
class Cost:
    """What one hash costs; the parameters stand in every hash, so they may grow."""

    memory_kib: int = 19 * 1024
    passes: int = 2
    lanes: int = 1


OWASP = Cost()
"""The OWASP password storage cheat sheet's choice: 56 ms on two shared cores. RFC 9106's second choice, 64 MiB and four
lanes, was rejected: a box of 512 MiB has other things to do, and attackers come several at a time."""
AT_ONCE = 2
WAITING = 3
"""Who comes while so many wait is told to try again: the console has eight threads, and some must stay free."""
_PATIENCE_S = 5.0


class Hashing:
    """Makes and checks hashes, at most ``AT_ONCE`` at a time: 38 MiB, whoever knocks."""

    def __init__(self, cost: Cost = OWASP) -> None:
        self._cost = cost
        # Threads of their own: the C library keeps for each thread what its largest hash took.
        self._threads = ThreadPoolExecutor(AT_ONCE, "hashing")
        self._places = threading.BoundedSemaphore(AT_ONCE + WAITING)

    @cached_property
    def _hasher(self) -> PasswordHasher:
        # Loaded by who hashes: many only look at accounts.
        from argon2 import PasswordHasher, Type

        return PasswordHasher(self._cost.passes, self._cost.memory_kib, self._cost.lanes, type=Type.ID)

    def hashed(self, password: str) -> str:
        """The hash, with its parameters and a salt of its own.

        Raises:
            HashingBusy: too many at once.
        """
        return self._in_turn(lambda: self._hasher.hash(_bytes(password)))

    def holds(self, kept: str, password: str) -> bool:
        """Whether it is the password behind that hash.

        Raises:
            HashingBusy: too many at once.
        """
        from argon2.exceptions import InvalidHashError, VerificationError

        try:
            return self._in_turn(lambda: self._hasher.verify(kept, _bytes(password)))
        except (VerificationError, InvalidHashError):
            return False

    def is_outdated(self, kept: str) -> bool:
        """Whether the parameters have changed since."""
        return self._hasher.check_needs_rehash(kept)

    def _in_turn(self, hashing: Callable[[], Answer]) -> Answer:
        if not self._places.acquire(blocking=False):
            raise HashingBusy
        try:
            return self._threads.submit(hashing).result(_PATIENCE_S)
        except TimeoutError as error:
            raise HashingBusy from error
        finally:
            self._places.release()


def _bytes(password: str) -> bytes:
    return password.encode("utf-8", "replace")
