"""The conversation with hostapd as a script: its answers and events as recorded, and what it never should say."""

from __future__ import annotations

import pytest

from firewall.presence.hostapd import Connected, Conversation, Disconnected, Fact, Listed, Over, Unintelligible

ONE, TWO, THREE = (f"02:00:00:00:00:0{number}" for number in (1, 2, 3))


def entry(mac: str, flags: str = "[AUTH][ASSOC][AUTHORIZED][SHORT_PREAMBLE][WMM]") -> bytes:
    """As hostapd 2.10 answers STA-FIRST and STA-NEXT."""
    lines = [mac, f"flags={flags}", "aid=1", "capability=0x431", "listen_interval=10", "supported_rates=82 84 8b 96"]
    return ("\n".join([*lines, "timeout_next=NULLFUNC POLL", "rx_packets=1", "signal=-42"]) + "\n").encode()


def play(conversation: Conversation, *turns: bytes | tuple[bytes, bytes]) -> list[Fact]:
    """Datagrams as they come; a pair is a command that must be asked now, and its answer."""
    facts: list[Fact] = []
    for turn in turns:
        if isinstance(turn, tuple):
            command, answer = turn
            assert conversation.ask() == command
            facts += conversation.heard(answer)
        else:
            facts += conversation.heard(turn)
    return facts


def attached(*stations: str) -> Conversation:
    conversation = Conversation()
    turns = [(b"ATTACH", b"OK\n")]
    turns += [(c, entry(mac)) for c, mac in zip(commands(*stations), stations, strict=False)]
    assert play(conversation, *turns, (commands(*stations)[-1], b"")) == [Listed(frozenset(stations))]
    return conversation


def commands(*stations: str) -> list[bytes]:
    return [b"STA-FIRST", *(f"STA-NEXT {mac}".encode() for mac in stations)]


def test_a_list_tells_for_how_long_each_was_silent() -> None:
    conversation = attached()
    conversation.list_again()
    quiet, heard = entry(ONE) + b"inactive_msec=259500\n", entry(TWO) + b"inactive_msec=12\n"
    stranger = entry(THREE, "[AUTH]") + b"inactive_msec=5\n"
    asked = commands(ONE, TWO, THREE)
    (listed, *_) = play(conversation, *zip(asked, (quiet, heard, stranger, b""), strict=True))
    assert listed == Listed(frozenset({ONE, TWO}), surprising=True, silent_s={ONE: 259.5, TWO: 0.012})
    conversation.list_again()
    assert play(conversation, (b"STA-FIRST", b"")) == [Listed(frozenset(), surprising=True)], "nothing is left of it"


def test_attach_then_the_list_then_events() -> None:
    conversation = attached(ONE, TWO)
    assert conversation.ask() is None
    said = play(
        conversation,
        b"<3>AP-STA-CONNECTED 02:00:00:00:00:03",
        b"<3>AP-STA-CONNECTED 02:00:00:00:00:0A auth_alg=open keyid=guest",
        b"<3>AP-STA-DISCONNECTED 02:00:00:00:00:01",
        b"<2>AP-DISABLED ",
        b"<3>CTRL-EVENT-TERMINATING ",
    )
    assert said == [Connected(THREE), Connected("02:00:00:00:00:0a"), Disconnected(ONE), Over(), Over()]


@pytest.mark.parametrize(
    "event",
    [
        b"<3>AP-STA-POLL-OK 02:00:00:00:00:01",
        b"<3>AP-STA-CONNECTED",
        b"<3>AP-STA-CONNECTED 02:00:00:00:00",
        b"<3>AP-STA-CONNECTED 02:00:00:00:00:01:02",
        b"<3>AP-STA-DISCONNECTED 02-00-00-00-00-01",
        b"<3>AP-STA-DISCONNECTED \xff\xfe\x00",
        # Words of the visitor's own choice.
        b"<3>WPS-ENROLLEE-SEEN 02:00:00:00:00:09 [<3>AP-STA-DISCONNECTED 02:00:00:00:00:01] 0-0000-0",
        b"<3>CTRL-EVENT-EAP-STARTED AP-STA-DISCONNECTED 02:00:00:00:00:01",
        b"<3>",
        b"<3>" + b"A" * 5000,
    ],
)
def test_other_events_mean_nothing(event: bytes) -> None:
    conversation = attached(ONE)
    assert conversation.heard(event) == []
    assert not conversation.waiting


