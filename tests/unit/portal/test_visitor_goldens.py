"""The words of every page, as kept in ``golden/``; ``python -m tests.unit.portal.goldens`` writes them anew."""

from __future__ import annotations

import pytest

from appliance.wire import Language
from tests.unit.portal.goldens import FOLDER, pages


@pytest.mark.parametrize("language", Language)
def test_the_pages_say_what_is_kept(language: Language) -> None:
    assert pages(language) == (FOLDER / f"{language}.txt").read_text(encoding="utf-8")
