"""Which provider is next: prefixes, the owner's order, health."""

from __future__ import annotations

import pytest

from sms.routes import Condition, choose, route
from sms.settings import Provider

GOOD, FULL, SHAKY, DOWN = Condition(3, True), Condition(0, True), Condition(3, False), Condition(0, False)


def provider(name: str, *prefixes: str) -> Provider:
    return Provider(host="smsc", port=1, system_id="venue", password="secret", name=name, prefixes=prefixes)


def test_prefixes_choose_who_may_and_the_owners_order_who_is_first() -> None:
    providers = (provider("a", "+7701", "+7702"), provider("b"), provider("c", "+7701"))
    assert route(providers, "+77011234567") == (0, 1, 2)
    assert route(providers, "+77021234567") == (0, 1)
    assert route(providers, "+77051234567") == (1,)
    assert route(providers[:1], "+77051234567") == ()


@pytest.mark.parametrize(
    ("conditions", "chosen"),
    [
        ((GOOD, GOOD), 0),
        ((FULL, GOOD), None),  # a moment's wait is cheaper than the second provider
        ((SHAKY, GOOD), 1),
        ((DOWN, GOOD), 1),
        ((DOWN, FULL), None),
        ((SHAKY, DOWN), 0),  # better than nothing
        ((DOWN, SHAKY), 1),
        ((DOWN, DOWN), None),
    ],
)
def test_the_first_that_can_be_relied_on(conditions: tuple[Condition, Condition], chosen: int | None) -> None:
    assert choose((0, 1), conditions) == chosen
