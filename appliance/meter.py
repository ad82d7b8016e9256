"""Reads the kernel's counters now and then, in a thread of its own, and tells the session by ``Counted``.

A reading takes 120 ms of a processor for 10,000 devices with three addresses each, which the engine's thread has not to
spare. Must not know: what
the session makes of it.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping

from appliance.closings import Counters
from appliance.events import Counted, Moment, Usage
from firewall.errors import FirewallError

log = logging.getLogger(__name__)

ROW, BREATH_S = 64, 0.0005
SHARE = 20
"""At most one twentieth of a processor is spent on reading, however many devices there are."""


class Meter:
    """
    Args:
        counters: for this thread alone.
        admitted: who is admitted under which addresses; from any thread.
        every_s: from the end of a reading to the next, or longer by ``SHARE``.
    """

    def __init__(
        self,
        counters: Counters,
        admitted: Callable[[], Mapping[str, tuple[str, ...]]],
        deliver: Callable[[Counted], None],
        clock: Callable[[], Moment],
        every_s: float,
    ) -> None:
        self._counters, self._admitted, self._deliver = counters, admitted, deliver
        self._clock, self._every_s = clock, every_s
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="meter", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Returns when the thread has ended."""
        self._ended.set()
        self._thread.join()

    def read(self) -> None:
        """One reading, delivered; if the kernel refuses, the next one will tell."""
        # The moment before: what is closed during the reading may be in it.
        at = self._clock()
        admitted = self._admitted()
        try:
            reading = self._counters.read()
        except FirewallError as error:
            log.error("%s", error)
            return
        usage = {}
        for number, (device, addresses) in enumerate(admitted.items()):
            if (traffic := reading.traffic(device, addresses, whole=True)) is not None:
                usage[device] = Usage(*traffic)
            if number % ROW == ROW - 1:
                # Let the engine's thread have its turn: asked for, the interpreter would make it wait for 5 ms.
                time.sleep(BREATH_S)
        self._deliver(Counted(at, usage))

    def _run(self) -> None:
        wait_s = self._every_s
        while not self._ended.wait(wait_s):
            began = time.thread_time()
            self.read()
            wait_s = max(self._every_s, SHARE * (time.thread_time() - began))
