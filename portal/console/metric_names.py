"""Every metric of ``GET /metrics``: its name as Prometheus has it, its labels, what it says. Data.

``docs/integrator.md`` shows this table; the example dashboard and alerts name nothing else. Must not know: values.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """How a metric moves."""

    GAUGE = "gauge"
    COUNTER = "counter"
    """Only grows; begins anew with the gate."""
    HISTOGRAM = "histogram"
    INFO = "info"


@dataclass(frozen=True)
class Metric:
    """One of them."""

    name: str
    kind: Kind
    says: str
    labels: tuple[str, ...] = ()


_ALL = (
    Metric("qaqpa_build_info", Kind.INFO, "Which version this is; always 1.", ("version",)),
    Metric("qaqpa_up", Kind.GAUGE, "Whether the gate answers: 0 means that the figures below are missing."),
    Metric("qaqpa_visits", Kind.GAUGE, "Visits now: online, or away within the grace.", ("phase",)),
    Metric("qaqpa_passwords_waiting", Kind.GAUGE, "Devices whose password is on its way or waits to be entered."),
    Metric("qaqpa_venue_open", Kind.GAUGE, "Whether new visitors are admitted (venue.open)."),
    Metric("qaqpa_trouble", Kind.GAUGE, "Whether this keeps visitors from the Internet just now.", ("trouble",)),
    Metric("qaqpa_gate_start_timestamp_seconds", Kind.GAUGE, "When the gate began to serve; counters count from then."),
    Metric("qaqpa_admissions_total", Kind.COUNTER, "Visits begun, by method of authorisation.", ("method",)),
    Metric("qaqpa_leaves_total", Kind.COUNTER, "Visits ended, by what told that the device left.", ("proof",)),
    Metric(
        "qaqpa_sms_total",
        Kind.COUNTER,
        "SMS with passwords: sent (the SMSC took it), delivered, failed; other: no provider of the configuration.",
        ("provider", "state"),
    ),
    Metric(
        "qaqpa_sms_cost_tenge_total",
        Kind.COUNTER,
        "What the SMS sent cost, parts times sms.provider.price; providers without a price are not there.",
        ("provider",),
    ),
    Metric("qaqpa_sms_spent", Kind.GAUGE, "SMS sent on the venue's day and in its month.", ("period",)),
    Metric(
        "qaqpa_sms_limit", Kind.GAUGE, "How many may be sent: spending.daily_sms, spending.monthly_sms.", ("period",)
    ),
    Metric("qaqpa_passwords_recent", Kind.GAUGE, "Passwords sent in the last hours, and entered of them.", ("state",)),
    Metric("qaqpa_sms_alarm", Kind.GAUGE, "Whether far fewer passwords are entered than visitors enter."),
    Metric("qaqpa_sms_prefixes_paused", Kind.GAUGE, "Prefixes to which nothing is sent for now; 10 at most."),
    Metric("qaqpa_journal_entries_total", Kind.COUNTER, "Entries recorded, by kind.", ("kind",)),
    Metric("qaqpa_journal_newest_entry", Kind.GAUGE, "The newest entry's number."),
    Metric("qaqpa_journal_lag_seconds", Kind.GAUGE, "How long the last transaction took until it was on the disk."),
    Metric("qaqpa_set_members", Kind.GAUGE, "Members of the kernel's sets, as last synchronised.", ("set",)),
    Metric("qaqpa_disk_free_bytes", Kind.GAUGE, "Free on the journal's disk."),
    Metric(
        "qaqpa_wire_request_duration_seconds",
        Kind.HISTOGRAM,
        "How long the gate's answers took, by kind of request.",
        ("request",),
    ),
    Metric(
        "qaqpa_certificate_expiry_timestamp_seconds",
        Kind.GAUGE,
        "When the certificate of console or portal ends.",
        ("certificate",),
    ),
)
METRICS = {each.name: each for each in _ALL}
