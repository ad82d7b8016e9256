"""Before every route for programs: whose token a request shows, how often it may come, and that a change is recorded.

    Authorization: Bearer qaqpa_…                                                                     (RFC 6750)

A cookie is not even looked at, so no browser can be made to ask this in somebody's name, and no form's token is needed.
Must not know: any section.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from http import HTTPStatus
from urllib.parse import quote

from flask import Response, abort, g, request

from appliance.errors import GateUnreachable, WireError
from appliance.staff.tokens import Scope, Token
from appliance.wire import Done
from appliance.wire_console import NoteStaff, StaffAct
from portal.console.problems import problem
from portal.console.site import Site

BURST = 60
PER_SECOND = 2.0
"""So often a token may ask, after its burst."""
_TEXT = 64


class Allowance:
    """How often each may ask: a bucket of ``burst`` that fills by ``per_second``.

    Args:
        clock: monotonic seconds.
    """

    def __init__(self, burst: int, per_second: float, clock: Callable[[], float]) -> None:
        self._burst, self._per_second, self._clock = burst, per_second, clock
        self._left: dict[str, tuple[float, float]] = {}
        self._lock = threading.Lock()

    def wait_s(self, name: str) -> float:
        """0: it may, and that is counted; else so many seconds are to wait."""
        now_s = self._clock()
        with self._lock:
            left, at_s = self._left.get(name, (float(self._burst), now_s))
            left = min(float(self._burst), left + (now_s - at_s) * self._per_second)
            enough = left >= 1.0
            self._left[name] = (left - 1.0 if enough else left, now_s)
        return 0.0 if enough else (1.0 - left) / self._per_second


class Bearers:
    """All programs of one console."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._allowance = Allowance(BURST, PER_SECOND, time.monotonic)

    def refused(self, scope: Scope, *, changes: bool) -> Response | None:
        """Why this request goes no further; None: it may, and ``bearer`` says whose it is."""
        secret = _shown()
        token = self._site.office.tokens.of(secret) if secret else None
        if token is None:
            wrong = ' error="invalid_token"' if secret else ""
            detail = "Send a token of this console as `Authorization: Bearer …`; its owner makes them under Staff."
            return _challenged(problem(HTTPStatus.UNAUTHORIZED, "no_token", detail), wrong)
        if wait_s := self._allowance.wait_s(token.token):
            seconds = math.ceil(wait_s)
            return problem(HTTPStatus.TOO_MANY_REQUESTS, "too_often", "Ask less often.", retry_in_s=seconds)
        if scope not in token.scopes:
            detail = f"This token is for something else: this needs the scope {scope}."
            wrong = f' error="insufficient_scope", scope="{scope}"'
            return _challenged(problem(HTTPStatus.FORBIDDEN, "other_scope", detail), wrong)
        if (request.content_length or 0) > (request.max_content_length or 0):
            abort(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        g.bearer = token
        if changes and not self._recorded(token):
            detail = "The gate could not record this, so it was not done; `qaqpa doctor` on the box says why."
            return problem(HTTPStatus.SERVICE_UNAVAILABLE, "unrecorded", detail)
        return None

    def _recorded(self, token: Token) -> bool:
        whence = request.headers.get("X-Real-IP", "")[:_TEXT]
        detail = f"token {token.token} from {whence}: {request.method} {quote(request.path)}"[:200]
        try:
            reply = self._site.gate.ask(NoteStaff(staff(token), StaffAct.TOKEN_USED, detail=detail))
        except (GateUnreachable, WireError):
            return False
        return isinstance(reply, Done)


def bearer() -> Token:
    """Whose request this is; only behind a route for programs."""
    token: Token = g.bearer
    return token


def staff(token: Token) -> str:
    """The token as the journal names who did something."""
    return f"token:{token.label}"[:_TEXT]


def _shown() -> str:
    scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
    return secret.strip() if scheme.lower() == "bearer" else ""


def _challenged(answer: Response, wrong: str) -> Response:
    answer.headers["WWW-Authenticate"] = f'Bearer realm="qaqpa"{"," if wrong else ""}{wrong}'
    return answer
