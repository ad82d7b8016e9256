"""Kills at random moments of random stays, with an auditor after each (laws 1 and 2, and the chain).

The seed draws who does what, which process dies and how soon; the machine decides what exactly it interrupts.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress

from appliance import passwords
from tests.lab.device import UNITS
from tests.lab.errors import LabError
from tests.lab.venue import Venue
from tests.lab.waiting import until
from tests.system.audit import chain, journal, kernel, law_2, settled, wiretap
from tests.system.guest import Guest, knock, opened, rejoin

SEED = 20261121
KILLS = 40
"""At least; visits that resume ask for nothing, and then it goes on."""
ASKED = KILLS // 4


def test_a_random_sequence_of_kills_with_an_auditor() -> None:
    changes = {
        "presence.grace_s": 35,  # longer than restarts on a busy machine: visits resume; shorter than the sequence
        "password.resend_s": 0,
        "password.number_per_hour": 1000,
        "password.device_per_hour": 1000,
        "spending.daily_sms": 20_000,  # most is not entered
    }
    chance = random.Random(SEED)
    with opened("qt1-", changes) as venue:
        guests = [Guest.new(venue) for _ in range(6)]
        for kill in range(KILLS * 2):
            if kill >= KILLS and len(_asked(venue)) > ASKED:
                break
            try:
                _one_kill(venue, guests, chance)
            except (AssertionError, LabError) as error:
                raise AssertionError(f"seed {SEED}, kill {kill}: {error}") from error
        _no_sms_is_lost(venue)
        kinds = {str(entry["kind"]) for entry in journal(venue)}
        # The sequence went everywhere: otherwise it proves less than it says.
        assert {"visit_began", "visit_away", "visit_resumed", "visit_ended", "password_wrong"} <= kinds
        assert len([entry for entry in journal(venue) if entry["kind"] == "gate_started"]) > KILLS // 6


def _one_kill(venue: Venue, guests: Sequence[Guest], chance: random.Random) -> None:
    # The gate twice: it has the most to lose. Now and then two at once, as when memory runs out.
    units = set(chance.choices(["gate", *UNITS], k=chance.choice([1, 1, 2])))
    acting = chance.sample(guests, 3)
    moves = [threading.Thread(target=move) for guest in acting for move in [_next_move(guest, chance)]]
    for thread in moves:
        thread.start()
    time.sleep(chance.uniform(0, 0.08))  # no waiting: where in the middle of it the kill falls is what is drawn
    for unit in units:
        venue.processes[unit].kill9()
    law_2(venue)
    chain(venue)
    for thread in moves:
        thread.join()
    law_2(venue)
    passing = {mac for mac, _ in kernel(venue).up}
    for guest in acting:  # dhcp clients are started from the main thread, whose end would end them
        if guest.phone.lease() is None and chance.random() < 0.7:
            rejoin(guest)
    shut = [guest for guest in guests if guest.phone.mac not in passing and guest.phone.lease() is not None]
    if (
        "gate" in units and shut and chance.random() < 0.5
    ):  # while it is dead nobody can be admitted, so that these stay shut for sure
        with wiretap(venue) as tap:
            knock(shut[:1])
            assert tap.strays() == [], "law 1: nothing passes an unadmitted visitor"
    for unit in sorted(units, key=UNITS.index):
        venue.restart(unit)
    settled(venue)


def _no_sms_is_lost(venue: Venue) -> None:
    """Of every password that is still worth something, and of those that were told to be sent, the SMSC has the SMS."""
    key = (venue.places.state / "gate" / "password.key").read_bytes()
    asked = _asked(venue)
    newest = {entry["device"]: entry["message"] for entry in asked}

    def missing() -> list[object]:
        told = {entry["message"] for entry in journal(venue) if entry["kind"] == "password_sent"}
        texts = [(f"+{sms['to']}", str(sms["text"])) for sms in venue.sms()]
        return [
            entry["message"]
            for entry in asked
            if entry["message"] in told or entry["message"] == newest[entry["device"]]
            if not any(to == entry["number"] and _password_of(key, entry) in text for to, text in texts)
        ]

    assert len(asked) > ASKED
    until(lambda: not missing(), "every SMS that is worth something")


def _asked(venue: Venue) -> list[dict[str, object]]:
    return [entry for entry in journal(venue) if entry["kind"] == "password_asked"]


def _password_of(key: bytes, asked: dict[str, object]) -> str:
    return passwords.derived(key, str(asked["device"]), str(asked["message"]))


def _next_move(guest: Guest, chance: random.Random) -> Callable[[], None]:
    """What this guest does next, wherever they stand; that it fails because a process is dead is no matter."""
    known, draw = guest.texts(), chance.random()
    if guest.phone.lease() is None:
        return lambda: None
    if draw < 0.15:
        return guest.phone.disconnect
    if draw < 0.25:
        return lambda: _quietly(lambda: guest.venue.qaqpa("end", guest.phone.mac, check=False))
    if draw < 0.35:
        return lambda: _quietly(lambda: guest.enter("000000"))
    if known and draw < 0.75:
        password = guest.venue.password_for(guest.number)
        return lambda: _quietly(lambda: guest.enter(password))
    return lambda: _quietly(guest.ask)


def _quietly(move: Callable[[], object]) -> None:
    with suppress(LabError):
        move()
