"""One visit as an inspector reads it. Must not know: entries, formats."""

from __future__ import annotations

from datetime import datetime

import msgspec


class Visit(msgspec.Struct, frozen=True):
    """One authorised stay of one device, put together from its entries."""

    visit: str
    number: str
    """Subscriber number, E.164; empty if the visitor was admitted by an identity document."""
    device: str
    addresses: tuple[str, ...]
    """Every address the device had in the visit, in the order in which they appeared."""
    began: datetime
    """UTC; when the admission was recorded."""
    ended: datetime | None
    """UTC; when the device left. None: the visit is not over."""
    method: str
    """How the visitor was authorised, for example ``sms``."""
    proof: str | None
    """Which source said that the device left; None: the visit is not over."""
    away: int
    """How many gaps the visit has: the device was away and returned within the grace."""
    up_bytes: int | None = None
    """What the device sent through the gate, IP packets with headers, as far as recorded. None: nothing is known."""
    down_bytes: int | None = None
    """What it got."""
    in_part: bool = False
    """A part of the visit was not counted to its end: it used at least so much."""
    surname: str = ""
    given_name: str = ""
    patronymic: str = ""
    document_kind: str = ""
    document_number: str = ""
    workstation: str = ""
    staff: str = ""
    """Which employee admitted the visitor; empty: the visitor needed nobody."""
    corrected: bool = False
    """A time is not what the clock said then, but what it should have said."""
    ended_by: str = ""
    """Which employee ended the visit; empty: nobody did."""
    iin: str = ""
    """Order No. 67 does not ask for it, nor for the next: empty but where the venue takes them."""
    birth_date: str = ""
    """ISO 8601."""