def test_events_between_a_command_and_its_answer() -> None:
    conversation = Conversation()
    said = play(
        conversation,
        (b"ATTACH", b"<3>AP-STA-CONNECTED 02:00:00:00:00:03"),
        b"OK\n",
        (b"STA-FIRST", entry(ONE)),
        (f"STA-NEXT {ONE}".encode(), entry(TWO)),
        b"<3>AP-STA-DISCONNECTED 02:00:00:00:00:01",
        b"<3>AP-STA-CONNECTED 02:00:00:00:00:03",
        (f"STA-NEXT {TWO}".encode(), b""),
    )
    assert said[-1] == Listed(frozenset({TWO, THREE}))


def test_a_station_that_is_not_authorized_is_not_there() -> None:
    conversation = Conversation()
    said = play(
        conversation,
        (b"ATTACH", b"OK\n"),
        (b"STA-FIRST", entry(ONE, "[AUTH][ASSOC]")),
        (f"STA-NEXT {ONE}".encode(), entry(TWO)),
        (f"STA-NEXT {TWO}".encode(), b""),
    )
    assert said == [Listed(frozenset({TWO}))]


def test_a_station_that_leaves_in_the_middle_of_the_list_makes_it_begin_anew() -> None:
    conversation = Conversation()
    said = play(
        conversation,
        (b"ATTACH", b"OK\n"),
        (b"STA-FIRST", entry(ONE)),
        b"<3>AP-STA-DISCONNECTED 02:00:00:00:00:01",
        (f"STA-NEXT {ONE}".encode(), b"FAIL\n"),
        (b"STA-FIRST", entry(TWO)),
        (f"STA-NEXT {TWO}".encode(), b""),
    )
    assert said == [Disconnected(ONE), Listed(frozenset({TWO}))]


def test_a_list_that_never_ends_is_given_up() -> None:
    conversation = attached()
    conversation.list_again()
    facts: list[Fact] = []
    number = 0
    while not facts:
        conversation.ask()
        facts = conversation.heard(entry(f"02:00:00:00:{number >> 8:02x}:{number & 255:02x}"))
        number += 1
    assert isinstance(facts[0], Unintelligible)
    assert number < 10_000

    conversation = attached()
    conversation.list_again()
    for _ in range(100):
        assert conversation.ask() == b"STA-FIRST"
        if facts := conversation.heard(b"FAIL\n"):
            break
    assert facts == [Unintelligible(b"FAIL\n")]


def test_the_next_list_tells_of_lost_events() -> None:
    conversation = attached(ONE, TWO)
    conversation.heard(b"<3>AP-STA-DISCONNECTED 02:00:00:00:00:02")
    conversation.list_again()
    first, *_ = commands()
    next_one = f"STA-NEXT {ONE}".encode()
    assert play(conversation, (first, entry(ONE)), (next_one, b"")) == [Listed(frozenset({ONE}))]
    conversation.list_again()
    assert play(conversation, (first, b"")) == [Listed(frozenset(), surprising=True)]


@pytest.mark.parametrize("answer", [b"FAIL\n", b"UNKNOWN COMMAND\n", b"", b"PONG\n", b"\x00\xff" * 100, b"OK"])
def test_an_answer_that_is_none_ends_the_conversation(answer: bytes) -> None:
    conversation = Conversation()
    assert play(conversation, (b"ATTACH", answer)) == [Unintelligible(answer)]
    conversation = attached(ONE)
    assert conversation.heard(answer) == [Unintelligible(answer)], "nothing was asked"


def test_one_question_at_a_time() -> None:
    conversation = attached()
    conversation.greet()
    conversation.list_again()
    assert conversation.ask() == b"PING"
    assert conversation.ask() is None
    conversation.greet()
    assert conversation.waiting
    assert play(conversation, b"PONG\n") == []
    assert conversation.ask() is None
