"""An account: what everybody may know of it, and what is kept. Must not know: files, hashes, clocks."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from appliance.staff.roles import StaffRole


class Account(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Somebody who works here; no secret in it."""

    login: str
    name: str
    role: StaffRole
    must_change: bool = False
    """The password is a temporary one."""
    has_second_factor: bool = False
    expires_utc_ms: int | None = None
    disabled: bool = False
    language: str = ""
    """"": never chose."""

    def is_open(self, now_utc_ms: int) -> bool:
        """Whether this person may sign in, and whether their sessions count."""
        return not self.disabled and (self.expires_utc_ms is None or now_utc_ms < self.expires_utc_ms)


@dataclass(frozen=True)
class Standing:
    """An account just now."""

    account: Account
    epoch: str
    """Another one after whatever ends an account's sessions: a new password, being disabled."""


class KeptFactor(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A second factor as it is kept."""

    secret: str
    """Base32. Codes are made from it, so it cannot be a hash; the file is its owner's alone."""
    last_step: int = 0
    """Of the newest code that was taken: none counts twice."""
    recovery: tuple[str, ...] = ()
    """SHA-256 of those that were not used yet. A slow hash would protect nothing: whoever reads it reads ``secret``."""


class KeptAccount(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """An account as it is kept."""

    name: str
    role: StaffRole
    password: str
    """argon2id, with parameters and salt."""
    epoch: str
    must_change: bool = False
    factor: KeptFactor | None = None
    begun_secret: str = ""
    """Of a second factor that waits for its first code."""
    expires_utc_ms: int | None = None
    disabled: bool = False
    language: str = ""

    def told(self, login: str) -> Account:
        """What everybody may know of it."""
        return Account(
            login,
            self.name,
            self.role,
            self.must_change,
            self.factor is not None,
            self.expires_utc_ms,
            self.disabled,
            self.language,
        )


class StaffFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All accounts, by login."""

    accounts: dict[str, KeptAccount] = {}

    @property
    def has_lasting_owner(self) -> bool:
        """Somebody may all, and that has no end."""
        return any(
            each.role is StaffRole.OWNER and not each.disabled and each.expires_utc_ms is None
            for each in self.accounts.values()
        )
