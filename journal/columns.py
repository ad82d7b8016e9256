"""The columns of an inspector's list: their headers in three languages, and what a visit has in each.

Every format shows the same columns in the same order; what differs is how a cell is kept from being calculated.
Must not know: files, formats.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, tzinfo
from enum import StrEnum
from typing import Any

from journal.visit import Visit


class Language(StrEnum):
    """Of headers and words (ISO 639-1)."""

    KAZAKH = "kk"
    RUSSIAN = "ru"
    ENGLISH = "en"


HEADERS: dict[Language, tuple[str, ...]] = {
    Language.ENGLISH: (
        "visit", "surname", "given name", "patronymic", "subscriber number", "document", "document number",
        "workstation number", "device", "addresses", "began", "began UTC offset", "ended", "ended UTC offset",
        "authorised by", "employee", "left according to", "ended by", "times away", "bytes up", "bytes down",
        "bytes counted", "clock",
    ),
    Language.RUSSIAN: (
        "посещение", "фамилия", "имя", "отчество", "абонентский номер", "документ", "номер документа",
        "номер компьютера", "устройство", "адреса", "начало", "начало: смещение UTC", "окончание",
        "окончание: смещение UTC", "авторизация", "сотрудник", "уход по данным", "завершил", "отлучек",
        "байт передано", "байт получено", "учёт байт", "часы",
    ),
    Language.KAZAKH: (
        "сеанс", "тегі", "аты", "әкесінің аты", "абоненттік нөмір", "құжат", "құжат нөмірі", "компьютер нөмірі",
        "құрылғы", "мекенжайлар", "басталуы", "басталуы: UTC ығысуы", "аяқталуы", "аяқталуы: UTC ығысуы",
        "авторизация", "қызметкер", "кеткені туралы дерек", "аяқтаған", "үзілістер", "жіберілген байт",
        "алынған байт", "байт есебі", "сағат",
    ),
}  # fmt: skip
"""Of every column, in their order."""

PERSONAL: dict[Language, tuple[str, ...]] = {
    Language.ENGLISH: ("IIN", "date of birth"),
    Language.RUSSIAN: ("ИИН", "дата рождения"),
    Language.KAZAKH: ("ЖСН", "туған күні"),
}
"""Of the columns that follow where the venue takes more of a visitor than order No. 67 asks for."""

BEGAN, BEGAN_OFFSET, ENDED, ENDED_OFFSET = 10, 11, 12, 13
COUNTS = (18, 19, 20)
"""Columns of whole numbers."""
TEXTS = (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 14, 15, 16, 17)
"""Columns of what somebody else wrote; the others are our own words, times and numbers. Those of ``PERSONAL`` are
texts too."""

WORDS: dict[Language, dict[str, str]] = {
    Language.ENGLISH: {
        "sms": "password by SMS",
        "desk": "password told to an employee",
        "document": "identity document",
        "voucher": "voucher",
        "port": "network port",
        "station": "access point",
        "lease": "address given back",
        "silence": "device fell silent",
        "reboot": "gate restarted",
        "time": "time used up",
        "quota": "traffic used up",
        "visitor": "visitor left by the button",
        "staff": "ended by an employee",
        "blocked": "blocked by an employee",
        "corrected": "time corrected",
    },
    Language.RUSSIAN: {
        "sms": "пароль по SMS",
        "desk": "пароль через сотрудника",
        "document": "документ, удостоверяющий личность",
        "voucher": "ваучер",
        "port": "сетевой порт",
        "station": "точка доступа",
        "lease": "возврат адреса",
        "silence": "устройство молчит",
        "reboot": "перезапуск шлюза",
        "time": "время истекло",
        "quota": "трафик исчерпан",
        "visitor": "посетитель вышел сам",
        "staff": "завершено сотрудником",
        "blocked": "заблокировано сотрудником",
        "all": "полностью",
        "so far": "на данный момент",
        "at least": "не менее",
        "unknown": "неизвестно",
        "corrected": "время исправлено",
    },
    Language.KAZAKH: {
        "sms": "SMS-пароль",
        "desk": "қызметкер арқылы пароль",
        "document": "жеке басын куәландыратын құжат",
        "voucher": "ваучер",
        "port": "желі порты",
        "station": "қолжетімділік нүктесі",
        "lease": "мекенжай қайтарылды",
        "silence": "құрылғы үнсіз",
        "reboot": "шлюз қайта іске қосылды",
        "time": "уақыты бітті",
        "quota": "трафигі бітті",
        "visitor": "келуші өзі шықты",
        "staff": "қызметкер аяқтады",
        "blocked": "қызметкер бұғаттады",
        "all": "толық",
        "so far": "осы сәтке дейін",
        "at least": "кемінде",
        "unknown": "белгісіз",
        "corrected": "уақыты түзетілген",
    },
}
"""What is said of a visit in our own words; what is not here is said as it is."""

# Control characters, and those that turn the direction of what follows (Unicode TR 36, 2.3): one name could be read as
# another. Lone surrogates cannot be written at all.
_UNSEEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u00ad\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]")
# ＝＋－＠ are the full-width forms, which East Asian settings take for the plain ones. A leading apostrophe is marked
# too, so that removing one apostrophe always gives the original back.
FORMULA = r"[=+\-@＝＋－＠'\t\r\n]"
"""What a cell begins with that a spreadsheet may calculate, after blanks; as a regular expression."""
NUMBER = r"\d++(?:[.,]\d++)?(?:[eE]\d++)?\s*"
"""A whole cell, after blanks, that it takes for a number. Possessive: identifiers begin with digits too."""
_CALCULATED = re.compile(rf"\s*(?:{FORMULA}|{NUMBER}\Z)").match

Cell = Any
"""Text or a whole number, by its column."""


def visible(text: str) -> str:
    """The text with each character that nobody sees shown by its number.

    >>> visible("Ұлы\\u202eдала")
    'Ұлы⟨202E⟩дала'
    """
    if text.isascii() and text.isprintable():
        return text
    return _UNSEEN.sub(lambda found: f"⟨{ord(found[0]):04X}⟩", text)


def inert(text: str) -> str:
    """The text as a spreadsheet cell that can only be text: with ``'`` before it if it needs that.

        >>> inert("+77011234567"), inert("10.77.0.10"), inert("=HYPERLINK(0)")
        ("'+77011234567", '10.77.0.10', "'=HYPERLINK(0)")

    Excel shows the apostrophe of a CSV cell. Rejected for subscriber numbers: the bare ``+7701…``, which Excel
    calculates (the plus is lost, 12 digits become 9,98901E+11); digits without the plus (the same exponent);
    ``="+7701…"``, itself a formula; an invisible first character, which a person would copy without knowing. With the
    apostrophe a person reads the whole number and finds it by searching for any part of it.
    """
    return f"'{text}" if _CALCULATED(text) else text


def harmless(row: list[Cell]) -> list[Cell]:
    """The row for a spreadsheet that would calculate: every text in it is visible and inert."""
    for place in (*TEXTS, *range(len(HEADERS[Language.ENGLISH]), len(row))):
        row[place] = inert(visible(row[place]))
    return row


class Table:
    """Visits as rows of cells, in one language and with the times of one zone.

    Args:
        personal: with the columns of ``PERSONAL``.
    """

    def __init__(self, language: Language, zone: tzinfo, personal: bool = False) -> None:
        self.header = HEADERS[language] + (PERSONAL[language] if personal else ())
        self._words, self._zone, self._personal = WORDS[language], zone, personal
        self._minutes: dict[int, tuple[str, str]] = {}
        """Local time and offset of the minutes met last: thousands of visits begin or end in one of them."""

    def row(self, visit: Visit) -> list[Cell]:
        """Texts as they were recorded (not inert, not made visible), and counts as numbers."""
        word = self._words.get
        method, proof, up_bytes, down_bytes = visit.method, visit.proof or "", visit.up_bytes, visit.down_bytes
        began, began_offset = self.local(visit.began)
        ended, ended_offset = self.local(visit.ended) if visit.ended else ("", "")
        counted = _counted(visit)
        row = [
            visit.visit,
            visit.surname,
            visit.given_name,
            visit.patronymic,
            visit.number,
            visit.document_kind,
            visit.document_number,
            visit.workstation,
            visit.device,
            " ".join(visit.addresses),
            began,
            began_offset,
            ended,
            ended_offset,
            word(method, method),
            visit.staff,
            word(proof, proof),
            visit.ended_by,
            visit.away,
            "" if up_bytes is None else up_bytes,
            "" if down_bytes is None else down_bytes,
            word(counted, counted),
            word("corrected", "corrected") if visit.corrected else "",
        ]
        if self._personal:
            row += (visit.iin, visit.birth_date)
        return row

    def local(self, moment: datetime) -> tuple[str, str]:
        """The moment as the venue's clock on the wall showed it, to the second, and that clock's offset. The offset is
        told because Kazakhstan has changed its own before (1 March 2024), and as ``UTC+05:00``, for the bare ``+05:00``
        begins like a formula."""
        minute, second = divmod(int(moment.timestamp() // 1), 60)
        found = self._minutes.get(minute)
        if found is None:
            if len(self._minutes) > 10_000:
                self._minutes.clear()
            text = self._local(moment).isoformat(sep=" ", timespec="seconds")
            found = self._minutes[minute] = (text[:17], f"UTC{text[19:25]}")
        return f"{found[0]}{second:02}", found[1]

    def _local(self, moment: datetime) -> datetime:
        try:
            return moment.astimezone(self._zone)
        except OverflowError:  # a clock gone mad, in the last hours of year 9999
            return moment.astimezone(UTC)


def _counted(visit: Visit) -> str:
    """How far the bytes can be trusted; empty where there are none and none are missing."""
    if visit.in_part:
        return "at least" if visit.up_bytes is not None else "unknown"
    return "" if visit.up_bytes is None else "all" if visit.ended else "so far"
