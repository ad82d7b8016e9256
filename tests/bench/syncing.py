"""The gate's start as the kernel sees it, timed: a program for the gate's own namespace while no gate runs.

    python -m tests.bench.syncing /etc/qaqpa/qaqpa.toml
    {"hot": 0.21, "idle": 0.05, "look": 0.004, "round": 0.02, "cold": 0.24}

Seconds of ``Gate.setup`` and ``Gate.sync`` with whom the kept state says is online: "hot" with the sets as the last
gate left them, "idle" once more with nothing to do, "cold" with empty sets, as after a reboot; and of ``Gate.as_left``,
which the gate does in between: "look" the longest, "round" all that see everything once. Ends as it began. Must not
know: who asks.
"""

from __future__ import annotations

import json
import sys
import time
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from appliance.config import load
from appliance.daemon import terms
from appliance.firewall_words import firewall_settings
from appliance.kept import restore
from firewall.gate import Gate
from journal.store import Store

_LOOKS = 8
"""As many as see everything once, in both families."""


def main(path: Path) -> None:
    """Measure and print."""
    config = load(path)
    store = Store.open(Path(config.paths.state) / "gate" / "journal.db")
    session = restore(terms(config), store.kept())
    store.close()
    # Any: which families the gate takes is its own affair.
    desired: dict[str, Any] = {mac: frozenset(map(ip_address, found)) for mac, found in session.admitted().items()}
    settings = firewall_settings(config)
    gate = Gate(settings)
    hot_s = _timed(gate, desired, setup=True)
    idle_s = _timed(gate, desired, setup=False)
    looks_s = _looks(gate)
    gate.close()  # everybody out
    cold_s = _timed(Gate(settings), desired, setup=True)
    print(json.dumps({"hot": hot_s, "idle": idle_s, "look": max(looks_s), "round": sum(looks_s), "cold": cold_s}))


def _timed(gate: Gate, desired: dict[str, Any], *, setup: bool) -> float:
    began_s = time.monotonic()
    if setup:
        gate.setup()
    gate.sync(desired)
    return time.monotonic() - began_s


def _looks(gate: Gate) -> list[float]:
    taken_s = []
    for _ in range(_LOOKS):
        began_s = time.monotonic()
        assert gate.as_left(), "nobody touched the kernel meanwhile"
        taken_s.append(time.monotonic() - began_s)
    return taken_s


if __name__ == "__main__":
    main(Path(sys.argv[1]))
