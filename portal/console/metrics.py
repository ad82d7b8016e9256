"""What ``GET /metrics`` tells: the gate's own counts, as Prometheus wants them. Pure.

    generate_latest(Figured(Known(up=True, venue=venue, …)))

Names and units are Prometheus' (base units, ``_total`` for what only grows). A label's values are of a closed
vocabulary or of the configuration, and the rest is "other": none is a person's, none grows without bound. What
nobody said is left out. Must not know: who asks, how the gate is asked.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import accumulate
from typing import TypeAlias

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, InfoMetricFamily
from prometheus_client.registry import Collector

from appliance.config import Config
from appliance.wire import Spending, Trouble
from appliance.wire_console import Figures, VenueNow
from portal.console.metric_names import METRICS, Kind

MOST = 64
"""Values of one label."""
OTHER = "other"
_VALUE = re.compile(r"[!-~]{1,64}")

Family: TypeAlias = CounterMetricFamily | GaugeMetricFamily | HistogramMetricFamily | InfoMetricFamily
Rows: TypeAlias = Iterable[tuple[tuple[str, ...], float]]
"""A metric's values, each with those of its labels."""


@dataclass(frozen=True)
class Known:
    """What was found out; None: nobody said."""

    config: Config
    version: str
    up: bool
    """The gate answers."""
    venue: VenueNow | None = None
    figures: Figures | None = None
    spending: Spending | None = None
    certificates: Mapping[str, float] | None = None
    """Which ends when, UTC seconds."""


class Figured(Collector):
    """The metrics of one moment."""

    def __init__(self, known: Known) -> None:
        self._known = known

    def collect(self) -> Iterator[Family]:
        """Each metric with its values."""
        known = self._known
        yield InfoMetricFamily("qaqpa_build", METRICS["qaqpa_build_info"].says, {"version": known.version})
        yield _family("qaqpa_up", [((), known.up)])
        if known.venue:
            yield from _venue(known.venue)
        if known.spending:
            yield from _spending(known.spending, known.config)
        if known.figures:
            yield from _figures(known.figures, known.config)
        if known.certificates is not None:
            yield _family("qaqpa_certificate_expiry_timestamp_seconds", _by(known.certificates))


def _venue(venue: VenueNow) -> Iterator[Family]:
    yield _family("qaqpa_visits", [(("online",), venue.online), (("away",), venue.away)])
    yield _family("qaqpa_passwords_waiting", [((), venue.asked)])
    yield _family("qaqpa_venue_open", [((), venue.is_open)])
    yield _family("qaqpa_trouble", [((each.value,), each in venue.troubles) for each in Trouble])
    yield _family("qaqpa_gate_start_timestamp_seconds", [((), venue.started_utc_ms / 1000)])


def _spending(spending: Spending, config: Config) -> Iterator[Family]:
    limits = config.spending
    yield _family("qaqpa_sms_spent", [(("day",), spending.day_sms), (("month",), spending.month_sms)])
    yield _family("qaqpa_sms_limit", [(("day",), limits.daily_sms), (("month",), limits.monthly_sms)])
    yield _family("qaqpa_passwords_recent", [(("sent",), spending.sent), (("entered",), spending.entered)])
    yield _family("qaqpa_sms_alarm", [((), spending.alarming)])
    yield _family("qaqpa_sms_prefixes_paused", [((), len(spending.waiting))])


def _figures(figures: Figures, config: Config) -> Iterator[Family]:
    providers = {each.name for each in config.sms.provider}
    prices = {each.name: each.price for each in config.sms.provider if each.price}
    parts = {name: count for name, count in figures.sms_parts.items() if name in prices}
    yield _family("qaqpa_admissions_total", _by(figures.admissions))
    yield _family("qaqpa_leaves_total", _by(figures.leaves))
    sms: Counter[tuple[str, ...]] = Counter()
    for provider, states in figures.sms.items():
        for state, count in states.items():
            sms[provider if provider in providers else OTHER, state] += count
    yield _family("qaqpa_sms_total", sms.items())
    yield _family("qaqpa_sms_cost_tenge_total", [((name,), count * prices[name]) for name, count in parts.items()])
    yield _family("qaqpa_journal_entries_total", _by(figures.entries))
    yield _family("qaqpa_journal_newest_entry", [((), figures.journal_entries)])
    yield _family("qaqpa_journal_lag_seconds", [((), figures.journal_lag_s)])
    yield _family("qaqpa_set_members", _by(figures.sets))
    yield _family("qaqpa_disk_free_bytes", [((), figures.disk_free_bytes)])
    yield _durations(figures)


def _durations(figures: Figures) -> Family:
    metric = METRICS["qaqpa_wire_request_duration_seconds"]
    family = HistogramMetricFamily(metric.name, metric.says, labels=metric.labels)
    for kind, each in sorted(figures.wire.items())[:MOST]:
        bounds = [*(str(bound) for bound in each.bounds_s), "+Inf"]
        family.add_metric([kind], list(zip(bounds, accumulate(each.counts), strict=True)), each.sum_s)
    return family


def _family(name: str, rows: Rows) -> Family:
    metric = METRICS[name]
    made = CounterMetricFamily if metric.kind is Kind.COUNTER else GaugeMetricFamily
    family = made(name, metric.says, labels=metric.labels)
    for labels, value in rows:
        family.add_metric(labels, value)
    return family


def _by(counts: Mapping[str, float]) -> Rows:
    """By one label: what is none of its values, or too much, together."""
    told: Counter[str] = Counter()
    for name, count in sorted(counts.items()):
        fits = _VALUE.fullmatch(name) and (name in told or len(told) < MOST - 1)
        told[name if fits else OTHER] += count  # type: ignore[assignment]
    return [((name,), count) for name, count in told.items()]
