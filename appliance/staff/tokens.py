"""Tokens for machines: what a program shows instead of a session, each for some scopes alone.

    secret = tokens.make("Grafana", {Scope.METRICS}, by="aigerim", expires_utc_ms=None)     # shown this once
    tokens.of(secret)                                                                      # Token, or None

Must not know: HTTP, what a scope opens.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Iterable
from enum import StrEnum

import msgspec

from appliance.staff.accounts import Record, unrecorded
from appliance.staff.errors import StaffProblem, StaffRefused
from appliance.staff.kept import KeptFile
from appliance.staff.policy import NAME_LONGEST

PREFIX = "qaqpa_"
"""So that people and programs that look for lost secrets know one when they see it."""
MOST = 100


class Scope(StrEnum):
    """What a token may be used for."""

    VISITS = "visits"
    VOUCHERS = "vouchers"
    EXTRACTS = "extracts"
    HEALTH = "health"
    METRICS = "metrics"


class Token(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A token, without its secret."""

    token: str
    """Its name."""
    label: str
    """What it is for."""
    scopes: frozenset[Scope]
    by: str
    """Who made it."""
    made_utc_ms: int
    expires_utc_ms: int | None = None


class TokensFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All of them by the SHA-256 of their secrets; 256 random bits need no slow hash."""

    tokens: dict[str, Token] = {}


class Tokens:
    """All tokens.

    Args:
        file: where they are kept.
        clock: UTC, seconds.
    """

    def __init__(self, file: KeptFile[TokensFile], clock: Callable[[], float]) -> None:
        self._file, self._clock = file, clock

    def make(
        self,
        label: str,
        scopes: Iterable[Scope],
        by: str,
        expires_utc_ms: int | None = None,
        *,
        record: Record = unrecorded,
    ) -> str:
        """Make one; returns its secret, which is nowhere else.

        Raises:
            StaffRefused: LABEL_MISSING, SCOPE_MISSING, EXPIRY_PAST, TOO_MANY
        """
        now_utc_ms, wanted, called = round(self._clock() * 1000), frozenset(scopes), label.strip()
        if not called or len(called) > NAME_LONGEST or not called.isprintable():
            raise StaffRefused(StaffProblem.LABEL_MISSING)
        if not wanted:
            raise StaffRefused(StaffProblem.SCOPE_MISSING)
        if expires_utc_ms is not None and expires_utc_ms <= now_utc_ms:
            raise StaffRefused(StaffProblem.EXPIRY_PAST)
        secret = f"{PREFIX}{secrets.token_urlsafe(32)}"
        made = Token(secrets.token_hex(4), called, wanted, by, now_utc_ms, expires_utc_ms)

        def step(before: TokensFile) -> tuple[TokensFile, None]:
            if len(before.tokens) >= MOST:
                raise StaffRefused(StaffProblem.TOO_MANY)
            record()
            return TokensFile({**before.tokens, _digest(secret): made}), None

        self._file.change(step)
        return secret

    def of(self, secret: str) -> Token | None:
        """The token with this secret, while it counts."""
        token = self._file.read().tokens.get(_digest(secret))
        return token if token and self.counts(token) else None

    def counts(self, token: Token) -> bool:
        """Whether its end has not come."""
        return token.expires_utc_ms is None or self._clock() * 1000 < token.expires_utc_ms

    def all(self) -> tuple[Token, ...]:
        """The newest first, those whose end has come too."""
        return tuple(sorted(self._file.read().tokens.values(), key=lambda each: -each.made_utc_ms))

    def revoke(self, token: str, *, record: Record = unrecorded) -> None:
        """The token of this name counts no more.

        Raises:
            StaffRefused: NO_SUCH_TOKEN
        """

        def step(before: TokensFile) -> tuple[TokensFile, None]:
            rest = {digest: each for digest, each in before.tokens.items() if each.token != token}
            if len(rest) == len(before.tokens):
                raise StaffRefused(StaffProblem.NO_SUCH_TOKEN)
            record()
            return TokensFile(rest), None

        self._file.change(step)


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()
