"""Which visits somebody wants to see. Must not know: files, formats, how a person typed it."""

from __future__ import annotations

from datetime import datetime

import msgspec

from journal.visit import Visit


class Wanted(msgspec.Struct, frozen=True, omit_defaults=True):
    """A period and a filter; what is None or empty lets everything through."""

    since: datetime | None = None
    """With a time zone. A visit is wanted if any moment of it is in the period."""
    until: datetime | None = None
    """The first moment after the period."""
    number: str = ""
    """E.164."""
    device: str = ""
    """MAC address, lower case with colons."""
    name: str = ""
    """Beginnings of surname, given name or patronymic, in any order; case does not count."""
    workstation: str = ""

    @property
    def narrow(self) -> bool:
        """Whether there is a filter beside the period."""
        return bool(self.number or self.device or self.name or self.workstation)

    def takes(self, visit: Visit) -> bool:
        """Whether the filter lets it through; the period is the reader's business."""
        return (
            (not self.number or visit.number == self.number)
            and (not self.device or visit.device == self.device)
            and (not self.workstation or visit.workstation == self.workstation)
            and (not self.name or _named(self.name, visit))
        )


def _named(name: str, visit: Visit) -> bool:
    words = f"{visit.surname} {visit.given_name} {visit.patronymic}".casefold().split()
    return all(any(word.startswith(begun) for word in words) for begun in name.casefold().split())
