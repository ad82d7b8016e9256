"""``scripts/attack``: the campaign for a person. Exit code 0 only if every attack works and none gets through."""

from __future__ import annotations

import argparse
import signal
import sys
import time

from tests.attack.campaign import campaign, table
from tests.attack.catalogue import ATTACKS


def main() -> int:
    """Run what is asked for; the process's exit code."""
    parser = argparse.ArgumentParser(prog="scripts/attack", description="Real tools against a venue in namespaces.")
    parser.add_argument("names", nargs="*", help="attacks whose name holds one of these words; none: all")
    parser.add_argument("--list", action="store_true", help="print the names and end")
    given = parser.parse_args()
    chosen = [attack for attack in ATTACKS if not given.names or any(name in attack.name for name in given.names)]
    if given.list:
        print("\n".join(attack.name for attack in chosen))
        return 0
    if not chosen:
        parser.error("there is no such attack; --list names them")
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # ended politely, it clears up as after Ctrl-C
    began = time.monotonic()
    result = campaign("qk-", chosen, lambda phase: print(f"{time.monotonic() - began:5.1f} s  {phase}", flush=True))
    print(f"\n{table(result)}\n")
    failed = [outcome for outcome in result.outcomes if not outcome.withstood]
    print(f"{len(chosen)} attacks, {len(failed)} not withstood; {time.monotonic() - began:.0f} s")
    return 1 if failed or result.leaks else 0


if __name__ == "__main__":
    sys.exit(main())
