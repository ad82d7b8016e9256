"""What a benchmark hands back, and how it is shown: one table for a person, one JSON file for a program.

    >>> Row("forwarding", 98.0, "Gbit/s", Better.HIGHER, baseline=100.0).ratio
    0.98

Must not know: how anything was measured.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from statistics import median


class Better(StrEnum):
    """Which direction is good."""

    HIGHER = "higher"
    LOWER = "lower"


@dataclass(frozen=True)
class Row:
    """One figure; ``baseline``: what was measured beside it in the same run, in the same unit; None if nothing was."""

    name: str
    value: float
    unit: str
    better: Better
    baseline: float | None = None

    @property
    def ratio(self) -> float | None:
        """value / baseline; None without a baseline, or where it is zero."""
        return self.value / self.baseline if self.baseline else None


def compared(name: str, ours: Sequence[float], theirs: Sequence[float], unit: str, better: Better) -> Row:
    """A row of two medians: repetitions of ours, and of what ran by turns with it."""
    return Row(name, median(ours), unit, better, median(theirs))


def percentile(values: Sequence[float], percent: float) -> float:
    """The smallest of ``values`` that at least ``percent`` per cent of them do not exceed (nearest rank)."""
    ranked = sorted(values)
    return ranked[max(0, -int(-len(ranked) * percent // 100) - 1)]


def table(rows: Sequence[Row]) -> str:
    """The rows as aligned text."""
    heads = ("benchmark", "value", "unit", "baseline", "ratio", "better")
    lines = [heads, *(_cells(row) for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(heads))]
    right = (1, 3, 4)
    return "\n".join(
        "  ".join(
            cell.rjust(width) if column in right else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    )


def write_json(rows: Sequence[Row], path: Path) -> None:
    """A list of objects: name, value, unit, baseline, ratio (null where there is none), better."""
    found = [
        {
            "name": row.name,
            "value": row.value,
            "unit": row.unit,
            "baseline": row.baseline,
            "ratio": row.ratio,
            "better": row.better.value,
        }
        for row in rows
    ]
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n")


def _cells(row: Row) -> tuple[str, ...]:
    ratio = "" if row.ratio is None else f"{row.ratio:.3f}"
    return (row.name, _number(row.value), row.unit, _number(row.baseline), ratio, row.better.value)


def _number(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:,.0f}" if abs(value) >= 1000 or value == int(value) else f"{value:.3g}"
