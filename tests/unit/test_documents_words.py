"""What owner and inspector read of the console is what stands on its pages.

In these documents **bold** is a sentence of a catalogue, in the document's language. In each section all three
languages name the same sentences, so that a page which is renamed, or a part that was translated once and forgotten, is
found here.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest

from appliance.staff.roles import StaffRole
from appliance.steward.wire import LightName
from appliance.wire import Language
from portal.catalogues import catalogue
from portal.console.lights import State
from portal.console.routes import Routes
from portal.console.wizard.steps import Step
from tests.support.console import console

ROOT = Path(__file__).parents[2]
BOLD = re.compile(r"\*\*([^*]+)\*\*", re.DOTALL)
OWN_WORDS = {
    Language.ENGLISH: {"bold", "of your own", "There is no image to flash yet."},
    Language.RUSSIAN: {"Жирным", "свой", "Готового образа для прошивки пока нет."},
    Language.KAZAKH: {"Қалың", "Өзіңізде", "Дайын жүйе бейнесі (образ) әзірге жоқ."},
}
"""Bold for another reason."""
KINDS = ("owner", "inspector", "backup")
SUFFIX = {Language.ENGLISH: "", Language.RUSSIAN: ".ru", Language.KAZAKH: ".kk"}


def text_of(kind: str, language: Language) -> str:
    return (ROOT / f"docs/{kind}{SUFFIX[language]}.md").read_text(encoding="utf-8")


@cache
def keys_by_sentence(language: Language) -> dict[str, frozenset[str]]:
    """Which keys say this, without the full stop or colon that a page may end with."""
    found: dict[str, set[str]] = {}
    for application in ("console", "visitor"):
        for message in catalogue(application, language):
            forms = [message.string] if isinstance(message.string, str) else [*(message.string or ())]
            said = forms[-1] if forms else ""
            if message.id and said:
                key = message.id if isinstance(message.id, str) else message.id[0]
                found.setdefault(said.rstrip(".:"), set()).add(f"{application}:{key}")
    return {said: frozenset(keys) for said, keys in found.items()}


def sections(text: str) -> list[str]:
    return re.split(r"^(?=## )", text, flags=re.MULTILINE)


def named(section: str, language: Language) -> dict[str, frozenset[str]]:
    """What is bold in a section, by the keys that it may be; none: it is on no page."""
    words = {" ".join(each.split()) for each in BOLD.findall(section)} - OWN_WORDS[language]
    return {each: keys_by_sentence(language).get(each, frozenset()) for each in words}


def unknown(kind: str, language: Language) -> list[str]:
    """Bold words that stand on no page."""
    return [said for said, keys in named(text_of(kind, language), language).items() if not keys]


def told_apart(kind: str, language: Language) -> list[str]:
    """What a section in English names and the same one in this language does not, and the other way round."""
    pairs = zip(sections(text_of(kind, Language.ENGLISH)), sections(text_of(kind, language)), strict=True)
    found = []
    for english, other in pairs:
        here, there = named(english, Language.ENGLISH), named(other, language)
        for one, another in ((here, there), (there, here)):
            others: frozenset[str] = frozenset().union(*another.values())
            found += [said for said, keys in one.items() if keys and not keys & others]
    return found


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("kind", KINDS)
def test_what_a_document_quotes_stands_on_a_page(kind: str, language: Language) -> None:
    assert unknown(kind, language) == []


@pytest.mark.parametrize("language", [Language.RUSSIAN, Language.KAZAKH])
@pytest.mark.parametrize("kind", KINDS)
def test_all_languages_name_the_same(kind: str, language: Language) -> None:
    assert told_apart(kind, language) == []


@pytest.mark.parametrize("language", Language)
def test_the_owner_is_told_of_every_light_step_and_menu(language: Language, tmp_path: Path) -> None:
    wanted = {f"console:today.light.{light}" for light in LightName}
    wanted |= {f"console:today.state.{state}" for state in State}
    wanted |= {f"console:wizard.{step}.title" for step in Step}
    routes: Routes = console(tmp_path).app.extensions["qaqpa-routes"]
    menu = {
        f"console:{route.nav}" for route in routes.all if route.nav and route.roles and StaffRole.OWNER in route.roles
    }
    assert len(menu) >= 7
    told = frozenset().union(*named(text_of("owner", language), language).values())
    # The inspector's own document is about the journal.
    assert (wanted | menu) - {"console:journal.nav"} - told == set()
    assert "console:journal.nav" in frozenset().union(*named(text_of("inspector", language), language).values())


def test_what_stands_on_no_page_would_be_found() -> None:
    assert named("**Today** and **To\nday**", Language.ENGLISH) == {
        "Today": keys_by_sentence(Language.ENGLISH)["Today"],
        "To day": frozenset(),
    }
