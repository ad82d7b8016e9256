"""The catalogues of desk and visits: no sentence missing, none left over, the same placeholders in all languages."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.catalog import Message
from babel.messages.pofile import read_po

from appliance.wire import Language, Phase
from appliance.wire_desk import DeskRefusal, Doubt
from portal import catalogues, console
from portal.console import asking, story_words
from portal.console.sections.blocks import SPANS
from portal.console.sections.vouchers import USUAL

OURS = ("desk", "visits")
FORMS = {Language.KAZAKH: 2, Language.RUSSIAN: 3, Language.ENGLISH: 2}


def messages(language: Language) -> dict[str, Message]:
    found: dict[str, Message] = {}
    for path in catalogues.paths_of("console", language):
        if path.stem in {f"console_{section}" for section in OURS}:
            with path.open("rb") as file:
                read = read_po(file, locale=language.value, abort_invalid=True)
            found |= {each.id if isinstance(each.id, str) else each.id[0]: each for each in read if each.id}
    return found


def said(message: Message) -> list[str]:
    return [message.string] if isinstance(message.string, str) else list(message.string or ())


def used() -> Iterator[str]:
    """The keys that pages ask for: those written out, and those made of a closed vocabulary."""
    folder = Path(console.__file__).parent
    paths = [path for kind in ("**/*.py", "templates/*.html") for path in folder.glob(kind)]
    for path in paths:
        # With its ending: "desk." ~ each is none.
        for key in re.findall(r'"((?:desk|visits)(?:\.[a-z_]+)+)"', path.read_text(encoding="utf-8")):
            if not key.endswith((".html", ".db")):
                yield key
    yield from (f"desk.refusal.{each}" for each in (*asking.SAID, "other"))
    yield from (f"desk.refused.{each}" for each in DeskRefusal)
    yield from (f"desk.doubt.{each}" for each in Doubt)
    yield from (f"desk.field.{each}" for each in asking.FIELDS)
    yield from ("desk.help.patronymic", "desk.help.birth_date")
    yield from (f"desk.zone.{each}" for each in ("document_number", "birth_date", "expiry", "optional", "whole"))
    yield from ("desk.kind.passport", "desk.kind.identity_card")
    yield from (f"desk.at.{each}" for each in (*Phase, "nobody"))
    yield from (f"desk.language.{each}" for each in Language)
    yield from (f"desk.online_by.{each}" for each in story_words.METHODS)
    yield from (f"desk.vouchers.{each}" for each in USUAL)
    yield from (f"visits.phase.{each}" for each in (*Phase, "over", "unknown"))
    yield from (f"visits.method.{each}" for each in story_words.METHODS)
    yield from (f"visits.proof.{each}" for each in story_words.PROOFS)
    yield from (f"visits.span.{each}" for each in SPANS)
    yield from (f"visits.column.{each}" for each in ("number", "device", "phase", "began", "used", "method"))
    yield from (f"visits.done.{each}" for each in ("ended", "blocked", "lifted"))


@pytest.mark.parametrize("language", Language)
def test_a_catalogue_has_what_the_pages_say_and_nothing_else(language: Language) -> None:
    assert set(messages(language)) == set(used())


@pytest.mark.parametrize("language", Language)
def test_every_sentence_is_whole(language: Language) -> None:
    english = messages(Language.ENGLISH)
    for key, message in messages(language).items():
        assert bool(message.pluralizable) == bool(english[key].pluralizable), key
        assert len(said(message)) == (FORMS[language] if message.pluralizable else 1), key
        wanted = set(re.findall(r"%\((\w+)\)s", said(english[key])[0]))
        for sentence in said(message):
            assert sentence.strip() == sentence != "", key
            assert set(re.findall(r"%\((\w+)\)s", sentence)) == wanted, key
            assert not re.search(r"\b(error|ошибк\w*|қате\w*|invalid)\b", sentence.lower()), key


def test_no_sentence_was_left_in_another_language() -> None:
    by_language = [{key: said(each)[0] for key, each in messages(language).items()} for language in Language]
    same = {key for key in by_language[0] if len({sentences[key] for sentences in by_language}) < len(Language)}
    # A code, a password and a voucher are called the same in Kazakh and Russian.
    assert same == {"desk.code", "desk.workstation", "desk.password"}
