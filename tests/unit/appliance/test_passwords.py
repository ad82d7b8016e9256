"""Passwords, numbers and limits by themselves."""

from __future__ import annotations

import hmac
import math
from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance import passwords
from appliance.allowances import Limit, Times, retry_in_s, within
from appliance.numbers import judge
from appliance.passwords import well_formed
from appliance.wire import Refusal

KZ = frozenset({"KZ"})


KEY, PHONE = b"k" * 32, "02:00:00:00:00:01"


@given(st.binary(min_size=32, max_size=32), st.text())
def test_every_password_is_well_formed(key: bytes, message: str) -> None:
    password = passwords.derived(key, PHONE, message)
    assert well_formed(password) == password
    assert well_formed(f" {password[:3]} {password[3:]}") == password
    assert passwords.derived(key, PHONE, message) == password


def test_passwords_are_as_even_as_random_digits() -> None:
    """Of names that count up, which random ones never do: each digit at each place, and each beginning of three.

    Pearson's statistic lies within five of its standard deviations; that of 20 bits reduced to six digits, of which
    every twentieth password comes twice as often, lies far outside.
    """
    made = [passwords.derived(KEY, PHONE, f"{number:016x}") for number in range(100_000)]
    for length, start in [(1, 0), (1, 1), (1, 2), (1, 3), (1, 4), (1, 5), (3, 0), (3, 3)]:
        found = Counter(password[start : start + length] for password in made)
        cells, expected = 10**length, len(made) / 10**length
        statistic = sum((found[f"{cell:0{length}}"] - expected) ** 2 / expected for cell in range(cells))
        assert abs(statistic - (cells - 1)) < 5 * math.sqrt(2 * (cells - 1)), (start, length)
    # By the birthdays of 100,000 among a million, some 4,837 meet an earlier one; the spread is about 65.
    assert 4_500 < len(made) - len(set(made)) < 5_200


def test_a_password_is_of_key_device_and_message() -> None:
    base = (KEY, PHONE, "m1")
    others = [(b"K" * 32, *base[1:]), (KEY, "02:00:00:00:00:02", "m1"), (KEY, PHONE, "m2")]
    assert len({passwords.derived(*parts) for parts in [base, *others]}) == 4


def test_nothing_that_is_kept_or_told_of_a_password_is_another_use_of_the_key() -> None:
    """The digest beside the password, the subscriber's hash: were one the other's input, it would give it away."""
    asked: list[bytes] = []
    real = hmac.digest

    def overheard(key: bytes, text: bytes, digest: Any) -> bytes:
        asked.append(text)
        return real(key, text, digest)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(hmac, "digest", overheard)
        password = passwords.derived(KEY, PHONE, "m1")
        passwords.digest(KEY, PHONE, "m1", password)
        passwords.subscriber(KEY, "+77011234567")
    assert len({text.split(b"\n")[0] for text in asked}) == 3


@given(st.text(max_size=12))
def test_only_ascii_digits_are_digits(typed: str) -> None:
    password = well_formed(typed)
    assert password is None or (len(password) == 6 and password.isascii() and password.isdigit())


def test_digest_covers_key_device_message_and_password() -> None:
    base = (b"k" * 32, "02:00:00:00:00:01", "m1", "123456")
    others = [
        (b"K" * 32, *base[1:]),
        (base[0], "02:00:00:00:00:02", *base[2:]),
        (*base[:2], "m2", base[3]),
        (*base[:3], "123457"),
    ]
    digests = {passwords.digest(*parts) for parts in [base, *others]}
    assert len(digests) == 5
    assert passwords.same(passwords.digest(*base), passwords.digest(*base))


@given(st.lists(st.integers(0, 10_000_000), max_size=30), st.integers(1, 5), st.integers(1, 3600))
def test_never_more_than_the_limit_in_any_window(asks: list[int], count: int, window_s: int) -> None:
    limit = Limit(count, window_s)
    times: Times = ()
    for now in sorted(asks):
        if retry_in_s(times, limit, now) == 0:
            times = (*times, now)
    for start in times:
        assert len([t for t in times if start <= t < start + window_s * 1000]) <= count


@given(st.lists(st.integers(0, 1_000_000), min_size=5, max_size=9), st.integers(0, 1_000_000))
def test_waiting_as_long_as_told_is_enough(asks: list[int], later: int) -> None:
    limit, times = Limit(3, 60), tuple(sorted(asks))
    now = times[-1] + later
    wait_s = retry_in_s(times, limit, now)
    assert retry_in_s(times, limit, now + wait_s * 1000) == 0
    assert set(within(times, limit, now)) <= set(times)


@pytest.mark.parametrize(
    "typed",
    ["8701 123 45 67", "701 123 4567", "+77011234567", "8-10-7-701-123-45-67", "8 (701) 123-45-67", "77011234567"],
)
def test_every_way_to_write_a_number(typed: str) -> None:
    assert judge(typed, KZ) == "+77011234567"


@pytest.mark.parametrize(
    ("typed", "refusal"),
    [
        ("8 800 080 77 77", Refusal.NOT_MOBILE),
        ("+7 7172 12 34 56", Refusal.NOT_MOBILE),
        ("+7 916 123 45 67", Refusal.COUNTRY_NOT_ALLOWED),
        ("+1 202 555 0123", Refusal.COUNTRY_NOT_ALLOWED),
        ("7011234567 ext 5", Refusal.NOT_A_NUMBER),
        ("701 123 45", Refusal.NOT_A_NUMBER),
        ("salem", Refusal.NOT_A_NUMBER),
        ("", Refusal.NOT_A_NUMBER),
        ("+", Refusal.NOT_A_NUMBER),
        ("'; drop table", Refusal.NOT_A_NUMBER),
        ("1;phone-context=+7", Refusal.NOT_A_NUMBER),
    ],
)
def test_what_is_no_number_of_ours(typed: str, refusal: Refusal) -> None:
    assert judge(typed, KZ) is refusal


@given(st.text(max_size=64))
def test_anything_typed_is_judged(typed: str) -> None:
    judged = judge(typed, KZ)
    assert isinstance(judged, Refusal) or (judged.startswith("+7") and judged[1:].isdigit())


def test_other_countries_by_configuration() -> None:
    assert judge("+7 916 123 45 67", frozenset({"KZ", "RU"})) == "+79161234567"
