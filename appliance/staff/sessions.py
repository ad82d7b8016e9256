"""Who is signed in. A session is 256 random bits that the browser has; we keep their SHA-256.

    token = sessions.begin("aigerim", "192.168.50.7", "Firefox")
    sessions.of(token)                                   # SignedIn, or None

Kept over a restart. A session is held against its account at every request: another role, a new password or an end
count at once. Must not know: cookies, pages.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Protocol

import msgspec

from appliance.staff.account import Standing
from appliance.staff.accounts import Record, unrecorded
from appliance.staff.errors import StaffProblem, StaffRefused
from appliance.staff.kept import KeptFile
from appliance.staff.limits import origin
from appliance.staff.roles import SignedIn

ABSOLUTE_S = 12 * 3600
MOST_OF_ONE = 20
_WRITTEN_EVERY_S = 60.0
"""A restart forgets at most so much of when a session was last used."""
_CLOCK_STEP_S = 300.0
"""A clock may be set back so far; farther, and nobody knows how old a session is."""
_FAMILIAR = 8
_BROWSER_LONGEST = 200


class KeptSession(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A session as it is kept, under the digest of its token."""

    session: str
    """Its name, which is no secret."""
    login: str
    epoch: str
    began_utc_s: float
    seen_utc_s: float
    address: str
    browser: str


class SessionsFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All sessions, and from where each login signed in."""

    sessions: dict[str, KeptSession] = {}
    familiar: dict[str, tuple[str, ...]] = {}


class KnowsAccounts(Protocol):
    """Whoever knows how accounts stand; ``accounts.Accounts`` does."""

    def standing(self, login: str) -> Standing | None:
        """The account and what its sessions are held against."""
        ...


class Sessions:
    """All sessions.

    Args:
        file: where they are kept.
        accounts: against which they are held.
        idle_s: after so long without a request one is over.
        clock: UTC, seconds.
    """

    def __init__(
        self, file: KeptFile[SessionsFile], accounts: KnowsAccounts, idle_s: float, clock: Callable[[], float]
    ) -> None:
        self._file, self._accounts, self._idle_s, self._clock = file, accounts, idle_s, clock
        self._seen_utc_s: dict[str, float] = {}
        self._unkept: dict[str, KeptSession] = {}
        """Begun while the disk was full: their owners are who must see that."""
        self._lock = threading.Lock()

    def begin(self, login: str, address: str = "", browser: str = "", *, epoch: str = "") -> str:
        """A new session; returns its token, which is nowhere else.

        Args:
            epoch: the account's when it was proved; a password that was changed since begins nothing. "": as it is now.

        Raises:
            StaffRefused: NO_SUCH_ACCOUNT: there is none, or it is not what was proved.
        """
        standing = self._accounts.standing(login)
        if standing is None or (epoch and standing.epoch != epoch):
            raise StaffRefused(StaffProblem.NO_SUCH_ACCOUNT)
        token, now_s, proper = secrets.token_urlsafe(32), self._clock(), standing.account.login
        made = KeptSession(
            secrets.token_hex(6), proper, standing.epoch, now_s, now_s, address[:64], browser[:_BROWSER_LONGEST]
        )

        def step(before: SessionsFile) -> tuple[SessionsFile, None]:
            live = self._live(before.sessions)
            own = sorted((each.began_utc_s, digest) for digest, each in live.items() if each.login == proper)
            for _, digest in own[: max(0, len(own) - MOST_OF_ONE + 1)]:
                del live[digest]
            known = [each for each in before.familiar.get(proper, ()) if each != origin(address)]
            familiar = (*known, origin(address))[-_FAMILIAR:]
            return SessionsFile({**live, _digest(token): made}, {**before.familiar, proper: familiar}), None

        try:
            self._file.change(step)
        except OSError:
            self._unkept[_digest(token)] = made
        return token

    def of(self, token: str, *, is_passive: bool = False) -> SignedIn | None:
        """Who holds this token just now; a look makes the session last longer.

        Args:
            is_passive: a page looked by itself, and nobody need be there: the session ends as if it had not.
        """
        digest = _digest(token)
        kept = self._file.read().sessions.get(digest) or self._unkept.get(digest)
        if kept is None:
            return None
        standing = self._held(digest, kept)
        if standing is None:
            return None
        if not is_passive:
            self._note(digest, kept)
        who = standing.account
        return SignedIn(who.login, who.name, who.role, kept.session, _csrf(token), who.must_change, who.language)

    def all(self, login: str | None = None) -> tuple[KeptSession, ...]:
        """Those that count, of everybody or one login, the newest first."""
        live = [
            msgspec.structs.replace(each, seen_utc_s=self._last_seen(digest, each))
            for digest, each in {**self._live(self._file.read().sessions), **self._live(self._unkept)}.items()
        ]
        of_one = [each for each in live if login is None or each.login == login]
        return tuple(sorted(of_one, key=lambda each: -each.began_utc_s))

    def end(self, session: str, *, login: str | None = None, record: Record = unrecorded) -> None:
        """End one by its name.

        Args:
            login: whose it must be; None: anybody's.

        Raises:
            StaffRefused: NO_SUCH_SESSION
        """

        if not any(each.session == session for each in self.all(login)):
            raise StaffRefused(StaffProblem.NO_SUCH_SESSION)
        record()
        self._drop(lambda each: each.session == session)

    def end_all(self, login: str, *, but: str = "", record: Record = unrecorded) -> None:
        """End all of an account, but the one of this name."""

        record()
        self._drop(lambda each: each.login == login and each.session != but)

    def is_familiar(self, login: str, address: str) -> bool:
        """Whether this login has signed in from there before."""
        return origin(address) in self._file.read().familiar.get(login, ())

    def _drop(self, ends: Callable[[KeptSession], bool]) -> None:
        self._unkept = {digest: each for digest, each in self._unkept.items() if not ends(each)}

        def step(before: SessionsFile) -> tuple[SessionsFile, None]:
            rest = {digest: each for digest, each in before.sessions.items() if not ends(each)}
            return SessionsFile(rest, before.familiar), None

        self._file.change(step)

    def _live(self, sessions: Mapping[str, KeptSession]) -> dict[str, KeptSession]:
        return {digest: each for digest, each in sessions.items() if self._held(digest, each)}

    def _held(self, digest: str, kept: KeptSession) -> Standing | None:
        """The account that the session still stands for."""
        now_s = self._clock()
        seen_s = self._last_seen(digest, kept)
        if now_s - seen_s >= self._idle_s or now_s - kept.began_utc_s >= ABSOLUTE_S:
            return None
        if now_s < seen_s - _CLOCK_STEP_S:
            return None
        standing = self._accounts.standing(kept.login)
        if standing is None or standing.epoch != kept.epoch:
            return None
        return standing if standing.account.is_open(round(now_s * 1000)) else None

    def _last_seen(self, digest: str, kept: KeptSession) -> float:
        return max(kept.seen_utc_s, self._seen_utc_s.get(digest, 0.0))

    def _note(self, digest: str, kept: KeptSession) -> None:
        now_s = self._clock()
        with self._lock:
            self._seen_utc_s[digest] = now_s
            if now_s - kept.seen_utc_s < _WRITTEN_EVERY_S:
                return

        def step(before: SessionsFile) -> tuple[SessionsFile, None]:
            live = self._live(before.sessions)
            if digest in live:
                live[digest] = msgspec.structs.replace(live[digest], seen_utc_s=now_s)
            return SessionsFile(live, before.familiar), None

        with suppress(OSError):  # a full disk only forgets it at a restart
            self._file.change(step)
        with self._lock:
            still = self._file.read().sessions
            self._seen_utc_s = {
                each: seen_s for each, seen_s in self._seen_utc_s.items() if each in still or each in self._unkept
            }


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def _csrf(token: str) -> str:
    """What the session's forms carry: made of the token, so that no file has it."""
    return hmac.digest(token.encode("utf-8", "replace"), b"csrf", hashlib.sha256).hex()[:32]
