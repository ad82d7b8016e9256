"""What the box finds to be wrong, in every language: each code has its sentences, and no page falls back to English."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

import appliance
import firewall.found
import journal.found
import sms.found
from appliance import config as configuration
from appliance import found
from appliance.errors import ConfigError
from appliance.found_in_configuration import ALLOWED
from appliance.staff.roles import StaffRole
from appliance.steward import trying
from appliance.steward.wire import Examination, Examine, Examined, LightName, Problem, Tried, TrySettings
from appliance.wire import Language
from portal.catalogues import paths_of
from portal.console import found_words
from portal.words import words
from tests.support.console import OURS, console
from tests.support.console import form as ours

TABLES = (found.SENTENCES, firewall.found.SENTENCES, sms.found.SENTENCES, journal.found.SENTENCES)
ALL: Mapping[str, tuple[str, str]] = {code: both for table in TABLES for code, both in table.items()}
OTHERS = [language for language in Language if language is not Language.ENGLISH]
PLACEHOLDER = re.compile(r"%\((\w+)\)s")


def filled(code: str) -> dict[str, str]:
    """Something for each value of a code."""
    return {name: "7" for sentence in ALL[code] for name in PLACEHOLDER.findall(sentence)}


def catalogue(language: Language) -> dict[str, str]:
    """The two files of what is found."""
    said: dict[str, str] = {}
    for path in paths_of("console", language):
        if path.stem in ("console_problems", "console_findings"):
            with path.open("rb") as file:
                read = read_po(file, locale=language.value, abort_invalid=True)
            said |= {str(each.id): str(each.string) for each in read if each.id}
    return said


def test_no_two_rooms_have_the_same_code() -> None:
    assert len(ALL) == sum(map(len, TABLES))


@pytest.mark.parametrize("language", OTHERS)
def test_every_code_has_its_sentences_and_nothing_is_left_over(language: Language) -> None:
    wanted = {f"found.{code}" for code in ALL} | {f"found.{code}.do" for code, (_, remedy) in ALL.items() if remedy}
    assert set(catalogue(language)) == wanted


@pytest.mark.parametrize("language", OTHERS)
def test_every_sentence_is_whole(language: Language) -> None:
    for key, sentence in catalogue(language).items():
        code = key.removeprefix("found.")
        english = ALL.get(code) or ALL[code.removesuffix(".do")]
        assert sentence.strip() == sentence != "", key
        assert set(PLACEHOLDER.findall(sentence)) <= set(PLACEHOLDER.findall(" ".join(english))), key
        assert "%" not in PLACEHOLDER.sub("", sentence).replace("%%", ""), key
        # A frame of nothing but somebody else's words is no sentence of this language.
        assert re.search("[а-яә-ө]", sentence.lower()) or code in ("sms.password", "sms.closed", "wifi.password"), key
        assert not re.search(r"\b(error|ошибк\w*|қате\w*|invalid)\b", sentence.lower()), key


@pytest.mark.parametrize("language", OTHERS)
def test_every_code_is_said(language: Language) -> None:
    for code, (_, remedy) in ALL.items():
        examination = Examination(False, "English", "mend", code=code, values=filled(code))
        told = found_words.finding(words("console", language), examination)
        assert told.language == language.value and "%(" not in told.sentence, code
        assert bool(told.remedy) == bool(remedy), code


def test_what_a_fault_says_is_said_in_the_same_language() -> None:
    whole = found.within("sms.password", found.wrong("sms.password.empty", path="/etc/qaqpa/smpp"))
    assert whole.what == "SMS: /etc/qaqpa/smpp is empty; write the SMPP password into it"
    told = found_words.finding(
        words("console", Language.RUSSIAN),
        Examination(False, whole.what, whole.remedy, code=whole.code, values=dict(whole.values), cause=whole.cause),
    )
    assert told.what == "Файл /etc/qaqpa/smpp пуст. Сохраните пароль SMS-провайдера."


@pytest.mark.parametrize(("code", "values"), [("", {}), ("of.tomorrow", {}), ("lan.bounds", {"other": "1"})])
def test_what_is_not_known_stays_as_it_is(code: str, values: dict[str, str]) -> None:
    told = found_words.problem(
        words("console", Language.KAZAKH), Problem("lan.address", "is odd", code=code, values=values)
    )
    assert (told.what, told.language) == ("is odd", "en")


def codes_in_the_sources() -> Iterator[tuple[str, str]]:
    """Every code that is written out, with its file."""
    root = Path(appliance.__file__).parent.parent
    for room in ("appliance", "firewall", "sms", "journal"):
        for path in (root / room).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
                    continue
                if node.func.id in ("wrong", "within"):
                    strings = (each.value for each in ast.walk(node.args[0]) if isinstance(each, ast.Constant))
                    yield from ((each, str(path)) for each in strings if isinstance(each, str) and "." in each)


def test_every_code_that_is_written_out_is_in_a_table() -> None:
    written = [(code, path) for code, path in codes_in_the_sources() if not code.endswith((".", "_"))]
    assert len(written) > 100
    assert [each for each in written if each[0] not in ALL] == []


def test_whatever_a_type_says_of_itself_has_a_code() -> None:
    root = Path(appliance.__file__).parent
    said = {
        ast.literal_eval(node.value)
        for path in (*root.glob("sections*.py"), root / "wifi.py", root / "config.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.keyword) and node.arg == "description"
    }
    assert said == set(ALLOWED)


WRONG = {
    "lan.lease_s": ("[lan]\nlease_s = 1\n", "misfit.whole"),
    "lan.adress": ("[lan]\nadress = 2\n", "no_such_key.nearest"),
    "lan.address": ('[lan]\naddress = "10.0.0.1/8"\n', "lan.bounds"),
    "venue.colour": ('[venue]\ncolour = "red"\n', "misfit.colour"),
    "wifi.channel": ("[wifi]\nchannel = 99\n", "wifi.channel"),
    "venue.language": ('[venue]\nlanguage = "de"\n', "misfit.choice"),
    "venue.owner_id": ('[venue]\nowner_id = "123456789012"\n', "venue.owner_id."),
    "": ("[lan", "toml"),
}


@pytest.mark.parametrize("key", WRONG)
def test_the_terminal_and_the_page_say_it_from_one_code(key: str) -> None:
    toml, code = WRONG[key]
    (problem,) = trying.read(toml).problems
    assert (problem.key, problem.code.startswith(code)) == (key, True)
    assert problem.problem == ALL[problem.code][0] % problem.values
    with pytest.raises(ConfigError) as refused:
        configuration.parse(toml, "q.toml")
    assert refused.value.problem == problem.problem
    for language in OTHERS:
        assert found_words.problem(words("console", language), problem).language == language.value


@pytest.mark.parametrize("language", OTHERS)
def test_no_page_shows_an_english_sentence(tmp_path: Path, language: Language) -> None:
    made = console(tmp_path)
    found_there = tuple(
        Examination(False, f"English of {code}", "mend it", light, code, filled(code))
        for light, code in zip((*LightName,) * len(ALL), ALL, strict=False)
    )
    made.steward.answers[Examine] = lambda _: Examined(found_there, 0)
    problems = tuple(Problem("lan.address", "English", None, code, filled(code)) for code in ALL)
    made.steward.answers[TrySettings] = lambda _: Tried(problems)
    owner = made.as_role(StaffRole.OWNER)
    today = owner.get(f"/today?lang={language.value}").text
    assert 'id="found-sms"' in today and "→" in today
    text = owner.post(
        f"/settings/try-text?lang={language.value}", data=ours(toml="[lan]\n", base="0" * 64), headers=OURS
    ).text
    assert text.count("<code>lan.address</code>") == len(ALL)
    for page in (today, text):
        assert "English" not in page and "mend it" not in page and 'lang="en"' not in page.partition("<main")[2]
