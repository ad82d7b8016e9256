"""``GET /metrics``: what it tells, in both formats, by Prometheus' rules, and with no person in it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from openapi_spec_validator.readers import read_from_filename
from prometheus_client.metrics_core import Metric as Family
from prometheus_client.openmetrics.parser import text_string_to_metric_families as openmetrics
from prometheus_client.parser import text_string_to_metric_families as plain

from appliance.config import Config
from appliance.errors import GateUnreachable
from appliance.sections import SmsProvider
from appliance.staff.tokens import Scope
from appliance.steward.wire import Certificates, ListCertificates
from appliance.wire import LookAtSpending, Refusal, Refused, Spending, Trouble
from appliance.wire_console import Figures, Histogram, LookAtFigures, LookAtVenue, VenueNow
from portal.console.metric_names import METRICS, Kind
from portal.console.metrics import MOST
from tests.support.console import Made, console

GRAFANA = Path(__file__).parents[4] / "appliance" / "grafana"
OPEN = "application/openmetrics-text; version=1.0.0"
FIGURES = Figures(
    since_utc_ms=1,
    entries={"visit_began": 5, "password_sent": 7},
    admissions={"sms": 4, "document": 1},
    leaves={"port": 2, "silence": 1},
    sms={"beeline": {"sent": 7, "delivered": 5, "failed": 1}, "": {"delivered": 1}, "gone": {"delivered": 2}},
    wire={"look": Histogram((0.001, 0.01), (3, 2, 1), 0.5)},
    sets={"qq-up4": 3, "qq-down4": 3},
    journal_entries=1234,
    journal_lag_s=0.004,
    disk_free_bytes=10**9,
    sms_parts={"beeline": 9, "gone": 4},
)
SPENDING = Spending(70, 900, 930, 300, 40, 31, False, ("+7701", ""))
ANSWERS: dict[type, Any] = {
    LookAtFigures: lambda _: FIGURES,
    LookAtVenue: lambda _: VenueNow(3, 1, 2, (Trouble.UPLINK,), True, 1_795_338_000_000),
    LookAtSpending: lambda _: SPENDING,
}


@pytest.fixture
def made(tmp_path: Path) -> Made:
    sms = replace(Config().sms, provider=(SmsProvider(name="beeline", price=15.5),))
    built = console(tmp_path, replace(Config(), sms=sms))
    built.gate.answers |= ANSWERS
    built.steward.answers[ListCertificates] = lambda _: Certificates({"console": 1_900_000_000.0})
    return built


def scraped(made: Made, accept: str = "") -> list[Family]:
    headers = {"Authorization": f"Bearer {made.site.office.tokens.make('p', {Scope.METRICS}, 'owner')}"}
    answer = made.as_role(None).get("/metrics", headers=headers | ({"Accept": accept} if accept else {}))
    assert answer.status_code == 200
    assert answer.content_type.startswith(accept.partition(";")[0] or "text/plain")
    return list((openmetrics if accept else plain)(answer.text))


def samples(families: list[Family]) -> dict[str, float]:
    """Each as Prometheus writes it."""
    told = {}
    for sample in (each for family in families for each in family.samples):
        labels = ",".join(f'{name}="{value}"' for name, value in sorted(sample.labels.items()))
        told[sample.name + (f"{{{labels}}}" if labels else "")] = sample.value
    return told


@pytest.mark.parametrize("accept", ["", OPEN])
def test_what_it_tells(made: Made, accept: str) -> None:
    told = samples(scraped(made, accept))
    wanted = {
        "qaqpa_up": 1,
        'qaqpa_visits{phase="online"}': 3,
        'qaqpa_visits{phase="away"}': 1,
        "qaqpa_passwords_waiting": 2,
        "qaqpa_venue_open": 1,
        'qaqpa_trouble{trouble="uplink"}': 1,
        'qaqpa_trouble{trouble="sms"}': 0,
        "qaqpa_gate_start_timestamp_seconds": 1_795_338_000,
        'qaqpa_admissions_total{method="sms"}': 4,
        'qaqpa_leaves_total{proof="silence"}': 1,
        'qaqpa_sms_total{provider="beeline",state="sent"}': 7,
        'qaqpa_sms_total{provider="other",state="delivered"}': 3,
        'qaqpa_sms_cost_tenge_total{provider="beeline"}': 139.5,
        'qaqpa_sms_spent{period="day"}': 70,
        'qaqpa_sms_limit{period="month"}': 20_000,
        'qaqpa_passwords_recent{state="entered"}': 31,
        "qaqpa_sms_alarm": 0,
        "qaqpa_sms_prefixes_paused": 2,
        'qaqpa_journal_entries_total{kind="visit_began"}': 5,
        "qaqpa_journal_newest_entry": 1234,
        "qaqpa_journal_lag_seconds": 0.004,
        'qaqpa_set_members{set="qq-up4"}': 3,
        "qaqpa_disk_free_bytes": 10**9,
        'qaqpa_wire_request_duration_seconds_bucket{le="0.001",request="look"}': 3,
        'qaqpa_wire_request_duration_seconds_bucket{le="0.01",request="look"}': 5,
        'qaqpa_wire_request_duration_seconds_bucket{le="+Inf",request="look"}': 6,
        'qaqpa_wire_request_duration_seconds_count{request="look"}': 6,
        'qaqpa_wire_request_duration_seconds_sum{request="look"}': 0.5,
        'qaqpa_certificate_expiry_timestamp_seconds{certificate="console"}': 1_900_000_000,
    }
    assert {name: told.get(name) for name in wanted} == wanted
    assert 'qaqpa_sms_cost_tenge_total{provider="gone"}' not in told


@pytest.mark.parametrize("silent", [GateUnreachable("/run/gate.sock", "gone"), Refused(Refusal.BUSY)])
def test_a_gate_that_is_away_is_a_figure(made: Made, silent: object) -> None:
    def away(_: object) -> object:
        if isinstance(silent, Exception):
            raise silent
        return silent

    made.gate.answers = dict.fromkeys(ANSWERS, away)
    made.steward.answers = {}
    told = samples(scraped(made))
    assert told.pop("qaqpa_up") == 0
    assert [name.partition("{")[0] for name in told] == ["qaqpa_build_info"]


def test_each_metric_is_in_the_table_and_each_of_the_table_is_told(made: Made) -> None:
    families = {family.name: family for family in scraped(made, OPEN)}
    of_table = {re.sub(r"_(total|info)$", "", each.name): each for each in METRICS.values()}
    assert families.keys() == of_table.keys()
    for name, metric in of_table.items():
        family = families[name]
        assert (family.type, family.documentation) == (metric.kind.value, metric.says)
        for sample in family.samples:
            assert set(sample.labels) - {"le"} == set(metric.labels), sample


@pytest.mark.parametrize("name", METRICS)
def test_names_are_as_prometheus_wants_them(name: str) -> None:
    metric = METRICS[name]
    assert re.fullmatch(r"qaqpa(_[a-z]+)+", name)
    assert name.endswith("_total") == (metric.kind is Kind.COUNTER)
    assert name.endswith("_info") == (metric.kind is Kind.INFO)
    assert metric.kind is not Kind.HISTOGRAM or name.endswith("_seconds")
    assert not set(name.split("_")) & {"ms", "milliseconds", "minutes", "hours", "days", "kb", "mb", "percent", "count"}
    assert not set(metric.labels) & {"le", "quantile", "job", "instance"}, "Prometheus' own"
    assert metric.says.endswith(".")


def test_no_label_grows_without_bound_and_none_is_a_persons(made: Made) -> None:
    many = {f"kind_{number:04}": 1 for number in range(1000)}
    spans = {name: Histogram((0.1,), (1, 0), 0.1) for name in many}
    sms = {name: {"sent": 1} for name in many}
    figures = replace(FIGURES, entries=many, leaves=many | {"Кто-то +7701": 1}, sets=many, wire=spans, sms=sms)
    made.gate.answers[LookAtFigures] = lambda _: figures
    families = scraped(made)
    for family in families:
        for label in METRICS.get(family.name, METRICS.get(f"{family.name}_total", METRICS["qaqpa_up"])).labels:
            assert len({sample.labels[label] for sample in family.samples}) <= MOST, family.name
    told = samples(families)
    assert told['qaqpa_leaves_total{proof="other"}'] == 1001 - (MOST - 1)
    assert told['qaqpa_sms_total{provider="other",state="sent"}'] == 1000
    assert "+7701" not in str(told), "neither a prefix nor a name"


def known_names() -> set[str]:
    """As they stand in expressions."""
    spans = {each.name for each in METRICS.values() if each.kind is Kind.HISTOGRAM}
    return set(METRICS) - spans | {f"{name}_{part}" for name in spans for part in ("bucket", "sum", "count")}


def wrong_with(expression: str) -> set[str]:
    """What an expression names that is none of ours."""
    assert expression.count("(") == expression.count(")") and expression.count("[") == expression.count("]")
    found = re.findall(r"\bqaqpa_[a-z0-9_]+", expression)
    assert found, expression
    labels = {label for each in METRICS.values() for label in each.labels} | {"le", "instance", "job"}
    used = set(re.findall(r"([a-z_]+)\s*(?:=~|!~|!=|=)\s*\"", expression))
    used |= {name for names in re.findall(r"by \(([^)]*)\)", expression) for name in re.split(r",\s*", names)}
    return set(found) - known_names() | used - labels


def test_the_dashboard_names_nothing_else() -> None:
    dashboard, _ = read_from_filename(str(GRAFANA / "qaqpa.json"))
    panels: Any = dashboard["panels"]
    expressions = [target["expr"] for panel in panels for target in panel["targets"]]
    assert {wrong for each in expressions for wrong in wrong_with(each)} == set()
    assert len(panels) >= 10 and all(panel["title"] and panel["description"] for panel in panels)
    assert len({panel["id"] for panel in panels}) == len(panels)
    taken = [(x, y) for panel in panels for x, y in _squares(panel["gridPos"])]
    assert len(taken) == len(set(taken)), "no panel stands on another"


def _squares(place: dict[str, int]) -> list[tuple[int, int]]:
    across, down = range(place["x"], place["x"] + place["w"]), range(place["y"], place["y"] + place["h"])
    assert across.stop <= 24
    return [(x, y) for x in across for y in down]


def test_each_alert_names_what_there_is_and_says_what_to_do() -> None:
    alerts, _ = read_from_filename(str(GRAFANA / "alerts.yml"))
    groups: Any = alerts["groups"]
    rules = [rule for group in groups for rule in group["rules"]]
    assert len(rules) >= 10
    assert len({rule["alert"] for rule in rules}) == len(rules)
    for rule in rules:
        assert rule.keys() == {"alert", "expr", "for", "labels", "annotations"}, rule["alert"]
        assert wrong_with(rule["expr"]) == set(), rule["alert"]
        assert rule["labels"]["severity"] in {"critical", "warning"}
        assert rule["annotations"].keys() == {"summary", "action"}
        assert all(text.endswith(".") and len(text) > 20 for text in rule["annotations"].values()), rule["alert"]


def test_an_expression_that_names_nothing_of_ours_would_be_found() -> None:
    assert wrong_with('sum by (person) (qaqpa_visit{phase="x"})') == {"qaqpa_visit", "person"}
