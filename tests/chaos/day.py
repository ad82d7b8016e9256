"""One visitor's day: arrives, reads the page and does what it says, mistypes, browses, leaves, comes back.

It decides by what it sees alone, as a person does, so that whatever is broken meanwhile it goes on somehow. Must not
know: the gate's insides, the faults, who audits.
"""

from __future__ import annotations

import re
from contextlib import AbstractContextManager, suppress
from random import Random
from typing import Protocol

from tests.chaos.book import (
    HOME,
    Asked,
    Came,
    Entered,
    Helped,
    Left,
    Quit,
    Saw,
    Says,
    Tried,
    code_on,
    now_ms,
    said_by,
)
from tests.chaos.evidence import Person, notes_of
from tests.lab import device
from tests.lab.errors import LabError, NoAnswer, NoLease
from tests.lab.run import run
from tests.lab.venue import PORTAL, WEB, Venue
from tests.lab.visitor import Response

PAGE = f"http://{PORTAL}"
_ANSWERS_S = 10.0
_BY_DOCUMENT = 0.15
"""How often somebody has no phone number to name."""
_LEASE_S = 8.0
_PASSWORD = re.compile(r"(?<!\d)\d{6}(?!\d)")


class Pace(Protocol):
    """See ``crowd.Pace``."""

    def act(self) -> AbstractContextManager[None]: ...

    def pause(self, seconds: float) -> None: ...

    @property
    def over(self) -> Over: ...


class Over(Protocol):
    """Whether the day is."""

    def is_set(self) -> bool: ...


class Day:
    """Of one visitor; ``live`` is its thread.

    Args:
        stays_out: it reads the page and never logs in; its packets knock all the same, as everybody's.
    """

    def __init__(self, venue: Venue, person: Person, chance: Random, pace: Pace, *, stays_out: bool) -> None:
        self.person, self._venue, self._phone = person, venue, venue.visitors[person.number - 1]
        self._book = notes_of(venue.places.folder / "chaos", person)
        self._chance, self._pace = chance, pace
        self.stays_out = stays_out
        self._tried: set[str] = set()
        self.stays = 0
        """How many times it has been let in."""
        self.fell = ""

    def live(self) -> None:
        """Until all is over; then it goes home."""
        here = False
        try:
            while not self._pace.over.is_set():
                if not here:
                    here = self._come()
                elif self._chance.random() < 0.08:
                    self._leave()
                    here = False
                    # Sometimes within the grace, sometimes after it.
                    self._pace.pause(self._chance.choice([0.2, 1.0, 3.0, 12.0]))
                else:
                    self._go_on()
                    self._pace.pause(self._chance.uniform(0.1, 0.8))
            if here:
                self._leave()
        except (LabError, AssertionError, OSError) as error:
            self.fell = f"visitor {self.person.number}: {type(error).__name__}: {error}"

    def _come(self) -> bool:
        with self._pace.act():
            began_ms = now_ms()
            with suppress(NoLease):  # its client goes on asking; meanwhile there are no pages for it
                self._phone.connect(_LEASE_S)
            self._book.write(Came(began_ms, now_ms()))
        return True

    def _leave(self) -> None:
        with self._pace.act():
            began_ms = now_ms()
            self._phone.disconnect()
            self._book.write(Left(began_ms, now_ms()))

    def _go_on(self) -> None:
        """One look at the page, and what follows from it."""
        if self._phone.lease() is None:
            return
        with self._pace.act():
            says = self._look()
            if Says.ONLINE in says or Says.LOGGED_IN in says:
                self._browse()
            elif self.stays_out or not says or says & {Says.MOMENT, Says.AWAY, Says.BUSY, Says.NO_RECORD, Says.NO_SMS}:
                return
            elif password := self._newest():
                self._enter(password)
            elif Says.FORM in says and self._chance.random() < _BY_DOCUMENT:
                self._go_to_the_desk()
            elif not says & {Says.QUEUED, Says.SENT, Says.ARRIVED} or self._chance.random() < 0.02:
                self._ask()

    def _look(self) -> set[Says]:
        began_ms, response = now_ms(), self._fetch("/")
        says = said_by(response.body) if response else ()
        self._book.write(Saw(began_ms, now_ms(), response.status if response else None, says))
        return set(says)

    def _browse(self) -> None:
        began_ms = now_ms()
        if self._chance.random() < 0.06:
            status, _ = _outcome(self._fetch("/leave", {}))
            self._book.write(Quit(began_ms, now_ms(), status))
            return
        try:
            home = f"v{self.person.number}.{HOME}"
            answer = self._phone.fetch(f"http://{WEB}/", headers={"Host": home}, timeout_s=_ANSWERS_S)
            reached = answer.status == 404
            met = "" if reached else f"status {answer.status}"
        except NoAnswer as error:
            reached, met = False, str(error)
        self._book.write(Tried(began_ms, now_ms(), reached, met))

    def _go_to_the_desk(self) -> None:
        """With a document: the employee types it in while the visitor waits."""
        response = self._fetch("/code", {})
        response = self._fetch("/") if response else None
        code = code_on(response.body) if response else ""
        if not code:
            return
        person = ("--surname", "Ахметов", "--given-name", "Ерлан", "--patronymic", "", "--staff", "aigul")
        line = [device.QAQPA, "desk", "admit", "--config", str(self._venue.places.config), code, *person]
        began_ms = now_ms()
        done = run(line, namespace=self._venue.gate, check=False).code == 0
        self._book.write(Helped(began_ms, now_ms(), done))
        self.stays += done

    def _ask(self) -> None:
        began_ms = now_ms()
        status, location = _outcome(self._fetch("/password", {"number": self.person.phone}))
        self._book.write(Asked(began_ms, now_ms(), self.person.phone, status, location))

    def _enter(self, password: str) -> None:
        right = self._chance.random() < 0.75
        entered = password if right else f"{(int(password) + 1) % 1_000_000:06d}"
        began_ms = now_ms()
        status, location = _outcome(self._fetch("/login", {"password": entered}))
        self._book.write(Entered(began_ms, now_ms(), right, status, location))
        if right and status is not None and status < 500:
            self._tried.add(password)
            self.stays += status == 303

    def _newest(self) -> str:
        """The password of the newest SMS, unless it was entered already."""
        number = self.person.phone.removeprefix("+")
        texts = [str(sms["text"]) for sms in self._venue.sms() if sms["to"] == number]
        found = _PASSWORD.search(texts[-1]) if texts else None
        return found[0] if found and found[0] not in self._tried else ""

    def _fetch(self, path: str, form: dict[str, str] | None = None) -> Response | None:
        try:
            words = {"Accept-Language": "en"}
            return self._phone.fetch(f"{PAGE}{path}", form=form, headers=words, timeout_s=_ANSWERS_S)
        except NoAnswer:
            return None


def _outcome(response: Response | None) -> tuple[int | None, str]:
    """Status, and where the visitor is sent."""
    return (None, "") if response is None else (response.status, response.header("location") or "")
