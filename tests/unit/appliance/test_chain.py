"""What the doctor makes of the captive portal API's answer: good only if every client takes it."""

from __future__ import annotations

import json

import pytest

from appliance import chain
from appliance.config import parse

CONFIG = parse("[portal]\nhost = 'login.example.kz'\nhttps = true", "q.toml")
TYPE = "application/captive+json"
GOOD: dict[str, object] = {"captive": True, "user-portal-url": "https://login.example.kz/"}


@pytest.mark.parametrize(
    ("status", "media_type", "body", "says"),
    [
        (503, TYPE, b"", "answers 503"),
        (302, "text/html", b"", "answers 302"),
        (200, "application/json", json.dumps(GOOD).encode(), "is no application/captive+json"),
        (200, TYPE, json.dumps({**GOOD, "more": "x" * 4096}).encode(), "bytes of"),
        (200, TYPE, b"<!doctype html>", "what no client takes"),
        (200, TYPE, json.dumps({"user-portal-url": "https://login.example.kz/"}).encode(), "what no client takes"),
        (200, TYPE, json.dumps({**GOOD, "captive": "true"}).encode(), "what no client takes"),
        (200, TYPE, json.dumps({**GOOD, "seconds-remaining": "60"}).encode(), "what no client takes"),
        (
            200,
            TYPE,
            json.dumps({**GOOD, "user-portal-url": "http://10.77.0.1/"}).encode(),
            "leads to http://10.77.0.1/",
        ),
    ],
)
def test_what_a_client_would_not_take_is_told(status: int, media_type: str, body: bytes, says: str) -> None:
    found = chain.judged(CONFIG, status, media_type, body)
    assert not found.ok
    assert says in found.what
    assert found.remedy


@pytest.mark.parametrize("more", [{}, {"captive": False, "seconds-remaining": 60}, {"a-key-of-tomorrow": 1}])
def test_what_clients_take_is_good(more: dict[str, object]) -> None:
    assert chain.judged(CONFIG, 200, TYPE, json.dumps({**GOOD, **more}).encode()).ok


def test_without_https_there_is_no_chain() -> None:
    assert list(chain.findings(parse("", "q.toml"))) == []
