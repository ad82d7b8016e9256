"""What can go wrong with text messages, as a tree:

SmsError
├── SettingRefused     a provider's setting cannot be used; never carries the value
├── TextRefused        a text does not fit one message part, or cannot be written in any alphabet
├── LineRefused        what came over the sender's socket is no message or report of ours
├── ProtocolError      what came from the SMSC is no SMPP; ends that connection, nothing else
├── SocketTaken        another sender answers at the socket
└── SenderSilent       the sender cannot be asked
"""

from __future__ import annotations


class SmsError(Exception):
    """Base of this package's errors; its text is a sentence for a person and holds no secret, text or number."""


class SettingRefused(SmsError):
    """A setting cannot be used."""

    def __init__(self, field: str, problem: str, value_length: int | None = None) -> None:
        self.field, self.problem, self.value_length = field, problem, value_length
        has = "" if value_length is None else f" (it has {value_length} characters)"
        super().__init__(f"{field}: {problem}{has}")


class TextRefused(SmsError):
    """A text that one message part cannot carry; ``reason`` is the program's code for it."""

    def __init__(self, reason: str, problem: str, parts: int) -> None:
        self.reason, self.parts = reason, parts
        super().__init__(problem)


class LineRefused(SmsError):
    """What came over the sender's socket is no message or report of ours."""


class ProtocolError(SmsError):
    """What came from the SMSC is no SMPP that can be understood."""


class SocketTaken(SmsError):
    """Another sender answers at the socket."""

    def __init__(self, socket_path: str) -> None:
        self.socket_path = socket_path
        super().__init__(f"another sender already answers at {socket_path}; stop it before starting this one")


class SenderSilent(SmsError):
    """The sender cannot be asked."""

    def __init__(self, socket_path: str, problem: str) -> None:
        self.socket_path, self.problem = socket_path, problem
        super().__init__(f"the SMS sender does not answer at {socket_path} ({problem})")
