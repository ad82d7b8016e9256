"""What stands on the box's own screen, by state and by what the terminal can show."""

from __future__ import annotations

import re
from string import Formatter

import pytest

from appliance.codes import ALPHABET
from appliance.port_roles import Why
from appliance.screen import Code, Look, Shown, State, drawn, words
from appliance.screen_door import LONGEST_PAUSE_S, PAUSE_S, WAITS_S, Door
from appliance.screen_letters import halves, large
from appliance.wire_words import Language
from paper import qr

URL = "https://192.168.100.157:8443/"
NEW = Shown(
    State.UNCLAIMED,
    "Qaqpa",
    (URL, "https://[2001:db8:aaaa:bbbb:cccc:dddd:eeee:1]:8443/"),
    "ACDEF-HJKLM",
    why=(Why.SEVERAL, Why.REST, Why.RADIO),
    roles={"uplink": "enp1s0", "lan": "enp2s0, enp3s0", "radio": "wlp4s0"},
)


def code_of(address: str) -> Code:
    return qr.modules(address, qr.SMALLEST)


def visible(lines: list[str]) -> list[str]:
    return [re.sub(r"\x1b\[[0-9;]*m", "", line) for line in lines]


def test_every_sentence_is_there_in_three_languages_and_names_the_same() -> None:
    def named(text: str) -> set[str]:
        return {name for _, name, _, _ in Formatter().parse(text) if name}

    one, *others = words().values()
    assert set(words()) == set(Language)
    for other in others:
        assert {key: named(text) for key, text in one.items()} == {key: named(text) for key, text in other.items()}
    assert {*State, *Why} - {Why.NO_PORT} <= set(one) | {State.NO_PORT}
    assert all(text.isascii() for text in words()[Language.ENGLISH].values())


def test_a_new_box_fits_the_smallest_screen_with_its_address_and_code_large() -> None:
    told = visible(drawn(NEW, Look.BLOCKS, code_of))
    assert len(told) <= 25 and max(map(len, told)) <= 80
    whole = "\n".join(told)
    assert URL in whole and "Код: ACDEF-HJKLM" in whole
    for large_row in (*large("192.168.100.157:8443"), *large("ACDEF-HJKLM")):
        assert large_row.rstrip() in whole
    for sentence in ("иесі жоқ", "нет владельца", "no owner yet"):
        assert sentence in whole


@pytest.mark.parametrize("state", list(State))
@pytest.mark.parametrize("language", list(Language))
@pytest.mark.parametrize("look", list(Look))
def test_no_line_is_longer_than_the_screen(state: State, language: Language, look: Look) -> None:
    shown = Shown(state, "Ж" * 40, (URL,), language=language, roles={"uplink": "enp1s0"}, shell_code="12345")
    told = visible(drawn(shown, look, code_of))
    assert max(map(len, told)) <= 80
    assert URL in "\n".join(told) and "12345" in "\n".join(told)
    bare = Shown(state, "Ж" * 40, language=language, detail="x" * 300, roles={"uplink": "enp1s0"})
    assert max(map(len, visible(drawn(bare, look, code_of)))) <= 80


def test_a_serial_line_gets_ascii_and_the_code_in_colours() -> None:
    told = drawn(NEW, Look.PLAIN, code_of)
    assert all(line.isascii() for line in told)
    assert "ACDEF-HJKLM" in "\n".join(told)
    assert seen_in_colours(told) == qr.modules(URL, qr.SMALLEST)
    assert all(line.isascii() for line in drawn(Shown(State.WORKS, "Қақпа"), Look.PLAIN, code_of))


def seen_in_colours(told: list[str]) -> tuple[tuple[bool, ...], ...]:
    """What a camera would see: dark or light, module by module."""
    rows = []
    for line in told:
        if not line.startswith("\x1b[4"):
            continue
        row: list[bool] = []
        for colour, blanks in re.findall(r"\x1b\[(40|47)m( +)", line):
            row += [colour == "40"] * (len(blanks) // 2)
        rows.append(tuple(row))
    return tuple(rows)


def test_the_blocks_are_the_code_itself() -> None:
    light = tuple(tuple(not dark for dark in row) for row in qr.modules(URL, qr.SMALLEST))
    lit = {" ": (False, False), "▀": (True, False), "▄": (False, True), "█": (True, True)}
    rows = [[lit[letter][half] for letter in row] for row in halves(light) for half in (0, 1)]
    assert tuple(tuple(row) for row in rows)[: len(light)] == light
    for row in halves(light):
        assert f"\x1b[97;40m{row}" in "\n".join(drawn(NEW, Look.BLOCKS, code_of))


def test_a_claimed_box_shows_no_code_and_speaks_its_own_language() -> None:
    told = "\n".join(
        visible(drawn(Shown(State.WORKS, "Cafe", (URL,), language=Language.RUSSIAN, online=7), Look.BLOCKS, code_of))
    )
    assert "Всё работает. В сети: 7." in told
    assert "Код" not in told and "иесі" not in told


def test_a_wrong_configuration_cannot_speak_to_the_terminal() -> None:
    told = drawn(Shown(State.BROKEN, "Qaqpa", detail='line 3: "\x1b]0;x\x07\x1b[2J\nfoo"'), Look.BLOCKS, code_of)
    assert "\x1b" not in "".join(told) and "\x07" not in "".join(told) and "foo" in "".join(told)


def test_every_letter_of_codes_and_addresses_is_drawn_and_none_like_another() -> None:
    drawings = {letter: tuple(large(letter)) for letter in f"{ALPHABET}0123456789.:-[]"}
    assert len(set(drawings.values())) == len(drawings)
    assert all("".join(rows).strip() for rows in drawings.values())
    assert large("é") == large(" ")


def test_a_shell_needs_the_key_and_the_code_that_is_shown_within_a_minute() -> None:
    codes = iter(("12345", "67890", "13579"))
    door = Door(lambda: next(codes))

    def types(text: str, now_s: float) -> bool:
        return [door.press(key, now_s) for key in text][-1]

    assert not types("12345\n", 0.0) and door.code(0.0) == ""
    assert not types("s", 1.0) and door.code(1.0) == "12345"
    assert not types("12344\n", 2.0) and door.code(2.0) == ""
    later_s = 2.0 + PAUSE_S
    assert not types("S67890", later_s)
    assert door.code(later_s + WAITS_S) == "" and not types("\n", later_s + WAITS_S)
    assert types("ы13579\r", 100.0) and door.code(100.0) == ""


def test_who_types_without_seeing_the_code_does_not_find_it() -> None:
    made: list[str] = []

    def make() -> str:
        made.append(f"{len(made):05}")
        return made[-1]

    door = Door(make)
    # A keyboard that is none: seven keys a tenth of a second, for an hour.
    for tried in range(36_000):
        assert not any(door.press(key, tried / 10) for key in "s99999\n")
    assert len(made) < 3600 / LONGEST_PAUSE_S + 10
    assert [door.press(key, 7200.0) for key in f"s{len(made):05}\n"][-1], "who can see it is let in all the same"
