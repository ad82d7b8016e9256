"""What one submit_sm carries: a text, or a part of a longer one.

Must not know: PDUs, which provider it goes to.
"""

from __future__ import annotations

from dataclasses import dataclass

from sms.texts import Encoded

WHOLE = 0
"""The ``part`` of a submission that carries a long text uncut."""


@dataclass(frozen=True, slots=True)
class Submission:
    """One thing to submit; (``message_id``, ``part``) is its name."""

    message_id: str
    to: str
    """E.164, for example ``+77011234567``."""
    expires_utc_ms: int
    encoded: Encoded
    part: int = 1
    """From 1; ``WHOLE`` for an uncut one."""
    total: int = 1
    """How many submissions the message takes."""
    reference: int = 0
    """0 to 255: by this the phone knows parts of one message; only of several."""

    def __repr__(self) -> str:  # a stray log line or traceback must show neither text nor number
        return f"Submission({self.message_id!r}, {self.part} of {self.total})"
