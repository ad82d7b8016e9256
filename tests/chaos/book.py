"""What was true: the visitors' own log, the faults, and what was seen on the wire, as lines of JSON.

    >>> line(Left(began_ms=1_000, at_ms=1_040))
    b'{"note":"left","began_ms":1000,"at_ms":1040}'

Every time is the machine's wall clock in milliseconds UTC, which visitors, wire and gate share. Whatever takes time has
two: the truth lies between them. Must not know: the gate, the auditor.
"""

from __future__ import annotations

import re
import time
from enum import StrEnum
from pathlib import Path
from typing import Generic, TypeVar

import msgspec

FIRST_PORT = 20_000
"""Visitor n knocks at port 20000 + n of the Internet, and nobody else does: so a packet out there tells whose it is."""
HOME = "chaos.example"
"""Visitor n asks for the name vn.chaos.example, in its requests for pages and of its resolver."""


class Says(StrEnum):
    """What a page of the portal tells its reader, each by a sentence of the English page."""

    FORM = "A password comes to it by SMS."
    QUEUED = "The SMS with the password is about to be sent."
    SENT = "The SMS with the password is on its way."
    ARRIVED = "The SMS with the password has arrived."
    FAILED = "The SMS could not be delivered."
    WRONG = "This password is not right."
    VOID = "There were too many wrong passwords"
    EXPIRED = "This password is too old."
    NOT_ASKED = "No password has been asked for yet."
    ONLINE = "You are online"
    LOGGED_IN = "You are logged in"
    AWAY = "Your access is being opened again"
    QUIT = "You have left the Internet."
    SENT_AWAY = "Staff have closed your access."
    MOMENT = "The access point is not ready yet."
    BUSY = "Many people are connecting right now."
    STRANGER = "Your device cannot be found in this venue"
    NO_SMS = "SMS cannot be sent from here now."
    NO_UPLINK = "This venue has no Internet connection now."
    NO_RECORD = "Who connects cannot be recorded now"
    NO_ACCESS = "Access cannot be opened at the moment."


_CODE = re.compile(r'class="code"[^>]*><span[^>]*>([^<]+)<')


def code_on(body: str) -> str:
    """The pairing code that this page shows; "" if none."""
    found = _CODE.search(body)
    return found[1].replace(" ", "") if found else ""


def said_by(body: str) -> tuple[Says, ...]:
    """What this page says."""
    return tuple(says for says in Says if says in body)


class Note(msgspec.Struct, frozen=True, tag_field="note", tag=str.lower, omit_defaults=True):
    """Something that a visitor did, or met with."""

    began_ms: int
    at_ms: int


class Came(Note, frozen=True):
    """In range: the link is up since some moment between the two."""


class Left(Note, frozen=True):
    """Out of range since some moment between the two."""


class Asked(Note, frozen=True):
    """«Get password»."""

    number: str
    status: int | None = None
    """Of the answer; None: there was none."""
    location: str = ""


class Entered(Note, frozen=True):
    """A password was entered."""

    right: bool
    """It was the one of the newest SMS."""
    status: int | None = None
    location: str = ""


class Quit(Note, frozen=True):
    """«Leave the Internet»."""

    status: int | None = None


class Saw(Note, frozen=True):
    """A page of the portal."""

    status: int | None = None
    says: tuple[Says, ...] = ()


class Tried(Note, frozen=True):
    """A page of the Internet was asked for."""

    reached: bool
    """The Internet itself answered."""
    met: str = ""
    """Else: who did, or what went wrong."""


class Helped(Note, frozen=True):
    """At the desk, by identity document: the employee typed in what stands there."""

    done: bool
    """The employee was told that the visitor is online."""


AnyNote = Came | Left | Asked | Entered | Helped | Quit | Saw | Tried


class Inspected(msgspec.Struct, frozen=True):
    """An extract was asked for, and judged if there was one."""

    began_ms: int
    at_ms: int
    made: bool
    whole: bool = False
    said: str = ""
    """What the commands complained of."""


class Packet(msgspec.Struct, frozen=True):
    """One packet on the operator's line, coming from the gate."""

    at_ms: float
    source: str
    destination: str
    protocol: int
    port: int


class Allows(StrEnum):
    """What may be while a fault is in force, and at no other time. What is not here may never be."""

    NO_PAGE = "no page, or one that asks for patience"
    NO_INTERNET = "who is admitted reaches nobody"
    NO_SMS = "the page says that no SMS can be sent"
    NO_UPLINK = "the page says that there is no Internet"
    NO_RECORD = "the page says that nothing can be recorded"
    UNWATCHED = "who leaves is noticed late, and as of the last moment at which the gate surely watched"
    OUT_OF_RANGE = "whoever was here was cut off from the gate, and so has left"
    REJOIN = "whoever was here before must join the network anew, and is told so"
    NAMES_LATE = "a question of a name is passed on later than it came"
    KEPT_BACK = "what was let through waits for the line, and comes out when the line does"
    NEW_JOURNAL = "the journal is set aside and begun anew"
    SMS_TWICE = "an SMS that was submitted and not answered is sent once more"


class Fault(msgspec.Struct, frozen=True):
    """One thing that was broken."""

    name: str
    injected_ms: int
    settled_ms: int
    """When everything was as it should be again."""
    allows: tuple[Allows, ...] = ()


T = TypeVar("T")


class Book(Generic[T]):
    """A file of such lines, for those who write and those who read; what was read once is not read again.

    Args:
        kind: what a line is.
    """

    def __init__(self, path: Path, kind: type[T]) -> None:
        self.path = path
        self._decoder = msgspec.json.Decoder(kind)
        self._read_bytes = 0
        self._lines: list[T] = []

    def write(self, item: T) -> None:
        """Append one line."""
        with self.path.open("ab", buffering=0) as file:
            file.write(line(item) + b"\n")

    def lines(self) -> list[T]:
        """All whole lines so far, oldest first; the last may be half written yet."""
        if self.path.exists():
            with self.path.open("rb") as file:
                file.seek(self._read_bytes)
                whole, newline, _ = file.read().rpartition(b"\n")
            self._read_bytes += len(whole) + len(newline)
            self._lines += [self._decoder.decode(each) for each in whole.splitlines()]
        return self._lines


def line(item: object) -> bytes:
    """As it stands in a book."""
    return msgspec.json.encode(item)


def now_ms() -> int:
    """UTC milliseconds."""
    return time.time_ns() // 1_000_000
