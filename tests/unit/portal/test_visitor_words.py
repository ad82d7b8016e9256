"""The catalogues: nothing missing, nothing left over, the same placeholders in each language; pure functions."""

from __future__ import annotations

import string
from collections.abc import Iterator
from dataclasses import fields, is_dataclass

import pytest

from appliance.wire import Delivery, Language, Refusal, Refused
from portal.visitor.english import ENGLISH
from portal.visitor.languages import words_in
from portal.visitor.pages import number_for_reading
from portal.visitor.refusals import http_status, saying
from portal.visitor.spans import elapsed, size, wait
from portal.visitor.words import DeliveryWords, RefusalWords


def sentences(words: object, path: str = "") -> Iterator[tuple[str, str]]:
    assert is_dataclass(words)
    for each in fields(words):
        value = getattr(words, each.name)
        if isinstance(value, str):
            yield f"{path}{each.name}", value
        else:
            yield from sentences(value, f"{path}{each.name}.")


@pytest.mark.parametrize("language", Language)
def test_every_sentence_is_there_with_the_same_placeholders(language: Language) -> None:
    for (path, english), (same, sentence) in zip(sentences(ENGLISH), sentences(words_in(language)), strict=True):
        assert same == path
        assert sentence.strip(), path
        placeholders = {name for _, name, _, _ in string.Formatter().parse(sentence) if name}
        assert placeholders == {name for _, name, _, _ in string.Formatter().parse(english) if name}, path


def test_no_sentence_was_left_in_another_language() -> None:
    meant = {"online.login", "form.login", "form.password", "durations.minutes", "durations.seconds"}
    meant |= {"sizes.kilobytes", "sizes.megabytes", "sizes.gigabytes", "sizes.decimal"}
    by_language = [dict(sentences(words_in(language))) for language in Language]
    for path in by_language[0].keys() - meant:
        assert len({words[path] for words in by_language}) == len(Language), path


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("refusal", Refusal)
def test_each_refusal_has_a_sentence_and_a_status(language: Language, refusal: Refusal) -> None:
    said = saying(Refused(refusal), words_in(language))
    assert said.sentence == getattr(words_in(language).refusal, refusal)
    assert http_status(refusal) >= 400
    told_next = saying(Refused(refusal, retry_in_s=43), words_in(language))
    assert "43" in told_next.sentence


def test_the_catalogue_has_no_sentence_for_a_refusal_that_no_longer_exists() -> None:
    assert {each.name for each in fields(RefusalWords)} - {"again_in"} == set(Refusal)
    assert {each.name for each in fields(DeliveryWords)} == set(Delivery)


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
    ("seconds", "said"), [(-5, "0 s"), (0, "0 s"), (120, "120 s"), (121, "3 min"), (7200, "120 min"), (7201, "3 h")]
)
def test_a_wait_is_rounded_up(seconds: int, said: str) -> None:
    assert wait(seconds, ENGLISH.durations) == said


@pytest.mark.parametrize(
    ("seconds", "said"), [(0, "0 s"), (59, "59 s"), (60, "1 min"), (3599, "59 min"), (7325, "2 h 2 min")]
)
def test_what_has_passed_is_rounded_down(seconds: int, said: str) -> None:
    assert elapsed(seconds, ENGLISH.durations) == said


@pytest.mark.parametrize(
    ("count", "said"),
    [
        (-1, "0 kB"),
        (999, "0 kB"),
        (999_999, "999 kB"),
        (1_000_000, "1.0 MB"),
        (9_999_999, "9.9 MB"),
        (10_000_000, "10 MB"),
        (999_999_999, "999 MB"),
        (1_250_000_000, "1.2 GB"),
        (123_456_789_012, "123 GB"),
    ],
)
def test_bytes_are_rounded_down(count: int, said: str) -> None:
    assert size(count, ENGLISH.sizes) == said
