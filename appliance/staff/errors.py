"""What can go wrong with accounts, sessions and tokens; a part of ``appliance.errors``' tree.

ApplianceError
├── StaffRefused         it cannot be; ``why`` says it for a program
├── StaffFileDamaged     a file of the office cannot be read, and is left as it is
│   └── StaffFileNewer   because a later version has written it
└── HashingBusy          too many passwords are being checked at once
"""

from __future__ import annotations

from enum import StrEnum

from appliance.errors import ApplianceError


class StaffProblem(StrEnum):
    """Why something was refused."""

    LOGIN_MALFORMED = "login_malformed"
    LOGIN_TAKEN = "login_taken"
    NAME_MISSING = "name_missing"
    NAME_TOO_LONG = "name_too_long"
    PASSWORD_SHORT = "password_short"
    PASSWORD_LONG = "password_long"
    PASSWORD_COMMON = "password_common"
    PASSWORD_IS_LOGIN = "password_is_login"
    PASSWORD_SAME = "password_same"
    """A new one was asked for, and it is the one before."""
    EXPIRY_MISSING = "expiry_missing"
    """An inspector's account has an end."""
    EXPIRY_TOO_FAR = "expiry_too_far"
    EXPIRY_PAST = "expiry_past"
    LAST_OWNER = "last_owner"
    """Nobody would be left who may all, for ever."""
    CLAIMED_ALREADY = "claimed_already"
    """The first account was to be made, and there is one."""
    TOO_MANY = "too_many"
    NO_SUCH_ACCOUNT = "no_such_account"
    NO_SUCH_SESSION = "no_such_session"
    NO_SUCH_TOKEN = "no_such_token"
    LABEL_MISSING = "label_missing"
    SCOPE_MISSING = "scope_missing"
    CODE_WRONG = "code_wrong"
    """Of a second factor."""
    NOT_BEGUN = "not_begun"
    """A second factor is confirmed that nobody began."""


_SENTENCES = {
    StaffProblem.LOGIN_MALFORMED: "a login is 1 to 32 of the letters a-z, digits, '.', '_' and '-'",
    StaffProblem.LOGIN_TAKEN: "somebody has this login already",
    StaffProblem.NAME_MISSING: "say whose account it is (--name)",
    StaffProblem.NAME_TOO_LONG: "a name has at most 60 characters",
    StaffProblem.PASSWORD_SHORT: "a password has at least 10 characters",
    StaffProblem.PASSWORD_LONG: "a password has at most 128 characters",
    StaffProblem.PASSWORD_COMMON: "everybody would guess this password; choose another",
    StaffProblem.PASSWORD_IS_LOGIN: "the login is no password; choose another",
    StaffProblem.PASSWORD_SAME: "this is the password from before; choose another",
    StaffProblem.EXPIRY_MISSING: "an inspector's account has an end; say for how many days (--days)",
    StaffProblem.EXPIRY_TOO_FAR: "an inspector's account lasts at most 90 days",
    StaffProblem.EXPIRY_PAST: "the end has passed already",
    StaffProblem.LAST_OWNER: "a venue has at least one owner whose account is open and has no end; make another first",
    StaffProblem.CLAIMED_ALREADY: "this box is claimed already; sign in, or ask its owner for an account",
    StaffProblem.TOO_MANY: "there are too many already; remove what nobody uses",
    StaffProblem.NO_SUCH_ACCOUNT: "nobody has this login; `qaqpa staff list` lists all",
    StaffProblem.NO_SUCH_SESSION: "there is no such session; `qaqpa staff sessions` lists all",
    StaffProblem.NO_SUCH_TOKEN: "there is no such token; `qaqpa token list` lists all",
    StaffProblem.LABEL_MISSING: "say what the token is for; at most 60 characters",
    StaffProblem.SCOPE_MISSING: "say what the token may (--scope)",
    StaffProblem.CODE_WRONG: "the code is wrong, or was used already; wait for the next",
    StaffProblem.NOT_BEGUN: "begin with the second factor anew",
}


class StaffRefused(ApplianceError):
    """It cannot be, and nothing was changed."""

    def __init__(self, why: StaffProblem) -> None:
        self.why = why
        super().__init__(_SENTENCES[why])


class StaffFileDamaged(ApplianceError):
    """A file of the office cannot be read, and is left as it is."""

    def __init__(self, path: str, cause: str) -> None:
        self.path, self.cause = path, cause
        super().__init__(f"{path} is damaged ({cause}); bring it back from a copy, or move it away to begin anew")


class StaffFileNewer(StaffFileDamaged):
    """A later Qaqpa has written a file of the office."""

    def __init__(self, path: str) -> None:
        super().__init__(path, "newer")
        self.args = (
            f"{path} was written by a newer Qaqpa, and this one leaves it as it is: nobody can sign in until that "
            "version is installed again",
        )


class HashingBusy(ApplianceError):
    """Too many passwords are being checked at once."""

    def __init__(self) -> None:
        super().__init__("too many passwords are being checked just now; try again in a moment")
