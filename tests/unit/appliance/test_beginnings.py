"""What a new venue begins with can be a configuration."""

from __future__ import annotations

import msgspec

from appliance.beginnings import presets, terms
from appliance.config import Config
from appliance.contradictions import contradictions
from appliance.sections import SmsProvider
from appliance.wire import Language
from portal.catalogues import sentences


def test_every_preset_is_a_provider_and_its_questions_have_sentences() -> None:
    for preset in presets():
        values = {**preset.values, "host": preset.values["host"] or "smpp.example.kz"}
        assert msgspec.convert(values, SmsProvider).port == values["port"]
        for language in Language:
            said = sentences("console", language)
            keys = [f"wizard.ask.{each}" for each in preset.asks]
            keys += [] if preset.name else [f"wizard.preset.{preset.id}"]
            assert all(said.gettext(key) != key for key in keys), (preset.id, language)


def test_the_first_preset_is_of_a_brand_and_encrypted() -> None:
    assert (presets()[0].name, presets()[0].values["tls"]) == ("SMSC.kz", True)


def test_terms_are_there_in_all_languages_and_may_be_taken_as_they_are() -> None:
    assert all(terms().texts.values())
    venue = msgspec.structs.replace(Config().venue, terms=terms())
    assert contradictions(msgspec.structs.replace(Config(), venue=venue)) == []
