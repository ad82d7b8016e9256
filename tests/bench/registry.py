"""Every benchmark there is, by name. Must not know: how they are shown."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from journal.seal import verify
from tests.bench import (
    arrivals,
    big_journal,
    extracts,
    fairness,
    forwarding,
    journal,
    latency,
    looks,
    memory,
    pages,
    peer,
    people,
    presence,
    presence_live,
    restart,
    sms,
    today,
)
from tests.bench.effort import QUICK, Effort
from tests.bench.ground import Ground
from tests.bench.report import Better, Row, percentile
from tests.lab.run import ROOT


@dataclass(frozen=True)
class Benchmark:
    """One program. ``run`` asks for the ground only if it needs it: bringing it up takes seconds."""

    name: str
    says: str
    run: Callable[[Callable[[], Ground], Effort], list[Row]]
    quick: bool = True
    """Whether the quick pass has it; what needs a package that the tests do not install has not."""


def _on_ground(measure: Callable[[Ground, Effort], list[Row]]) -> Callable[[Callable[[], Ground], Effort], list[Row]]:
    return lambda ground, effort: measure(ground(), effort)


def _journal(_: Callable[[], Ground], effort: Effort) -> list[Row]:
    quick = effort is QUICK
    (ROOT / "build").mkdir(exist_ok=True)
    # In the checkout: a directory below /tmp may be no disk.
    with tempfile.TemporaryDirectory(prefix="bench-journal-", dir=ROOT / "build") as folder:
        rates = journal.side_by_side(Path(folder), *((1, 0.02) if quick else (4, 0.5)))
        at_once = [
            journal.writers_at_once(Path(folder), writers, 0.05 if quick else 2.0) for writers in journal.WRITERS
        ]
        pairs = 1_000 if quick else 50_000
        verify_s, csv_s = journal.reading(Path(folder), pairs)
        visits = 500 if quick else 1_000_000
        entries = big_journal.make(big := Path(folder) / "big.sqlite3", visits)
        start = time.monotonic()
        assert verify(big).entries == entries
        big_verify_s = time.monotonic() - start
        searches = journal.searching(big, visits)
    single = rates[0].per_s
    rows = [
        Row(
            f"journal: durable entries, {rate.batch} a transaction, 1 beside",
            rate.per_s,
            "entries/s",
            Better.HIGHER,
            single,
        )
        for rate in rates[1:]
    ]
    rows += [
        Row(f"journal: durable entries, writers at once: {rate.batch}", rate.per_s, "entries/s", Better.HIGHER, single)
        for rate in at_once
    ]
    rows += [
        Row(f"journal: search by {what} in {visits:,} visits, p99", percentile(took, 99), "ms", Better.LOWER)
        for what, took in searches.items()
    ]
    rows.append(Row(f"journal: verify {entries:,} entries", big_verify_s, "s", Better.LOWER))
    rows.append(Row(f"journal: verify {2 * pairs:,} entries", verify_s, "s", Better.LOWER))
    rows.append(Row(f"journal: CSV of {pairs:,} visits", csv_s, "s", Better.LOWER))
    return rows


def _extract(_: Callable[[], Ground], effort: Effort) -> list[Row]:
    (ROOT / "build").mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="bench-extract-", dir=ROOT / "build") as folder:
        if effort is QUICK:
            return extracts.measure(Path(folder), 500, ("csv", "xlsx"))
        return extracts.measure(Path(folder), 1_000_000, ("csv", "xlsx", "jsonl"))


def _presence(ground: Callable[[], Ground], effort: Effort) -> list[Row]:
    return [*presence.measure(effort), *presence_live.measure(ground(), effort)]


def _today(_: Callable[[], Ground], effort: Effort) -> list[Row]:
    return today.measure(effort, *((500, 20) if effort is QUICK else (1_000_000, 10_000)))


def _sms(_: Callable[[], Ground], effort: Effort) -> list[Row]:
    return [*sms.rates(effort), *sms.recovery(effort)]


def _memory(_: Callable[[], Ground], effort: Effort) -> list[Row]:
    return memory.measure(effort)


def _people(_: Callable[[], Ground], effort: Effort) -> list[Row]:
    return people.measure(effort)


# In an order that changes the crowd seldom: each change restarts the gate.
BENCHMARKS = (
    Benchmark("journal", "durable entries a second, verifying, extracting, searching", _journal),
    Benchmark("extract", "an extract of a million visits, seconds and memory", _extract),
    Benchmark("today", "the console's landing page in a large venue, and the console's memory", _today),
    # Before there is any ground: what runs there would share the product's pages, and its part would look smaller.
    Benchmark("memory", "the whole product's memory, process by process, with 1,000 visits", _memory),
    Benchmark("people", "the wizard and an admission at the desk, at a person's speed", _people, quick=False),
    Benchmark("presence", "false leaves, delays and cost, of a virtual day and of the real gate", _presence),
    Benchmark("sms", "messages a second beside a plain smpplib loop, and back after an SMSC's absence", _sms),
    Benchmark("forwarding", "bulk TCP and 64-byte UDP beside plain NAT", _on_ground(forwarding.measure)),
    Benchmark("fairness", "a modest phone beside greedy ones, what sharing costs", _on_ground(fairness.measure)),
    Benchmark("sync", "bringing the kernel up to date with the largest crowd", _on_ground(restart.sync)),
    Benchmark("redirects", "probe redirects a second beside a bare nginx", _on_ground(pages.redirects)),
    Benchmark("opennds", "probe redirects a second beside openNDS", _on_ground(peer.redirects), quick=False),
    Benchmark("asking", "from «Get password» to submit_sm on the wire", _on_ground(sms.asking)),
    Benchmark("growth", "the gate's memory with and without a crowd", _on_ground(restart.memory)),
    Benchmark("logins", "login pages a second", _on_ground(pages.logins)),
    Benchmark("restart", "kill -9 to serving, and what a running flow loses", _on_ground(restart.restart)),
    Benchmark("latency", "admission and revocation, p50 and p99", _on_ground(latency.measure)),
    Benchmark("looks", "requests a second at the gate's socket", _on_ground(looks.measure)),
    # The last, because its thousand devices stay admitted until their grace is over.
    Benchmark("crowd", "1,000 devices arriving within 30 s: all online, and how fast", _on_ground(arrivals.measure)),
)
