"""The catalogues: no sentence missing, none left over, the same placeholders, whole plural forms; pure functions."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from babel.messages.catalog import Message

import portal.visitor
from appliance.wire import Delivery, Ended, Language, Refusal, Refused, Trouble
from portal.catalogues import catalogue
from portal.visitor.forms import number_for_reading
from portal.visitor.refusals import http_status, saying
from portal.words import words

ENGLISH = words("visitor", Language.ENGLISH)
NOW = datetime(2026, 1, 1, 14, 0)  # noqa: DTZ001 a wall clock's
FORMS = {Language.KAZAKH: 2, Language.RUSSIAN: 3, Language.ENGLISH: 2}
"""Plural forms by CLDR: one, other; in Russian one, few, many."""


def messages(language: Language) -> dict[str, Message]:
    """What the catalogue says, by key."""
    return {_key(message): message for message in catalogue("visitor", language) if message.id}


def _key(message: Message) -> str:
    return message.id if isinstance(message.id, str) else message.id[0]


def said(message: Message) -> list[str]:
    """The sentence in all its forms."""
    return [message.string] if isinstance(message.string, str) else list(message.string or ())


def used() -> Iterator[str]:
    """The keys that pages ask for: those written out, and those made of a closed vocabulary."""
    folder = Path(portal.visitor.__file__).parent
    texts = [path.read_text() for path in (*folder.glob("*.py"), *folder.glob("templates/*.html"))]
    texts.append((folder.parent / "words.py").read_text())
    for text in texts:
        yield from re.findall(r'(?:_\(|say\(|count\()"([a-z_]+\.[a-z_]+)"', text)
        yield from re.findall(r'"((?:unit|online|refusal|notice)\.(?!html)[a-z_]+)"', text)
        for told in re.findall(r'(?:tell|told)\("([a-z_]+)"', text):
            yield from (f"notice.{told}.heading", f"notice.{told}.sentence")
    yield from ("notice.blocked.heading", "notice.blocked.sentence")
    yield from (f"refusal.{each}" for each in Refusal)
    yield from (f"delivery.{each}" for each in Delivery)
    yield from (f"trouble.{each}" for each in Trouble)
    yield from (f"ended.{each}" for each in Ended)
    yield from (f"{kind}.{unit}" for kind in ("unit", "in") for unit in ("seconds", "minutes", "hours"))


@pytest.mark.parametrize("language", Language)
def test_a_catalogue_has_what_the_pages_say_and_nothing_else(language: Language) -> None:
    assert set(messages(language)) == set(used())


@pytest.mark.parametrize("language", Language)
def test_every_sentence_is_whole(language: Language) -> None:
    made = catalogue("visitor", language)
    assert not made.fuzzy
    assert not made.obsolete
    assert made.num_plurals == FORMS[language]
    english = messages(Language.ENGLISH)
    for key, message in messages(language).items():
        assert not message.fuzzy, key
        assert bool(message.pluralizable) == bool(english[key].pluralizable), key
        assert len(said(message)) == (FORMS[language] if message.pluralizable else 1), key
        wanted = set(re.findall(r"%\((\w+)\)s", said(english[key])[0]))
        for sentence in said(message):
            assert sentence.strip() == sentence != "", key
            assert set(re.findall(r"%\((\w+)\)s", sentence)) == wanted, key
            assert "%" not in re.sub(r"%\(\w+\)s", "", sentence), key
            assert list(message.check(made)) == [], key


def test_a_number_does_not_leave_its_unit() -> None:
    for language in Language:
        for key, message in messages(language).items():
            for sentence in said(message):
                assert not re.search(r"%\((n|count)\)s ", sentence), (language, key)


def test_no_sentence_was_left_in_another_language() -> None:
    meant = {"form.login", "form.password", "unit.seconds", "unit.minutes", "unit.hours"}
    meant |= {"unit.kilobytes", "unit.megabytes", "unit.gigabytes", "voucher.label"}
    by_language = [{key: said(each)[0] for key, each in messages(language).items()} for language in Language]
    for key in by_language[0].keys() - meant:
        assert len({sentences[key] for sentences in by_language}) == len(Language), key


def test_nothing_is_called_an_error() -> None:
    for language in Language:
        for key, message in messages(language).items():
            for sentence in said(message):
                assert not re.search(r"\b(error|ошибк\w*|қате\w*|invalid|fail\w*)\b", sentence.lower()), key


def test_the_orders_own_words_are_used() -> None:
    """¶4 of order No. 67."""
    kazakh, russian = words("visitor", Language.KAZAKH), words("visitor", Language.RUSSIAN)
    keys = ("form.login", "form.password", "form.get_password")
    assert [kazakh.say(key) for key in keys] == ["Логин", "Пароль", "Парольды алу"]
    assert [russian.say(key) for key in keys] == ["Логин", "Пароль", "Получить пароль"]


@pytest.mark.parametrize(
    ("language", "said_of_it"),
    [
        (Language.RUSSIAN, {1: "Осталась 1 попытка.", 3: "Осталось 3 попытки.", 5: "Осталось 5 попыток."}),
        (Language.RUSSIAN, {11: "Осталось 11 попыток.", 21: "Осталась 21 попытка.", 22: "Осталось 22 попытки."}),
        (Language.KAZAKH, {1: "1 әрекет қалды.", 5: "5 әрекет қалды."}),
        (Language.ENGLISH, {1: "1 try left.", 0: "0 tries left.", 2: "2 tries left."}),
    ],
)
def test_counted_things_have_their_forms(language: Language, said_of_it: dict[int, str]) -> None:
    for count, sentence in said_of_it.items():
        assert words("visitor", language).count("form.tries_left", count).replace("\u00a0", " ") == sentence


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("refusal", Refusal)
def test_each_refusal_has_a_sentence_and_a_status(language: Language, refusal: Refusal) -> None:
    spoken = words("visitor", language)
    assert saying(Refused(refusal), spoken, NOW).sentence == spoken.say(f"refusal.{refusal}")
    assert http_status(refusal) >= 400
    assert "43" in saying(Refused(refusal, retry_in_s=43), spoken, NOW).sentence


def test_a_long_wait_is_told_with_the_time_of_the_day() -> None:
    def told(retry_in_s: int) -> str:
        return saying(Refused(Refusal.NUMBER_LIMIT, retry_in_s=retry_in_s), ENGLISH, NOW).sentence.replace(
            "\u00a0", " "
        )

    assert told(599).endswith("You can try again in 10 minutes.")
    assert told(2160).endswith("You can try again in 36 minutes (at 14:36).")
    assert told(2161).endswith("You can try again in 37 minutes (at 14:37).")
    assert told(43_199).endswith("You can try again in 12 hours (at 02:00).")
    assert told(43_200).endswith("You can try again on 2 January 2026 at 02:00.")
    for retry_in_s in range(600, 700):
        at = re.findall(r"at (\d+):(\d+)", told(retry_in_s))[0]
        assert NOW.replace(hour=int(at[0]), minute=int(at[1])) >= NOW + timedelta(seconds=retry_in_s)


@pytest.mark.parametrize(
    ("number", "read"),
    [
        ("+77011234567", "+7 701 123 45 67"),
        ("+79161234567", "+7 916 123 45 67"),
        ("+998901234567", "+998901234567"),
        ("+7701123456", "+7701123456"),
        ("+7٧٠١١٢٣٤٥٦٧", "+7٧٠١١٢٣٤٥٦٧"),
        ("", ""),
    ],
)
def test_a_number_is_grouped_for_reading(number: str, read: str) -> None:
    assert number_for_reading(number).replace("\u00a0", " ") == read


@pytest.mark.parametrize(
    ("seconds", "said_of_it"),
    [(-5, "0 s"), (0, "0 s"), (120, "120 s"), (121, "3 min"), (7200, "120 min"), (7201, "3 h")],
)
def test_a_wait_is_rounded_up(seconds: int, said_of_it: str) -> None:
    assert ENGLISH.wait(seconds).replace("\u00a0", " ") == said_of_it


@pytest.mark.parametrize(
    ("seconds", "said_of_it"),
    [(0, "0 s"), (59, "59 s"), (60, "1 min"), (3599, "59 min"), (3600, "1 h"), (3659, "1 h"), (7325, "2 h 2 min")],
)
def test_what_has_passed_is_rounded_down(seconds: int, said_of_it: str) -> None:
    assert ENGLISH.elapsed(seconds).replace("\u00a0", " ") == said_of_it


@pytest.mark.parametrize(
    ("count", "said_of_it"),
    [
        (-1, "0 kB"),
        (999, "0 kB"),
        (999_999, "999 kB"),
        (1_000_000, "1 MB"),
        (9_999_999, "9.9 MB"),
        (10_000_000, "10 MB"),
        (999_999_999, "999 MB"),
        (1_250_000_000, "1.2 GB"),
        (1_234_567_890_123, "1,234 GB"),
    ],
)
def test_bytes_are_rounded_down(count: int, said_of_it: str) -> None:
    assert ENGLISH.size(count).replace("\u00a0", " ") == said_of_it


def test_numbers_and_times_are_written_as_in_kazakhstan() -> None:
    half_past_two = datetime(2026, 1, 1, 14, 30)  # noqa: DTZ001 a wall clock's
    for language, decimal, thousands in (
        (Language.KAZAKH, "1,4", "1 234"),
        (Language.RUSSIAN, "1,4", "1 234"),
        (Language.ENGLISH, "1.4", "1,234"),
    ):
        spoken = words("visitor", language)
        assert decimal in spoken.size(1_450_000_000)
        assert thousands in spoken.size(1_234_000_000_000).replace("\u00a0", " ")
        assert spoken.time_of_day(half_past_two) == "14:30"
