"""What a login, a name, a password and an account's end may be. Pure.

    >>> password_problem("correct horse", "aigerim") is None
    True
    >>> password_problem("qwerty12345", "aigerim")
    <StaffProblem.PASSWORD_COMMON: 'password_common'>

Length and a list of what everybody tries, nothing else: NIST SP 800-63B 5.1.1.2 advises against rules of composition
and against changes by the calendar. Must not know: files, hashes, clocks.
"""

from __future__ import annotations

import re
import unicodedata

from appliance.staff.errors import StaffProblem
from appliance.staff.roles import StaffRole

PASSWORD_SHORTEST, PASSWORD_LONGEST = 10, 128
NAME_LONGEST = 60
INSPECTOR_LONGEST_MS = 90 * 86_400_000
_LOGIN = re.compile(r"[a-z0-9._-]{1,32}")
_FEWEST_DIFFERENT = 3
_ROWS = (
    "01234567890123456789",
    "98765432109876543210",
    "qwertyuiopasdfghjklzxcvbnm",
    "йцукенгшщзхъфывапролджэячсмитьбю",
)
_COMMON_TOGETHER = (
    "1q2w3e4r5t 1q2w3e4r5t6y 1qaz2wsx3edc 1qazxsw23edc q1w2e3r4t5 q1w2e3r4t5y6 qazwsxedcrfv qwerty1234 qwerty12345 "
    "qwerty123456 qwerty123456789 qwertyqwerty 123456qwerty 123456789a 123456789q a123456789 aa12345678 1234554321 "
    "1122334455 1212121212 1231231231 123123123123 123321123321 password12 password123 password1234 passw0rd123 "
    "p@ssw0rd123 administrator admin12345 admin123456 adminadmin rootrootroot letmein123 welcome123 welcome1234 "
    "iloveyou12 iloveyou123 changeme123 kazakhstan kazakhstan1 qazaqstan1 qazaqstan123 astana2024 almaty2024 "
    "qaqpaqaqpa qaqpa12345 internet123 superman123 zxcvbnm123 asdfghjkl1 йцукен12345 йцукен123456 пароль12345 "
    "пароль123456 қазақстан1"
)
"""The commonest of at least ten characters, as published lists of leaked passwords have them, and what stands near."""
_COMMON = frozenset(_COMMON_TOGETHER.split())


def login_of(typed: str) -> str | None:
    """The login that somebody typed: in lower case, without blanks around; None if it cannot be one."""
    login = typed.strip().lower()
    return login if _LOGIN.fullmatch(login) else None


def name_problem(name: str) -> StaffProblem | None:
    """What is wrong with the name of a person; None: nothing."""
    if not name.strip() or not name.isprintable():
        return StaffProblem.NAME_MISSING
    return StaffProblem.NAME_TOO_LONG if len(name.strip()) > NAME_LONGEST else None


def normal(password: str) -> str:
    """A password as it is hashed: the same letters from another keyboard are the same password (NFKC)."""
    return unicodedata.normalize("NFKC", password)


def password_problem(password: str, login: str) -> StaffProblem | None:
    """What is wrong with a password that somebody chose; None: nothing."""
    chosen = normal(password)
    if len(chosen) < PASSWORD_SHORTEST:
        return StaffProblem.PASSWORD_SHORT
    if len(chosen) > PASSWORD_LONGEST:
        return StaffProblem.PASSWORD_LONG
    plain = chosen.casefold()
    if plain.strip() == login.casefold():
        return StaffProblem.PASSWORD_IS_LOGIN
    if plain in _COMMON or len(set(plain)) < _FEWEST_DIFFERENT or any(plain in row for row in _ROWS):
        return StaffProblem.PASSWORD_COMMON
    return None


def expiry_problem(role: StaffRole, expires_utc_ms: int | None, now_utc_ms: int) -> StaffProblem | None:
    """What is wrong with an account's end; None: nothing. Only an inspector's account must have one."""
    if expires_utc_ms is None:
        return StaffProblem.EXPIRY_MISSING if role is StaffRole.INSPECTOR else None
    if expires_utc_ms <= now_utc_ms:
        return StaffProblem.EXPIRY_PAST
    too_far = role is StaffRole.INSPECTOR and expires_utc_ms > now_utc_ms + INSPECTOR_LONGEST_MS
    return StaffProblem.EXPIRY_TOO_FAR if too_far else None
