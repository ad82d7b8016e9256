"""A visitor's phone as the portal's tests need one: asks for a page or sends a form, and shows what came back.

Must not know: how the portal is reached; each rung brings its own phone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from flask import Flask

from tests.unit.portal.gate import GateWithState

IP = "10.77.0.10"


@dataclass(frozen=True)
class Seen:
    """An HTTP answer."""

    status: int
    headers: Mapping[str, str]
    """Names in lower case."""
    body: str


class Phone(Protocol):
    """Sends one HTTP request as nginx would pass it on."""

    gate: GateWithState

    def get(self, path: str, headers: Mapping[str, str] = {}) -> Seen: ...

    def post(self, path: str, form: Mapping[str, str] | bytes, headers: Mapping[str, str] = {}) -> Seen: ...


@dataclass
class PhoneInProcess:
    """Asks the application itself, without a socket."""

    app: Flask
    gate: GateWithState
    ip: str = IP
    always: dict[str, str] = field(default_factory=dict)

    def get(self, path: str, headers: Mapping[str, str] = {}) -> Seen:
        return self.send("GET", path, None, headers)

    def post(self, path: str, form: Mapping[str, str] | bytes, headers: Mapping[str, str] = {}) -> Seen:
        return self.send("POST", path, form, headers)

    def send(
        self,
        method: str,
        path: str,
        form: Mapping[str, str] | bytes | None = None,
        headers: Mapping[str, str] = {},
        query: Mapping[str, str] | None = None,
    ) -> Seen:
        sent = {"X-Real-IP": self.ip, "Host": "10.77.0.1", **self.always, **headers}
        kind = "application/x-www-form-urlencoded" if form is not None else None
        data = dict(form) if isinstance(form, Mapping) else form
        answer = self.app.test_client(use_cookies=False).open(
            path,
            method=method,
            data=data,
            query_string=query,
            headers={name: value for name, value in sent.items() if value},
            content_type=sent.get("Content-Type", kind),
        )
        return Seen(
            answer.status_code, {name.lower(): value for name, value in answer.headers}, answer.get_data(as_text=True)
        )
