"""What the landing page says: no sentence missing, none left over, the same placeholders in each language."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.catalog import Message

import portal.console
from appliance.steward.wire import LightName
from appliance.wire import Language
from portal.catalogues import catalogue
from portal.console.lights import State, Verdict
from portal.console.today import Gap

LANGUAGES = pytest.mark.parametrize("language", Language)


def _messages(language: Language) -> dict[str, Message]:
    made = {each.id if isinstance(each.id, str) else each.id[0]: each for each in catalogue("console", language)}
    return {key: message for key, message in made.items() if key.startswith("today.")}


def _used() -> Iterator[str]:
    folder = Path(portal.console.__file__).parent
    for path in (folder / "sections/today.py", *folder.glob("templates/today*.html")):
        yield from re.findall(r'"(today\.(?!html)[a-z_.]*[a-z_])"', path.read_text())
    yield from (f"today.verdict.{each}" for each in Verdict)
    yield from (f"today.state.{each}" for each in State)
    yield from (f"today.light.{each}" for each in LightName)
    yield from (f"today.journal.{each}" for each in Gap)
    yield from (f"today.{name}.works" for name in LightName if name is not LightName.OTHER)
    yield from (f"today.{name}.look" for name in LightName if name not in (LightName.DHCP, LightName.DNS))
    yield from (f"today.{name}.broken" for name in ("uplink", "dhcp", "dns", "gate", "sms"))
    yield from (f"today.gate.{cause}" for cause in ("unknown", "journal", "closed"))
    yield from ("today.unknown", "today.certificate.unused", "today.sms.unused", "today.admissions", "today.leaves")
    yield from (f"today.spending.{each}" for each in ("day", "month"))
    yield from (f"today.passwords.{each}" for each in ("sent", "delivered", "entered"))
    yield from (f"today.admissions.{each}" for each in ("sms", "desk", "document", "voucher"))
    proofs = ("port", "station", "lease", "silence", "visitor", "staff", "time", "quota", "blocked", "reboot")
    yield from (f"today.leaves.{each}" for each in proofs)


@LANGUAGES
def test_the_catalogue_has_what_the_page_says_and_nothing_else(language: Language) -> None:
    assert set(_messages(language)) == set(_used())


@LANGUAGES
def test_every_sentence_is_whole(language: Language) -> None:
    english = _messages(Language.ENGLISH)
    for key, message in _messages(language).items():
        told = [message.string] if isinstance(message.string, str) else list(message.string or ())
        first = english[key].string
        wanted = set(re.findall(r"%\((\w+)\)s", first if isinstance(first, str) else (first or ("",))[0]))
        for sentence in told:
            assert sentence.strip() == sentence != "", key
            assert set(re.findall(r"%\((\w+)\)s", sentence)) == wanted, key
            assert not re.search(r"\b(error|ошибк\w*|қате\w*|invalid|fail\w*)\b", sentence.lower()), key
