"""Every benchmark runs: for a moment, on the real ground. What it measures then means nothing and is not looked at."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.bench.registry import BENCHMARKS
from tests.bench.report import Better, Row, compared, percentile, table, write_json
from tests.lab.run import ROOT, program, run


def test_each_benchmark_runs_and_hands_back_figures(tmp_path: Path) -> None:
    output = tmp_path / "bench.json"
    done = run(program("tests.bench.cli", "--quick", "--output", str(output)), timeout_s=900.0)
    ran = re.findall(r"^(\w+): \d+ s$", done.stderr, re.MULTILINE)
    assert ran == [benchmark.name for benchmark in BENCHMARKS if benchmark.quick]
    rows = json.loads(output.read_text())
    for row in rows:
        assert row.keys() == {"name", "value", "unit", "baseline", "ratio", "better"}
        assert row["value"] >= 0 and row["better"] in ("higher", "lower")
        assert row["name"] in done.stdout
    lost = next(row for row in rows if "restart: datagrams" in row["name"])
    assert lost["value"] == 0, "an admitted flow lost datagrams while the gate was restarted"


def test_an_unknown_benchmark_is_refused_by_name() -> None:
    done = run(program("tests.bench.cli", "forwardin"), check=False)
    assert done.code == 2
    assert "'forwardin'" in done.stderr and "forwarding" in done.stderr


def test_each_benchmark_is_explained() -> None:
    explained = (ROOT / "docs" / "performance.md").read_text()
    assert [benchmark.name for benchmark in BENCHMARKS if f"`{benchmark.name}`" not in explained] == []


@pytest.mark.parametrize(("percent", "expected"), [(50, 2), (75, 3), (76, 4), (99, 4), (100, 4), (1, 1)])
def test_percentile_is_a_value_that_was_measured(percent: float, expected: float) -> None:
    assert percentile([4, 1, 3, 2], percent) == expected


def test_a_row_compares_medians() -> None:
    row = compared("x", [1, 100, 2], [4, 4, 400], "s", Better.LOWER)
    assert (row.value, row.baseline, row.ratio) == (2, 4, 0.5)


def test_what_has_no_baseline_has_no_ratio(tmp_path: Path) -> None:
    alone = Row("alone", 1.5, "s", Better.LOWER)
    zero = Row("beside nothing", 1.5, "s", Better.LOWER, baseline=0.0)
    write_json([alone, zero], tmp_path / "rows.json")
    found = json.loads((tmp_path / "rows.json").read_text())
    assert [(row["baseline"], row["ratio"]) for row in found] == [(None, None), (0.0, None)]
    assert len(table([alone, zero]).splitlines()) == 3
