"""Everything that programs can ask, as data: routes and their description (``openapi``) are both made of it.

Must not know: how anything is carried out.
"""

from __future__ import annotations

from dataclasses import dataclass

from appliance.staff.tokens import Scope
from portal.console import api_types
from portal.console.problems import API, METRICS

BODY_BYTES = 16 * 1024


@dataclass(frozen=True)
class Operation:
    """One of them."""

    name: str
    method: str
    path: str
    scope: Scope | None
    """None: whoever reaches the console may ask."""
    summary: str
    status: int
    """When all is well."""
    gives: str
    """What the answer is."""
    answer: type | None = None
    """None: see ``media``."""
    media: str = ""
    """Of an answer that is no JSON; "" without ``answer``: it has no body."""
    query: type | None = None
    body: type | None = None


_ALL = (
    Operation(
        *("metrics", "GET", METRICS, Scope.METRICS, "Figures for Prometheus, as text or OpenMetrics by Accept."),
        *(200, "Figures"),
        media="text/plain",
    ),
    Operation(
        *("openapi", "GET", f"{API}/openapi.json", None, "This description.", 200, "OpenAPI 3.1"),
        media="application/json",
    ),
    Operation(
        *("health", "GET", f"{API}/health", Scope.HEALTH, "Does the venue work, and what is to be done if not?"),
        *(200, "How it is now", api_types.Health),
    ),
    Operation(
        *("visits", "GET", f"{API}/visits", Scope.VISITS, "Live visits: searched, sorted, by pages."),
        *(200, "A page of them", api_types.Visits),
        query=api_types.SeekVisits,
    ),
    Operation(
        *("end_visit", "POST", f"{API}/visits/<device>/end", Scope.VISITS),
        *("End this device's visit now; the device is a MAC address as the list has it.", 204, "Ended"),
    ),
    Operation(
        *("vouchers", "GET", f"{API}/vouchers", Scope.VOUCHERS, "All batches of vouchers."),
        *(200, "The batches, without codes", api_types.VoucherBatches),
    ),
    Operation(
        *("make_vouchers", "POST", f"{API}/vouchers", Scope.VOUCHERS, "Make a batch of vouchers."),
        *(201, "The batch with its codes, told this once", api_types.MadeVouchers),
        body=api_types.OrderVouchers,
    ),
    Operation(
        *("void_vouchers", "DELETE", f"{API}/vouchers/<batch>", Scope.VOUCHERS),
        *("Nobody may redeem what is left of this batch.", 204, "Void"),
    ),
    Operation(
        *("make_extract", "POST", f"{API}/extracts", Scope.EXTRACTS, "Begin to make an extract of the journal."),
        *(202, "It is being made; Location says where to look", api_types.Extract),
        body=api_types.OrderExtract,
    ),
    Operation(
        *("extract", "GET", f"{API}/extracts/<extract>", Scope.EXTRACTS, "How far is it?"),
        *(200, "How far it is", api_types.Extract),
    ),
    Operation(
        *("extract_file", "GET", f"{API}/extracts/<extract>/download", Scope.EXTRACTS, "The extract, once it is done."),
        *(200, "A zip"),
        media="application/zip",
    ),
)
OPERATIONS = {each.name: each for each in _ALL}
