"""The words of the console and of the visitor's page: one for each thing in each language, and no engineer's."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from appliance.wire import Language
from journal import columns
from portal.catalogues import catalogue

LANGUAGES = pytest.mark.parametrize("language", Language)
VERIFIER = Path(columns.__file__).parent / "verifier" / "words.js"

TERMS = {
    # visitor's page, console, extract: visit, extract, password, inspector, workstation
    "visits.one": ("Visit", "Посещение", "Сеанс"),
    "today.visits": ("Visits today", "Посещения сегодня", "Бүгінгі сеанстар"),
    "journal.visits": ("Visits", "Посещения", "Сеанстар"),
    "staff.scope.visits": ("visits", "посещения", "сеанстар"),
    "journal.extracts": ("Extracts", "Выписки", "Үзінділер"),
    "staff.scope.extracts": ("extracts", "выписки", "үзінділер"),
    "settings.tab.backup": ("Back-up", "Резервная копия", "Сақтық көшірме"),
    "journal.column.who": ("Visitor", "Посетитель", "Келуші"),
    "visits.visitor": ("Visitor", "Посетитель", "Келуші"),
    "settings.group.desk": ("The desk", "Стойка", "Қабылдау орны"),
    "today.light.gate": ("Gate", "Шлюз", "Шлюз"),
    "wizard.light.gate": ("Gate", "Шлюз", "Шлюз"),
    "staff.role.inspector": ("Inspector", "Инспектор", "Инспектор"),
    "desk.workstation": ("Workstation", "Компьютер", "Компьютер"),
    "journal.column.workstation": ("Workstation", "Компьютер", "Компьютер"),
    "staff.password": ("Password", "Пароль", "Пароль"),
    "wizard.venue.short": ("Venue", "Заведение", "Орын"),
}

STRANGERS = {
    Language.ENGLISH: r"\bguests?\b|\bone-time code|\bPIN\b|\bOTP\b|\bcheckout",
    Language.RUSSIAN: r"\bвизит|поставщик|\bприбор|проверяющ|\bперсонал\b|\bпункт[ауе]?\b|\bгост[ьия]\b|Интернет[ау]\b",
    # The visitor's page has the order's own «Парольды алу»; a copy that is no back-up is said only of files.
    Language.KAZAKH: r"құпиясөз|тіркелгі\b|мобильді|\bкелу(лер|ді)?\b|мекеме(?!н)|жеткізуші|тексеруші|қақпа|батырма"
    r"|(?<!ақтық )көшірме",
}
"""What somebody might call a thing that has another name already."""
BOX = {
    Language.RUSSIAN: (r"устройств", r"устройств(?:о|а|у|ом|е) Qaqpa\b"),
    Language.KAZAKH: (r"құрылғы", r"\bQaqpa құрылғысы"),
}
"""What a phone or a computer is called, and with whose name beside it the same word is the box."""
PASSWORD = r"парольд[ыу]|Парольд[ыу](?! алу)"
"""Kazakh as dictionaries have it is «парольді»; the order's own active element (¶4) is «Парольды алу»."""
COPIES = {"journal.breaks_help"}
"""Where a copy is meant that is neither an extract nor a back-up."""


def sentences(app: str, language: Language) -> Iterator[tuple[str, list[str]]]:
    """By key, in all their forms."""
    for each in catalogue(app, language):
        if each.id:
            key = each.id if isinstance(each.id, str) else each.id[0]
            yield key, [each.string] if isinstance(each.string, str) else list(each.string or ())


def of_pages(language: Language) -> Iterator[tuple[str, list[str]]]:
    """Without what the box finds: its English is not in a catalogue (``test_found_words``), and what to do about a
    machine's own troubles is done in a terminal, as `qaqpa doctor` says."""
    return ((key, forms) for key, forms in sentences("console", language) if not key.startswith("found."))


@pytest.mark.parametrize("key", TERMS)
def test_a_thing_has_one_name_on_all_pages(key: str) -> None:
    said = [
        dict(sentences("console", language))[key] for language in (Language.ENGLISH, Language.RUSSIAN, Language.KAZAKH)
    ]
    assert said == [[each] for each in TERMS[key]]


@LANGUAGES
@pytest.mark.parametrize("app", ["visitor", "console"])
def test_nothing_has_a_second_name(app: str, language: Language) -> None:
    found = {
        key: word[0]
        for key, forms in sentences(app, language)
        for form in forms
        if key not in COPIES
        and (word := re.search(STRANGERS[language], form, re.IGNORECASE if language != "ru" else 0))
    }
    assert found == {}


def test_an_extract_speaks_as_the_console_does() -> None:
    first = {each.value: columns.HEADERS[each][0] for each in columns.Language}
    assert first == {"kk": "сеанс", "ru": "посещение", "en": "visit"}
    told = VERIFIER.read_text(encoding="utf-8")
    assert not re.search(STRANGERS[Language.KAZAKH], Path(columns.__file__).read_text(encoding="utf-8"), re.IGNORECASE)
    assert not re.search(r"көшірме|келулер", told)
    assert "үзінді" in told and "выписк" in told.lower()


@LANGUAGES
def test_nobody_is_sent_to_a_terminal_for_what_a_page_tells(language: Language) -> None:
    sent = {
        key
        for key, forms in of_pages(language)
        for form in forms
        if re.search(r"systemctl|journalctl|qaqpa doctor|\bdaemon|\bsocket\b|traceback", form)
    }
    assert sent == set()


def test_every_sentence_is_said_in_three_languages_with_the_same_blanks() -> None:
    """Of all sections."""
    blanks = [
        {key: {frozenset(re.findall(r"%\((\w+)\)s", form)) for form in forms} for key, forms in told}
        for told in (of_pages(language) for language in Language)
    ]
    for one, other in pairwise(blanks):
        assert one == other
    for language in Language:
        assert [key for key, forms in of_pages(language) if not all(forms)] == []


@pytest.mark.parametrize("language", BOX)
def test_the_box_is_not_mistaken_for_a_visitors_device(language: Language) -> None:
    """English has a word for each; the others have one for both, and say whose it is."""
    device, box = BOX[language]
    english = dict(of_pages(Language.ENGLISH))
    told = {
        key: form
        for key, forms in of_pages(language)
        for form in forms
        if re.search(r"\bbox\b", " ".join(english[key]))
        and len(re.findall(device, form, re.IGNORECASE)) != len(re.findall(box, form, re.IGNORECASE))
    }
    assert told == {}
    taken = {
        key
        for key, forms in of_pages(language)
        for form in forms
        if re.search(box, form, re.IGNORECASE) and re.search(r"\bdevices?\b", " ".join(english[key]))
    }
    assert taken == set()


@pytest.mark.parametrize("app", ["visitor", "console"])
def test_a_password_is_spelt_as_in_dictionaries_and_the_button_as_in_the_order(app: str) -> None:
    spelt = {key: form for key, forms in sentences(app, Language.KAZAKH) for form in forms if re.search(PASSWORD, form)}
    assert spelt == {}
    if app == "visitor":
        assert dict(sentences(app, Language.KAZAKH))["form.get_password"] == ["Парольды алу"]
