"""The steward examines for seconds: only the very first page waits for it, and no page shows what is old."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from appliance.errors import GateUnreachable
from appliance.steward import wire
from appliance.steward.wire import Examination, Examined
from portal.console.examiner import FIRST_S, FRESH_S, OLD_S, Examiner
from tests.lab.waiting import until

FINE = (Examination(True, "fine", ""),)


class Slow:
    """A steward that takes its time."""

    def __init__(self) -> None:
        self.asked, self.go = 0, threading.Event()
        self.reply: Examined | None = Examined(FINE, 0)

    def ask(self, _: wire.Request) -> wire.Reply:
        self.asked += 1
        assert self.go.wait(15)
        if self.reply is None:
            raise GateUnreachable("in memory", "gone")
        return self.reply


@pytest.fixture
def slow() -> Iterator[Slow]:
    steward = Slow()
    yield steward
    steward.go.set()


def test_only_the_first_page_waits_for_the_steward(slow: Slow, monkeypatch: pytest.MonkeyPatch) -> None:
    now_s = 1000.0
    waits: list[float | None] = []
    monkeypatch.setattr(threading.Thread, "join", lambda _, timeout=None: waits.append(timeout))
    examiner = Examiner(slow, lambda: now_s)
    assert examiner.findings() is None
    assert examiner.findings() is None
    assert (slow.asked, waits) == (1, [FIRST_S])
    slow.go.set()
    until(lambda: examiner.findings() == FINE, "the steward has answered")
    slow.go.clear()
    now_s += FRESH_S + 1
    assert examiner.findings() == FINE
    until(lambda: slow.asked == 2, "the steward is asked again behind the page's back")
    slow.reply = None
    slow.go.set()
    now_s += OLD_S - FRESH_S
    assert examiner.findings() is None
