"""What becomes of the gate when one of its threads falls. Must not know: which threads there are, what they do."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Protocol

from appliance.inbox import Item, Stop

log = logging.getLogger(__name__)


class Part(Protocol):
    """A part of the gate that has a thread of its own."""

    def start(self) -> None: ...
    def stop(self) -> None: ...


def end_with_any_thread(post: Callable[[Item], None]) -> list[str]:
    """From now on an exception that ends a thread stops the gate; the names of such threads are in the returned list.

    A gate that has lost a sense must not go on as if nothing were: the next process has all of them again.
    """
    fallen: list[str] = []

    def fell(fault: threading.ExceptHookArgs) -> None:
        name = fault.thread.name if fault.thread else "a thread"
        log.critical("%s fell", name, exc_info=fault.exc_value)
        fallen.append(name)
        post(Stop())

    threading.excepthook = fell
    return fallen
