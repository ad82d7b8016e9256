"""What a program is told when something was not done: RFC 9457's problem details, in English.

``reason`` is for the program and does not change; ``detail`` is for whoever reads its log. Must not know: who asks.
"""

from __future__ import annotations

from http import HTTPStatus

import msgspec
from flask import Response, request

MEDIA = "application/problem+json"
METRICS = "/metrics"
API = "/api/v1"
_STATUSES = {
    400: ("bad_request", "This is no request of this interface: /api/v1/openapi.json describes them."),
    404: ("not_found", "There is nothing at this address: /api/v1/openapi.json lists what there is."),
    405: ("method_not_allowed", "This address takes other methods: see the header Allow."),
    413: ("too_large", "The body is larger than this address takes."),
    500: ("broken", "The console failed; its log says why."),
    503: ("steward_silent", "The steward does not answer; `qaqpa doctor` on the box says why."),
}
_GATE_SILENT = "The gate does not answer; `qaqpa doctor` on the box says why. Try again soon."


class Problem(msgspec.Struct, frozen=True, omit_defaults=True):
    """Why a request was not carried out; nothing was half done."""

    title: str
    status: int
    reason: str
    """A word for programs, such as "no_such_visit"."""
    detail: str
    """A sentence that says what to do."""
    field: str = ""
    """Which part of the request it is about."""
    retry_in_s: int = 0
    """When it is worth another try, as in the header Retry-After."""


def wanted() -> bool:
    """Whether this request is a program's: then it gets no page."""
    return request.path == METRICS or request.path.startswith("/api/")


def problem(status: int, reason: str, detail: str, *, field: str = "", retry_in_s: int = 0) -> Response:
    """The answer that tells it."""
    told = Problem(HTTPStatus(status).phrase, status, reason, detail, field, retry_in_s)
    answer = Response(msgspec.json.encode(told), status, mimetype=MEDIA)
    if retry_in_s:
        answer.headers["Retry-After"] = str(retry_in_s)
    return answer


def of_status(status: int, reason: str = "") -> Response:
    """For what Flask or the guard refused."""
    if reason == "gate_silent":
        return problem(status, reason, _GATE_SILENT)
    phrase = HTTPStatus(status).phrase
    known, detail = _STATUSES.get(status, (phrase.lower().replace(" ", "_"), phrase))
    return problem(status, known, detail)
