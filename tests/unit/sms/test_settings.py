"""What a provider's settings may be; values that smpplib would cut silently are refused."""

from __future__ import annotations

from typing import Any

import pytest

from sms.errors import SettingRefused
from sms.settings import Provider, Settings
from sms.status import Verdict

GOOD: dict[str, Any] = {"host": "smsc.example", "port": 3700, "system_id": "venue", "password": "secret"}


def test_the_longest_lawful_values() -> None:
    Provider(**{**GOOD, "system_id": "v" * 15, "password": "p" * 8, "source": "S" * 11, "system_type": "t" * 12})
    Provider(**{**GOOD, "source": "77010000000000", "source_ton": 1})


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("host", ""),
        ("port", 0),
        ("port", 65536),
        ("system_id", ""),
        ("system_id", "v" * 16),
        ("password", "p4ssw0rd9"),
        ("password", "құпия"),
        ("password", "a\0b"),
        ("system_type", "t" * 13),
        ("source", "S" * 12),
        ("source", "Қақпа"),
        ("source_ton", 256),
        ("window", 0),
        ("enquire_link_s", 0),
        ("response_timeout_s", float("nan")),
        ("back_off_cap_s", 0.1),
        ("name", ""),
        ("prefixes", ("7701",)),
        ("prefixes", ("+770x",)),
        ("rate_per_s", -1),
        ("statuses", {0: Verdict.RETRY}),
        ("statuses", {0x403: Verdict.AMBIGUOUS}),
    ],
)
def test_a_bad_value_is_refused_by_name_and_not_shown(field: str, value: Any) -> None:
    with pytest.raises(SettingRefused) as caught:
        Provider(**{**GOOD, field: value})
    assert caught.value.field == field
    assert str(caught.value).startswith(field)
    if isinstance(value, str) and value:
        assert value not in str(caught.value)
        assert caught.value.value_length == len(value)


def test_the_password_is_never_shown() -> None:
    settings = Settings("/run/x", frozenset(), (Provider(**{**GOOD, "password": "hush-me"}),))
    assert "hush-me" not in repr(settings)
    assert "hush-me" not in f"{settings}"


def test_a_socket_path_must_fit() -> None:
    with pytest.raises(SettingRefused):
        Settings("/" + "x" * 107, frozenset(), (Provider(**GOOD),))


def test_providers_have_names_of_their_own() -> None:
    with pytest.raises(SettingRefused):
        Settings("/run/x", frozenset(), (Provider(**GOOD), Provider(**GOOD)))
    with pytest.raises(SettingRefused):
        Settings("/run/x", frozenset(), ())
    Settings("/run/x", frozenset(), (Provider(**GOOD), Provider(**{**GOOD, "name": "other"})))
