"""The words of the printed register, in three languages. Must not know: paper, fonts."""

from __future__ import annotations

from dataclasses import dataclass

from journal.columns import Language


@dataclass(frozen=True)
class RegisterWords:
    """What is printed around and above the visits."""

    title: str
    columns: tuple[str, str, str, str, str, str, str, str, str, str, str]
    """№, name, number, document, workstation, device, addresses, began, ended, authorised by, employee."""
    period: str
    whole: str
    """In place of a bound that there is not."""
    made: str
    why: str
    rules: str
    visits: str
    volume: str
    page: str
    """With {page} and of; the number of pages is printed after it."""
    head: str
    key: str
    unsigned: str
    code: str
    """What the QR code says."""
    signatures: tuple[str, str]
    going_on: str
    """In place of the end of a visit that is not over."""


REGISTER: dict[Language, RegisterWords] = {
    Language.ENGLISH: RegisterWords(
        "Register of Internet access",
        (
            "No.", "Surname, given name, patronymic", "Subscriber number", "Document", "Workst.", "Device", "Addresses",
            "Began", "Ended", "Authorised by", "Employee",
        ),
        "Period", "without bound", "Made", "Reason", "Rules", "Visits", "volume {volume}", "page {page} of",
        "Chain, entry {seq}", "Key", "not signed: the gate did not answer", "Code of record.json (SHA-256)",
        ("Owner of the public access point", "Inspector"), "not over",
    ),
    Language.RUSSIAN: RegisterWords(
        "Журнал доступа к Интернету",
        (
            "№", "Фамилия, имя, отчество", "Абонентский номер", "Документ", "Комп.", "Устройство", "Адреса", "Начало",
            "Окончание", "Авторизация", "Сотрудник",
        ),
        "Период", "без границы", "Составил", "Основание", "Правила", "Посещений", "том {volume}", "страница {page} из",
        "Цепочка, запись {seq}", "Ключ", "не подписано: шлюз не ответил", "Код файла record.json (SHA-256)",
        ("Владелец пункта общественного доступа", "Проверяющий"), "продолжается",
    ),
    Language.KAZAKH: RegisterWords(
        "Интернетке қолжетімділік журналы",
        (
            "№", "Тегі, аты, әкесінің аты", "Абоненттік нөмір", "Құжат", "Комп.", "Құрылғы", "Мекенжайлар", "Басталуы",
            "Аяқталуы", "Авторизация", "Қызметкер",
        ),
        "Кезең", "шексіз", "Жасаған", "Негіздеме", "Қағидалар", "Келулер", "{volume}-том", "{page}-бет, барлығы",
        "Тізбек, {seq}-жазба", "Кілт", "қол қойылмаған: шлюз жауап бермеді", "record.json файлының коды (SHA-256)",
        ("Қоғамдық қолжетімділік пунктінің иесі", "Тексеруші"), "аяқталмаған",
    ),
}  # fmt: skip
