"""``scripts/bench``: run benchmarks, print one table, write one JSON file.

    scripts/bench                        all of them, about ten minutes
    scripts/bench forwarding latency     these
    scripts/bench --quick                each for a moment: shows that they run, measures nothing
    scripts/bench --list

What ran is written also when a later benchmark fails; the exit code tells. Must not know: what is measured.
"""

from __future__ import annotations

import signal
import time
from contextlib import ExitStack
from pathlib import Path

import click

from tests.bench.effort import FULL, QUICK
from tests.bench.ground import Ground
from tests.bench.registry import BENCHMARKS, Benchmark
from tests.bench.report import Row, table, write_json
from tests.lab.errors import LabError
from tests.lab.run import ROOT


@click.command()
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option("--list", "listing", is_flag=True, help="Say which there are, and end.")
@click.option("--quick", is_flag=True, help="Run each for a moment only: whether it runs, not what it measures.")
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), default=ROOT / "build" / "bench.json")
def main(names: tuple[str, ...], listing: bool, quick: bool, output: Path) -> None:
    """Run all benchmarks, or those named."""
    if listing:
        for benchmark in BENCHMARKS:
            click.echo(f"{benchmark.name:<12} {benchmark.says}")
        return
    chosen = _chosen(names, quick)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    rows, failures = _run(chosen, quick)
    write_json(rows, output)
    click.echo(table(rows))
    click.echo(f"\nwritten to {output}", err=True)
    if failures:
        raise click.ClickException(f"not measured: {', '.join(failures)}; see above")


def _chosen(names: tuple[str, ...], quick: bool) -> list[Benchmark]:
    known = {benchmark.name for benchmark in BENCHMARKS}
    if unknown := [name for name in names if name not in known]:
        raise click.BadParameter(f"'{unknown[0]}' is none of {', '.join(sorted(known))}", param_hint="NAME")
    return [one for one in BENCHMARKS if (one.name in names if names else one.quick or not quick)]


def _run(chosen: list[Benchmark], quick: bool) -> tuple[list[Row], list[str]]:
    rows: list[Row] = []
    failures: list[str] = []
    with ExitStack() as stack:
        opened: list[Ground] = []

        def ground() -> Ground:
            if not opened:
                opened.append(stack.enter_context(Ground.open()))
            return opened[0]

        for benchmark in chosen:
            began_s = time.monotonic()
            try:
                rows += benchmark.run(ground, QUICK if quick else FULL)
            except (LabError, AssertionError) as error:  # the others may still tell something
                failures.append(benchmark.name)
                click.echo(f"{benchmark.name}: {error}", err=True)
            else:
                click.echo(f"{benchmark.name}: {time.monotonic() - began_s:.0f} s", err=True)
    return rows, failures


if __name__ == "__main__":
    main(prog_name="scripts/bench")
