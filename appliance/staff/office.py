"""The office: everything that is kept about who works here, in one folder.

    office = Office.open(Path("/var/lib/qaqpa/console"), idle_s=1800, clock=time.time)

Must not know: pages, the gate.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from appliance.staff.account import StaffFile
from appliance.staff.accounts import Accounts
from appliance.staff.claim import Claim, ClaimFile
from appliance.staff.hashing import Hashing
from appliance.staff.kept import KeptFile
from appliance.staff.second_factors import SecondFactors
from appliance.staff.sessions import Sessions, SessionsFile
from appliance.staff.signing_in import SigningIn
from appliance.staff.tokens import Tokens, TokensFile


@dataclass(frozen=True)
class Office:
    """Its parts."""

    accounts: Accounts
    factors: SecondFactors
    sessions: Sessions
    signing_in: SigningIn
    tokens: Tokens
    claim: Claim

    @classmethod
    def open(cls, folder: Path, idle_s: float, clock: Callable[[], float], hashing: Hashing | None = None) -> Office:
        """The office in this folder, which is made if it is missing.

        Args:
            idle_s: after so long without a request a session is over.
            clock: UTC, seconds.
            hashing: of passwords; as strong as it should be if None.
        """
        folder.mkdir(mode=0o700, exist_ok=True)
        people = KeptFile(folder / "staff.json", StaffFile())
        accounts = Accounts(people, hashing or Hashing(), clock)
        factors = SecondFactors(people, clock)
        sessions = Sessions(KeptFile(folder / "sessions.json", SessionsFile()), accounts, idle_s, clock)
        return cls(
            accounts,
            factors,
            sessions,
            SigningIn(accounts, factors, sessions, clock),
            Tokens(KeptFile(folder / "tokens.json", TokensFile()), clock),
            Claim(KeptFile(folder / "claim", ClaimFile()), accounts, clock),
        )
