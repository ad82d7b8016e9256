"""Entries of the desk: identity documents, vouchers, attempts. Must not know: SQL, what a visit means."""

from __future__ import annotations

from journal.entry import Kind


class VisitorIdentified(Kind, frozen=True, tag="visitor_identified"):
    """¶10: whom an identity document showed at the desk. Recorded with the beginning of the visit that it is about.
    What the venue does not ask for, and what the visitor has not, is empty."""

    visit: str
    device: str
    surname: str
    given_name: str
    patronymic: str
    document_kind: str
    document_number: str
    iin: str
    birth_date: str
    """ISO 8601."""
    workstation: str
    """Number of the owner's computer on which the visitor works; "": on a device of their own."""
    staff: str


class VouchersMade(Kind, frozen=True, tag="vouchers_made"):
    """A batch of vouchers was made. Their codes are never in the journal."""

    batch: str
    label: str
    count: int
    max_s: int
    """How long a visit with one may last; 0: without limit."""
    quota_bytes: int
    expires_utc_ms: int
    staff: str


class VoucherRedeemed(Kind, frozen=True, tag="voucher_redeemed"):
    """A voucher was used up for this visit; recorded with its beginning."""

    batch: str
    device: str
    visit: str


class VouchersVoided(Kind, frozen=True, tag="vouchers_voided"):
    """A batch may not be redeemed any more; ``unused`` had not been."""

    batch: str
    unused: int
    staff: str


class DeskFailed(Kind, frozen=True, tag="desk_failed"):
    """Somebody tries pairing codes or vouchers that do not exist, and must wait; told once until the wait is over."""

    what: str
    """``code`` or ``voucher``."""
    staff: str
    """Who typed codes; "": visitors."""
    device: str
    """Who typed vouchers; "": staff did, or many devices together."""
    tries: int
