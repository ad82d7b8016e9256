"""``scripts/chaos``: a campaign for a person. Exit code 0 only if there was no violation."""

from __future__ import annotations

import argparse
import signal
import sys
import time

from tests.chaos.auditor import by_law
from tests.chaos.campaign import Script, campaign
from tests.chaos.catalogue import FAULTS


def main() -> int:
    """Run what is asked for; the process's exit code."""
    parser = argparse.ArgumentParser(prog="scripts/chaos", description="Everything that can break, broken on purpose.")
    parser.add_argument("names", nargs="*", help="faults whose name holds one of these words; none: all")
    parser.add_argument("--seed", type=int, default=1, help="draws faults and visitors")
    parser.add_argument("--faults", type=int, default=60, help="how many")
    parser.add_argument("--visitors", type=int, default=4)
    parser.add_argument("--list", action="store_true", help="print the faults and end")
    given = parser.parse_args()
    chosen = [name for name in FAULTS if not given.names or any(word in name for word in given.names)]
    if given.list:
        print("\n".join(chosen))
        return 0
    if not chosen:
        parser.error("there is no such fault; --list names them")
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # ended politely, it clears up as after Ctrl-C
    began = time.monotonic()
    script = Script(given.seed, given.faults, given.visitors, names=chosen)
    result = campaign("qz-", script, lambda what: print(what, flush=True))
    for name, count in sorted(result.injected.items()):
        print(f"{count:6}  {name}")
    print("judged: " + ", ".join(f"{count} {what}" for what, count in result.seen.items()))
    for law, count in by_law(result.violations).items():
        print(f"{count:6}  violations: {law}")
    for trouble in result.lab:
        print(f"the lab's own trouble: {trouble}")
    print(
        f"seed {given.seed}: {sum(result.injected.values())} faults, {len(result.violations)} violations; "
        f"{given.visitors} visitors and a stranger; {time.monotonic() - began:.0f} s"
    )
    return 1 if result.violations or result.lab else 0


if __name__ == "__main__":
    sys.exit(main())
