"""Signing in: password, then the code of a second factor where there is one; and how often one may try.

    match signing_in.password("aigerim", "…", address):
        case Proved(standing): …            # record it, then begin a session
        case CodeWanted(half): …            # ask for the code; ``half`` goes with it
        case Refused(why, retry_in_s): …

Whether it was the login or the password that is wrong cannot be told from words or time. Guesses are counted by
address and by login; who has signed in from an address before is not kept out there by what others guess elsewhere.
Must not know: sessions' tokens, pages, the journal.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum

from appliance.staff import policy
from appliance.staff.account import Standing
from appliance.staff.accounts import Accounts
from appliance.staff.errors import HashingBusy, StaffRefused
from appliance.staff.limits import Limits, origin
from appliance.staff.second_factors import SecondFactors
from appliance.staff.sessions import Sessions

HALF_LASTS_S = 5 * 60
CODES_A_HALF = 5
_HALVES = 256


class Why(StrEnum):
    """Why somebody was not let in."""

    WRONG = "wrong"
    """Login or password."""
    WAIT = "wait"
    """Too many wrong ones from here, or for this login."""
    BUSY = "busy"
    """Too many at once."""
    CLOSED = "closed"
    """All right, but the account is disabled or at its end."""
    CODE_WRONG = "code_wrong"
    BEGIN_AGAIN = "begin_again"
    """The code came too late, or too many were wrong: the password first."""


@dataclass(frozen=True)
class Proved:
    """It is this person."""

    standing: Standing


@dataclass(frozen=True)
class CodeWanted:
    """The password is right; the code of the second factor is still to come."""

    half: str
    """Comes back with the code; random, for five minutes, in memory."""


@dataclass(frozen=True)
class Refused:
    """Not let in."""

    why: Why
    retry_in_s: int = 0


@dataclass(frozen=True)
class _Half:
    standing: Standing
    until_s: float
    by_address: str
    """Where the password was counted."""
    tries_left: int = CODES_A_HALF


class SigningIn:
    """The console's door.

    Args:
        clock: UTC, seconds.
    """

    def __init__(
        self, accounts: Accounts, factors: SecondFactors, sessions: Sessions, clock: Callable[[], float]
    ) -> None:
        self._accounts, self._factors, self._sessions, self._clock = accounts, factors, sessions, clock
        self._limits = Limits(clock)
        self._halves: dict[str, _Half] = {}
        self._lock = threading.Lock()

    def password(self, login: str, password: str, address: str) -> Proved | CodeWanted | Refused:
        """What the first step brought.

        Args:
            login: as typed.
            address: from where.
        """
        by_address, by_login = self._keys(login, address)
        if wait_s := self._limits.enter(by_address, by_login):
            return Refused(Why.WAIT, wait_s)
        try:
            standing = self._accounts.proved(login, password)
        except HashingBusy:
            self._limits.give_back(by_address, by_login)
            return Refused(Why.BUSY)
        if standing is None:
            return Refused(Why.WRONG)
        if standing.account.has_second_factor:
            return self._half(standing, by_address)
        return self._proved(standing, by_login, by_address)

    def code(self, half: str, code: str, address: str) -> Proved | Refused:
        """What the second step brought."""
        known = self._tried(half)
        if known is None:
            return Refused(Why.BEGIN_AGAIN)
        login = known.standing.account.login
        by_address, by_login = self._keys(login, address)
        if wait_s := self._limits.enter(by_address, by_login):
            return Refused(Why.WAIT, wait_s)
        try:
            right = self._factors.takes(login, code)
        except StaffRefused:  # the account was removed meanwhile
            return Refused(Why.BEGIN_AGAIN)
        if not right:
            return Refused(Why.CODE_WRONG if known.tries_left > 0 else Why.BEGIN_AGAIN)
        with self._lock:
            self._halves.pop(half, None)
        now = self._accounts.standing(login)
        if now is None or now.epoch != known.standing.epoch:
            return Refused(Why.BEGIN_AGAIN)
        return self._proved(now, by_login, known.by_address, by_address)

    def again(self, login: str, password: str, address: str) -> Proved | Refused:
        """Whether somebody who is signed in knows the password still; counted as signing in is."""
        by_address, by_login = self._keys(login, address)
        if wait_s := self._limits.enter(by_address, by_login):
            return Refused(Why.WAIT, wait_s)
        try:
            standing = self._accounts.proved(login, password)
        except HashingBusy:
            self._limits.give_back(by_address, by_login)
            return Refused(Why.BUSY)
        return self._proved(standing, by_login, by_address) if standing else Refused(Why.WRONG)

    def _proved(self, standing: Standing, by_login: str, *counted: str) -> Proved | Refused:
        # By address only what this one took there: an account of one's own does not buy guesses at another's.
        for by_address in counted:
            self._limits.give_back(by_address)
        self._limits.forgive(by_login)
        if not standing.account.is_open(round(self._clock() * 1000)):
            return Refused(Why.CLOSED)
        return Proved(standing)

    def _keys(self, login: str, address: str) -> tuple[str, str]:
        proper, place = policy.login_of(login) or "", origin(address)
        familiar = self._sessions.is_familiar(proper, address)
        return f"address {place}", f"login {proper} from {place}" if familiar else f"login {proper}"

    def _half(self, standing: Standing, by_address: str) -> CodeWanted:
        half, now_s = secrets.token_urlsafe(32), self._clock()
        with self._lock:
            live = {each: known for each, known in self._halves.items() if now_s < known.until_s}
            while len(live) >= _HALVES:
                del live[next(iter(live))]
            self._halves = {**live, half: _Half(standing, now_s + HALF_LASTS_S, by_address)}
        return CodeWanted(half)

    def _tried(self, half: str) -> _Half | None:
        """The half with one try less; None: there is no such one any more."""
        with self._lock:
            known = self._halves.get(half)
            if known is None or not 0 < known.until_s - self._clock() <= HALF_LASTS_S or not known.tries_left:
                self._halves.pop(half, None)
                return None
            tried = self._halves[half] = replace(known, tries_left=known.tries_left - 1)
            return tried
