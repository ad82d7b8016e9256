"""Between a view for programs and HTTP: what came is judged by the operation's types, what is answered is encoded.

    offer(routes, "vouchers", lambda given: VoucherBatches(…))

A view is given what was sent, as the operation's type, and what its path names. Must not know: what any view does.
"""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import TypeVar

import msgspec
from flask import Response, request

from appliance import wire
from appliance.wire import Language, Refusal, Refused
from appliance.wire_desk import DeskRefusal, DeskRefused
from portal.console.asking import told
from portal.console.operations import BODY_BYTES, OPERATIONS, Operation
from portal.console.problems import problem
from portal.console.routes import Routes
from portal.console.site import Site
from portal.words import words

View = Callable[..., msgspec.Struct | Response | None]
_Reply = TypeVar("_Reply")

_NOT_THERE = frozenset({Refusal.NO_SUCH_VISIT, Refusal.UNKNOWN_DEVICE, DeskRefusal.NO_SUCH_BATCH})
_LATER = frozenset({Refusal.JOURNAL_UNAVAILABLE, Refusal.BUSY})


def offer(routes: Routes, name: str, view: View) -> None:
    """The view answers the operation of this name."""
    operation = OPERATIONS[name]

    def answered(**path: str) -> Response:
        given = _given(operation)
        if isinstance(given, Response):
            return given
        answer = view(given, **path)
        if isinstance(answer, Response):
            return answer
        body = b"" if answer is None else msgspec.json.encode(answer)
        return Response(body, operation.status, mimetype="application/json" if body else None)

    if operation.scope is None:
        routes.public(operation.path, f"machine_{name}", answered, method=operation.method)
        return
    routes.machine(
        operation.path,
        f"machine_{name}",
        answered,
        method=operation.method,
        scope=operation.scope,
        largest_bytes=BODY_BYTES,
    )


def ask(site: Site, question: wire.Request, kind: type[_Reply]) -> _Reply | Response:
    """The gate's answer of this kind, or the problem that it is.

    Raises:
        GateUnreachable, WireError: told by ``refusals``.
    """
    reply = site.gate.ask(question)
    if isinstance(reply, kind):
        return reply
    if not isinstance(reply, Refused | DeskRefused):
        return problem(HTTPStatus.SERVICE_UNAVAILABLE, "gate_silent", "The gate answered something else: update it.")
    said = told(reply, words("console", Language.ENGLISH))
    refusal = reply.refusal if isinstance(reply, Refused) else reply.why
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    if refusal in _NOT_THERE:
        status = HTTPStatus.NOT_FOUND
    elif refusal in _LATER:
        status = HTTPStatus.SERVICE_UNAVAILABLE
    elif reply.retry_in_s:
        status = HTTPStatus.TOO_MANY_REQUESTS
    return problem(status, said.why, said.sentence, field=said.field, retry_in_s=reply.retry_in_s or 0)


def _given(operation: Operation) -> msgspec.Struct | Response | None:
    """What was sent, as the operation's type."""
    if operation.body and request.mimetype != "application/json":
        detail = "Send JSON, and say so: Content-Type: application/json."
        return problem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "not_json", detail)
    try:
        if operation.body:
            given: msgspec.Struct = msgspec.json.decode(request.get_data(), type=operation.body)
            return given
        asked = request.args.to_dict(flat=False)
        if twice := next((name for name, values in asked.items() if len(values) > 1), ""):
            return problem(HTTPStatus.BAD_REQUEST, "twice", "Name each parameter once.", field=twice[:64])
        if operation.query:
            plain = {name: values[0] for name, values in asked.items()}
            sought: msgspec.Struct = msgspec.convert(plain, operation.query, strict=False)
            return sought
    except msgspec.ValidationError as error:
        return problem(HTTPStatus.UNPROCESSABLE_ENTITY, "not_valid", str(error)[:200])
    except (msgspec.DecodeError, UnicodeDecodeError):
        return problem(HTTPStatus.BAD_REQUEST, "not_json", "The body is no JSON text in UTF-8.")
    return None
