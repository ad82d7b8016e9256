"""A journal as large as a busy venue's of years, for benchmarks: 1,000,000 visits in about a minute.

    .venv/bin/python -m tests.bench.big_journal PATH [VISITS]

Written through the real store in large transactions; what is written depends on the number of visits alone, but for the
salts. Each visit is a password asked, its beginning, what it used and its end; each tenth visitor is admitted by
an identity document instead.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from journal.entries import Entry, PasswordAsked, Stamp, VisitBegan, VisitEnded, VisitorIdentified, VisitUsed
from journal.store import Store

BOOT = "1b4e28ba-2fa1-41d2-883f-0016d3cca427"
FIRST_UTC_MS = 1_735_689_600_000
"""2025-01-01T00:00:00Z."""
SPACING_MS = 60_000
"""A visit begins each minute: a million of them are two years."""
STAY_MS = 1_800_000
BATCH = 5_000
SUBSCRIBERS = 200_000
"""So many numbers and devices come by turns, each with its own device."""
_SURNAMES = (
    "Ахметов",
    "Оспанов",
    "Сұлтанов",
    "Жұмабаев",
    "Қасымов",
    "Иванов",
    "Кім",
    "Әбдірахманов",
    "Нұрланов",
    "Ғабитов",
)
_ENDINGS = ("", "а", "ұлы", "қызы", "ский", "ская", "ев", "ева", "енко", "тегі")
_GIVEN = (
    "Айгүл",
    "Бекзат",
    "Гүлнұр",
    "Дәурен",
    "Ерлан",
    "Жанар",
    "Инна",
    "Қайрат",
    "Мөлдір",
    "Нұрлан",
    "Олжас",
    "Өркен",
)
_PATRONYMICS = ("Қайратұлы", "Қайратқызы", "Нұрланұлы", "Нұрланқызы", "Серікұлы", "Серікқызы", "")


def number_of(visit: int) -> str:
    """The subscriber number of a visit."""
    return f"+7701{(visit * 7_919) % SUBSCRIBERS:07}"


def device_of(visit: int) -> str:
    """The MAC address of a visit's device."""
    digits = f"02{(visit * 7_919) % SUBSCRIBERS:010x}"
    return ":".join(digits[at : at + 2] for at in range(0, 12, 2))


def name_of(visit: int) -> str:
    """The identifier of a visit."""
    return f"{visit:016x}"


def documented(visit: int) -> bool:
    """Whether the visitor was admitted by an identity document, and has no number."""
    return visit % 10 == 3


def person_of(visit: int) -> tuple[str, str, str]:
    """Surname, given name and patronymic of a documented visitor: some names are as frequent as names are."""
    at = (visit // 10 * 7_919) % SUBSCRIBERS
    surname = _SURNAMES[at % 10] + _ENDINGS[at // 10 % 10]
    return surname, _GIVEN[at // 100 % len(_GIVEN)], _PATRONYMICS[at // 1200 % len(_PATRONYMICS)]


def lines(visits: int) -> Iterator[tuple[Stamp, Entry]]:
    """Their entries, four a visit; visits follow each other instead of overlapping in the file."""
    for visit in range(visits):
        device, number, name = device_of(visit), number_of(visit), name_of(visit)
        boot_ms = visit * SPACING_MS
        utc_ms = FIRST_UTC_MS + boot_ms
        address = f"10.77.{visit // 250 % 250}.{visit % 250 + 1}"
        left = Stamp(utc_ms + STAY_MS, BOOT, boot_ms + STAY_MS)
        came = Stamp(utc_ms, BOOT, boot_ms)
        if documented(visit):
            surname, given_name, patronymic = person_of(visit)
            yield came, VisitBegan(name, device, (address,), "", "document", "ayan")
            person = (name, device, surname, given_name, patronymic, "id", f"{visit:09}", "", "", f"{visit % 40 + 1}")
            yield came, VisitorIdentified(*person, "ayan")
        else:
            yield Stamp(utc_ms - 20_000, BOOT, boot_ms), PasswordAsked(device, number, name)
            yield came, VisitBegan(name, device, (address,), number, "sms")
        yield left, VisitUsed(name, device, 1_000, 200_000, 9_000, 9_000_000, True)
        yield left, VisitEnded(name, device, left.utc_ms, "port")


def make(path: Path, visits: int) -> int:
    """Write such a journal to ``path``, which must not be there.

    Returns:
        How many entries it has.
    """
    if path.exists():
        raise FileExistsError(path)
    store = Store.open(path)
    try:
        pending = lines(visits)
        last = 0
        while batch := list(islice(pending, BATCH)):
            last = store.append(batch)
    finally:
        store.close()
    return last


if __name__ == "__main__":
    began = time.monotonic()
    made = make(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1_000_000)
    print(f"{made:,} entries in {time.monotonic() - began:.0f} s")
