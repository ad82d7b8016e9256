"""The accounts of who works here, in one file.

    accounts = Accounts(KeptFile(folder / "staff.json", StaffFile()), Hashing(), time.time)
    accounts.make("aigerim", "Aigerim S.", StaffRole.DESK, password=None)      # a temporary one comes back

Every change is judged, then recorded by whoever asks for it (``record``, which may raise: then nothing is changed),
then written. Must not know: sessions, pages, the gate.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from types import EllipsisType

import msgspec

from appliance.staff import policy, spoken
from appliance.staff.account import Account, KeptAccount, StaffFile, Standing
from appliance.staff.errors import HashingBusy, StaffProblem, StaffRefused
from appliance.staff.hashing import Hashing
from appliance.staff.kept import KeptFile
from appliance.staff.roles import StaffRole

MOST = 200
_NOBODY = "nobody's password"

Record = Callable[[], None]


def unrecorded() -> None:
    """For changes that the journal hears of otherwise."""


class Accounts:
    """All of them.

    Args:
        file: where they are kept.
        hashing: of passwords.
        clock: UTC, seconds.
    """

    def __init__(self, file: KeptFile[StaffFile], hashing: Hashing, clock: Callable[[], float]) -> None:
        self._file, self._hashing, self._clock = file, hashing, clock
        self._of_nobody = ""

    def all(self) -> tuple[Account, ...]:
        """Sorted by login."""
        return tuple(kept.told(login) for login, kept in sorted(self._file.read().accounts.items()))

    def find(self, login: str) -> Account | None:
        """The account of this login, whoever typed it how."""
        standing = self.standing(login)
        return standing.account if standing else None

    def standing(self, login: str) -> Standing | None:
        """The same with what its sessions are held against."""
        proper = policy.login_of(login)
        kept = self._file.read().accounts.get(proper) if proper else None
        return Standing(kept.told(proper), kept.epoch) if kept and proper else None

    # ── passwords ───────────────────────────────────────────────────────────────────────────────────────────────────

    def proved(self, login: str, password: str) -> Standing | None:
        """The account if this is its password; its being open is another question.

        One hash is made whether or not there is such a login, so that the time tells nothing.

        Raises:
            HashingBusy: too many are being checked at once.
        """
        proper = policy.login_of(login) or ""
        kept = self._file.read().accounts.get(proper)
        typed = _as_hashed(password, kept is not None and kept.must_change)
        if kept is None:
            self._of_nobody = self._of_nobody or self._hashing.hashed(_NOBODY)
        if not self._hashing.holds(kept.password if kept else self._of_nobody, typed) or kept is None:
            return None
        if self._hashing.is_outdated(kept.password):
            self._hash_anew(proper, kept.password, typed)
        return Standing(kept.told(proper), kept.epoch)

    def make(
        self,
        login: str,
        name: str,
        role: StaffRole,
        password: str | None,
        expires_utc_ms: int | None = None,
        *,
        first: bool = False,
        language: str = "",
        record: Record = unrecorded,
    ) -> str:
        """Make an account; returns its password.

        Args:
            password: None: a temporary one is made, which must be changed.
            first: only if there is no account yet, so that of two who claim a box one comes too late.

        Raises:
            StaffRefused, HashingBusy, StaffFileDamaged
        """
        proper = policy.login_of(login)
        if proper is None:
            raise StaffRefused(StaffProblem.LOGIN_MALFORMED)
        _refuse(policy.name_problem(name))
        _refuse(policy.expiry_problem(role, expires_utc_ms, self._now_utc_ms()))
        given, told = self._given(proper, password)
        made = KeptAccount(
            name.strip(), role, given, _epoch(), password is None, expires_utc_ms=expires_utc_ms, language=language
        )

        def step(before: StaffFile) -> tuple[StaffFile, None]:
            if first and before.accounts:
                raise StaffRefused(StaffProblem.CLAIMED_ALREADY)
            if proper in before.accounts:
                raise StaffRefused(StaffProblem.LOGIN_TAKEN)
            if len(before.accounts) >= MOST:
                raise StaffRefused(StaffProblem.TOO_MANY)
            return _judged({**before.accounts, proper: made}, record), None

        self._file.change(step)
        return told

    def set_password(self, login: str, password: str | None, *, record: Record = unrecorded) -> str:
        """Give an account another password and end its sessions; returns the password.

        Args:
            password: None: a temporary one is made, which must be changed.

        Raises:
            StaffRefused, HashingBusy, StaffFileDamaged
        """
        proper = policy.login_of(login) or ""
        before = self._file.read().accounts.get(proper)
        if before is None:
            raise StaffRefused(StaffProblem.NO_SUCH_ACCOUNT)
        if password is not None:
            _refuse(policy.password_problem(password, proper))
            if self._hashing.holds(before.password, _as_hashed(password, before.must_change)):
                raise StaffRefused(StaffProblem.PASSWORD_SAME)
        given, told = self._given(proper, password)
        self._change(proper, record, password=given, must_change=password is None, epoch=_epoch())
        return told

    # ── the rest ────────────────────────────────────────────────────────────────────────────────────────────────────

    def change(
        self,
        login: str,
        *,
        name: str | None = None,
        role: StaffRole | None = None,
        expires_utc_ms: int | EllipsisType | None = ...,
        language: str | None = None,
        record: Record = unrecorded,
    ) -> None:
        """Change what is given; another role counts from the next request on.

        Raises:
            StaffRefused, StaffFileDamaged
        """
        before = self.find(login)
        if before is None:
            raise StaffRefused(StaffProblem.NO_SUCH_ACCOUNT)
        given: dict[str, object] = {}
        if name is not None:
            _refuse(policy.name_problem(name))
            given["name"] = name.strip()
        if role is not None or expires_utc_ms is not ...:
            end = before.expires_utc_ms if expires_utc_ms is ... else expires_utc_ms
            _refuse(policy.expiry_problem(role or before.role, end, self._now_utc_ms()))
            given |= {"role": role or before.role, "expires_utc_ms": end}
        if language is not None:
            given["language"] = language
        self._change(before.login, record, **given)

    def disable(self, login: str, disabled: bool = True, *, record: Record = unrecorded) -> None:
        """Close an account and end its sessions, or open it again.

        Raises:
            StaffRefused, StaffFileDamaged
        """
        self._change(policy.login_of(login) or "", record, disabled=disabled, epoch=_epoch())

    def remove(self, login: str, *, record: Record = unrecorded) -> None:
        """There is no such account any more, nor a session of it.

        Raises:
            StaffRefused, StaffFileDamaged
        """
        proper = policy.login_of(login) or ""

        def step(before: StaffFile) -> tuple[StaffFile, None]:
            if proper not in before.accounts:
                raise StaffRefused(StaffProblem.NO_SUCH_ACCOUNT)
            return _judged({each: kept for each, kept in before.accounts.items() if each != proper}, record), None

        self._file.change(step)

    def _change(self, login: str, record: Record, **given: object) -> None:
        def step(before: StaffFile) -> tuple[StaffFile, None]:
            if login not in before.accounts:
                raise StaffRefused(StaffProblem.NO_SUCH_ACCOUNT)
            changed = msgspec.structs.replace(before.accounts[login], **given)
            return _judged({**before.accounts, login: changed}, record), None

        self._file.change(step)

    def _given(self, login: str, password: str | None) -> tuple[str, str]:
        """The hash, and the password as it is told."""
        if password is None:
            code = spoken.made()
            return self._hashing.hashed(code), spoken.grouped(code)
        _refuse(policy.password_problem(password, login))
        return self._hashing.hashed(policy.normal(password)), password

    def _hash_anew(self, login: str, before: str, typed: str) -> None:
        try:
            anew = self._hashing.hashed(typed)
        except HashingBusy:
            return  # the next time

        def step(file: StaffFile) -> tuple[StaffFile, None]:
            kept = file.accounts.get(login)
            if kept is None or kept.password != before:
                return file, None
            return StaffFile({**file.accounts, login: msgspec.structs.replace(kept, password=anew)}), None

        self._file.change(step)

    def _now_utc_ms(self) -> int:
        return round(self._clock() * 1000)


def _as_hashed(password: str, temporary: bool) -> str:
    """A temporary password is typed in whatever case and groups it was read aloud."""
    typed = password[: policy.PASSWORD_LONGEST + 1]
    return (spoken.well_formed(typed) if temporary else None) or policy.normal(typed)


def _judged(accounts: Mapping[str, KeptAccount], record: Record) -> StaffFile:
    after = StaffFile(dict(accounts))
    if not after.has_lasting_owner:
        raise StaffRefused(StaffProblem.LAST_OWNER)
    record()
    return after


def _refuse(problem: StaffProblem | None) -> None:
    if problem is not None:
        raise StaffRefused(problem)


def _epoch() -> str:
    return secrets.token_hex(8)
