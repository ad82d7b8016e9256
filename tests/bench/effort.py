"""How much is measured: the whole, or a quick pass that only shows that every program still runs."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Effort:
    """Sizes that all benchmarks share."""

    crowds: tuple[int, ...]
    """How many devices are admitted beside the phone that measures, smallest first."""
    repetitions: int
    """How often each side of a comparison has its turn; three times at the most where each turn restarts the gate."""
    flow_s: int | None
    """How long one iperf3 run lasts; None: a moment."""
    visits: int
    """Admissions (and revocations) in each turn."""
    requests: int
    """HTTP requests in each turn: all turns together under 10,000, or ports run out and TIME_WAIT is measured."""
    looks: int
    """Requests of each client at the gate's socket."""
    clients: int

    @property
    def few(self) -> int:
        """The smallest crowd: the baseline of what should not depend on it."""
        return self.crowds[0]

    @property
    def many(self) -> int:
        """The largest crowd."""
        return self.crowds[-1]


FULL = Effort(crowds=(0, 1_000, 10_000), repetitions=9, flow_s=1, visits=60, requests=900, looks=300, clients=16)
QUICK = Effort(crowds=(20,), repetitions=1, flow_s=None, visits=2, requests=20, looks=5, clients=2)
