"""How the sender stands, asked for over its socket: what ``qaqpa sms status`` and ``qaqpa doctor`` show.

    >>> ask("/run/qaqpa/sms/sms.sock").providers[0].links[0].phase
    'bound'

Must not know: how anything is found out, who asks.
"""

from __future__ import annotations

import socket
from typing import Literal

import msgspec

from sms.errors import LineRefused, SenderSilent
from sms.lines import Lines

MAX_LINE_BYTES = 64 * 1024
"""The longest that says how a sender stands."""
_PIECE_BYTES = 64 * 1024


class Question(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A line on the sender's socket that is no message."""

    ask: Literal["status"] = "status"


class Link(msgspec.Struct, frozen=True):
    """One bound connection, or the attempt at one."""

    role: str
    phase: str
    for_s: int
    """Since when the phase lasts."""
    trouble: str = ""
    """Why it is not bound, or was lost last; empty when nothing is wrong."""
    alarm: bool = False
    """Whether a person must act."""


class ProviderStanding(msgspec.Struct, frozen=True):
    """One provider. What it carried the journal tells: this process forgets it at its end."""

    name: str
    links: tuple[Link, ...]
    steady: bool
    """Whether it is the choice for the next message to a number that it serves."""
    under_way: int


class Standing(msgspec.Struct, frozen=True, tag_field="is", tag="standing"):
    """The whole sender."""

    up_s: int
    waiting: int
    """Messages that no SMSC has taken yet."""
    providers: tuple[ProviderStanding, ...]


def is_standing(line: bytes) -> bool:
    """Whether a line from the sender says how it stands; the others are reports."""
    return line.startswith(b'{"is"')


def is_bound(standing: Standing) -> bool:
    """Whether any provider takes messages."""
    return any(provider.links[0].phase == "bound" for provider in standing.providers)


_encoder = msgspec.json.Encoder()
_question_decoder = msgspec.json.Decoder(Question)
_standing_decoder = msgspec.json.Decoder(Standing)


def is_question(line: bytes) -> bool:
    """Whether a line on the sender's socket asks, or hands over a message."""
    return line.startswith(b'{"ask"')


def encode(item: Question | Standing) -> bytes:
    """The item as one line of JSON, without its newline."""
    return _encoder.encode(item)


def decode_question(line: bytes) -> Question:
    """
    Raises:
        LineRefused: no question that we know.
    """
    try:
        return _question_decoder.decode(line)
    except (msgspec.DecodeError, msgspec.ValidationError, UnicodeDecodeError) as error:
        raise LineRefused(f"no question: {type(error).__name__}") from None


def decode_standing(line: bytes) -> Standing:
    """
    Raises:
        LineRefused: not how a sender stands.
    """
    try:
        return _standing_decoder.decode(line)
    except (msgspec.DecodeError, msgspec.ValidationError, UnicodeDecodeError) as error:
        raise LineRefused(f"no standing: {type(error).__name__}") from None


def ask(socket_path: str, timeout_s: float = 2.0) -> Standing:
    """What the sender at this socket answers.

    Raises:
        SenderSilent: nobody is there, it does not let us in, or what it says is no answer.
    """
    lines = Lines(MAX_LINE_BYTES)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as asking:
        asking.settimeout(timeout_s)
        try:
            asking.connect(socket_path)
            asking.sendall(encode(Question()) + b"\n")
            while True:
                piece = asking.recv(_PIECE_BYTES)
                if not piece:
                    raise SenderSilent(socket_path, "it does not answer this user")
                for line in lines.feed(piece):
                    if is_standing(line):
                        return decode_standing(line)
        except PermissionError as error:
            raise SenderSilent(socket_path, "this user may not connect") from error
        except LineRefused as error:
            raise SenderSilent(socket_path, "its answer cannot be understood") from error
        except OSError as error:
            raise SenderSilent(socket_path, error.strerror or type(error).__name__) from error
