"""Numbers and names as lists show them: enough to tell one from another, too little to call or to know somebody.

    >>> masked_number("+77011234567"), masked_name("Қайратқызы")
    ('+7701•••••67', 'Қ•••')

Must not know: who may see them whole, and that such a look is recorded.
"""

from __future__ import annotations

from msgspec.structs import replace

from journal.visit import Visit

_HIDDEN = "•"


def masked_number(number: str) -> str:
    """Country and operator stay, and the last two digits."""
    return f"{number[:5]}{_HIDDEN * 5}{number[-2:]}" if len(number) > 7 else _HIDDEN * len(number)


def masked_name(name: str) -> str:
    """The first letter stays; how long the name is does not."""
    return f"{name[:1]}{_HIDDEN * 3}" if name else ""


def masked(visit: Visit) -> Visit:
    """The visit for a list."""
    return replace(
        visit,
        number=masked_number(visit.number),
        surname=masked_name(visit.surname),
        given_name=masked_name(visit.given_name),
        patronymic=masked_name(visit.patronymic),
        document_number=masked_name(visit.document_number),
        iin=masked_name(visit.iin),
        birth_date=masked_name(visit.birth_date),
    )
