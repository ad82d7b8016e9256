"""Gate and sender killed at random moments: each SMS that was recorded reaches the SMSC, none twice without need."""

from __future__ import annotations

import random
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from appliance import passwords
from appliance.kept import restore
from appliance.state import PasswordPending
from journal.entries import PasswordAsked
from journal.store import Store
from journal.visits import entries
from tests.edge.appliance.asking_gate import TERMS
from tests.edge.appliance.venue import KEY
from tests.edge.sms.world import Process, Sender, Smsc

SEED = 20261122
ASKS = 60
MOST_KILLS = 40
"""So many visitors ask of each gate, if it lives that long."""


class World:
    """An SMSC that stays, and whoever is killed."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self._folder, self._stack = folder, stack
        self.journal = folder / "journal.db"
        self.smsc = Smsc(folder / "sms.jsonl", 0)
        stack.callback(self.smsc.kill)
        self._asked = 0

    def sender(self) -> Sender:
        """A sender, with a window for a crowd."""
        sender = Sender(self._folder, [{"port": self.smsc.port, "window": 50}])
        self._stack.callback(sender.kill)
        return sender

    def gate(self, asks: int) -> Process:
        """A gate that serves, of which so many visitors ask a password."""
        own = [str(self.journal), str(self._folder / "sms.sock"), str(self._asked), str(asks)]
        gate = Process([sys.executable, "-m", "tests.edge.appliance.asking_gate", *own], self._folder / "gate.stderr")
        self._stack.callback(gate.kill)
        assert gate.line() == "ready\n", gate.said()
        self._asked += asks
        return gate

    def settle(self) -> None:
        """A gate that nobody asks hears what became of each SMS, and ends."""
        gate = self.gate(0)
        assert gate.line() == "settled\n", gate.said()
        gate.kill()

    def asked(self) -> list[PasswordAsked]:
        """What the journal has."""
        return [entry for _, _, entry in entries(self.journal) if isinstance(entry, PasswordAsked)]

    def texts(self) -> dict[str, list[str]]:
        """What the SMSC took, by number."""
        texts = defaultdict(list)
        for sms in self.smsc.submits():
            texts[f"+{sms['to']}"].append(sms["text"])
        return texts


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with ExitStack() as stack:
        yield World(tmp_path, stack)


def _after_each_kill(
    world: World, kills: int, kill: Callable[[Process, random.Random], None], *, asked: int = 0
) -> None:
    """So many kills at least, and as many more as a slow machine needs until so many have asked."""
    chance = random.Random(SEED)
    for turn in range(MOST_KILLS):
        if turn >= kills and len(world.asked()) > asked:
            return
        gate = world.gate(ASKS)
        # No waiting: where in the middle of it the kill falls is what is drawn; a slow machine comes to its asks later.
        time.sleep(chance.uniform(0, 0.25 + 0.1 * max(0, turn - kills)))
        kill(gate, chance)
    raise AssertionError(f"{MOST_KILLS} kills left no time to ask")


def _every_password_counts(world: World) -> None:
    """What the phones got is what the gate will let in."""
    store = Store.open(world.journal)
    devices = restore(TERMS, store.kept()).devices
    store.close()
    texts = world.texts()
    assert len(devices) == len(world.asked())
    for device, state in devices.items():
        assert isinstance(state, PasswordPending)
        (typed,) = set(texts[state.number])
        assert passwords.same(state.digest, passwords.digest(KEY, device, state.message, typed))


def test_a_gate_killed_at_any_moment_loses_and_doubles_no_sms(world: World) -> None:
    """No start of the gate came between two of one SMS: the sender lives, and takes each name once."""
    world.sender()
    _after_each_kill(world, 5, lambda gate, _chance: gate.kill(), asked=ASKS)
    world.settle()
    asked, texts = world.asked(), world.texts()
    assert {number: len(got) for number, got in texts.items()} == dict.fromkeys((each.number for each in asked), 1)
    _every_password_counts(world)


def test_gate_and_sender_killed_at_any_moment_lose_no_sms_and_double_only_what_was_under_way(world: World) -> None:
    sender = [world.sender()]

    def both(gate: Process, chance: random.Random) -> None:
        for victim in chance.sample([gate, sender[0]], 2):
            victim.kill()
        sender[0] = world.sender()
        world.settle()  # so that no SMS lives to see two senders killed

    _after_each_kill(world, 3, both)
    asked, texts = world.asked(), world.texts()
    assert set(texts) == {each.number for each in asked}
    doubled = Counter(len(got) for got in texts.values())
    assert set(doubled) <= {1, 2}, doubled
    _every_password_counts(world)
