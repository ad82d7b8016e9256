"""Whatever a phone sends, a page comes back: never a traceback, never a word of it outside its field or in a header."""

from __future__ import annotations

import html
import re

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from appliance.wire import Phase, Request
from tests.unit.portal.conftest import phone_at
from tests.unit.portal.gate import NUMBER, VOUCHER, Device, GateWithState
from tests.unit.portal.phone import IP, PhoneInProcess, Seen
from tests.unit.portal.reading import elements_of

MARK = "zq9"
"""In no page of ours."""

FIELDS = {
    "/password": "number",
    "/login": "password",
    "/voucher": "voucher",
    "/language": "lang",
    "/code": "x",
    "/leave": "x",
}
forms = st.sampled_from(sorted(FIELDS))
paths = st.one_of(forms, st.sampled_from(["/", "/online", "/state", "/nothing"]))
phases = st.sampled_from(list(Phase))
HOSTILE = f"\"'><b>\r\nX-Evil: 1\r\n\x00{{{{7*7}}}}%(n)s{MARK}"
"""What ends an attribute, a tag, a header, a string of C, a template and a format."""
tail = st.one_of(st.text(max_size=20), st.text(min_size=64 - len(HOSTILE), max_size=80))
typed = st.one_of(tail, tail.map(HOSTILE.__add__), st.sampled_from(["７" * 10, "\u202e77", "7" * 64, NUMBER]))
visible = st.text(st.characters(min_codepoint=0x20, max_codepoint=0xFF, exclude_characters="\x7f"), max_size=60)
quick = settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.too_slow])


def phone_of(phase: Phase) -> PhoneInProcess:
    gate = GateWithState(vouchers={VOUCHER})
    gate.put(IP, Device(phase=phase, number=None if phase is Phase.STRANGER else NUMBER))
    return phone_at(gate)


def judge(answer: Seen) -> None:
    """A page or a redirect of ours, with nothing of the sender's in it but what stands in a field, escaped."""
    assert answer.status in {200, 303, 400, 403, 404, 405, 413, 414, 422, 429}
    assert "x-evil" not in answer.headers
    assert MARK not in "".join(answer.headers.values())
    assert re.fullmatch(r"(/|/online)(\?lang=(kk|ru|en))?", answer.headers.get("location", "/"))
    assert "Traceback" not in answer.body
    values = [given.get("value") or "" for tag, given in elements_of(answer.body) if tag == "input"]
    shown = sum(html.unescape(value).count(MARK) for value in values)
    assert html.unescape(answer.body).count(MARK) == shown


def judge_asked(heard: list[Request]) -> None:
    """Whatever reaches the gate names this device, and fits the wire (the gate's decoder has taken it)."""
    assert {getattr(request, "ip", None) for request in heard} <= {IP}


@pytest.mark.parametrize("path", FIELDS)
@quick
@given(phases, typed, st.dictionaries(st.sampled_from(["terms", "lang", "number", "x"]), typed))
@example(Phase.STRANGER, HOSTILE, {})
@example(Phase.STRANGER, "7" * 65, {})
def test_any_entry_in_any_field(path: str, phase: Phase, entry: str, besides: dict[str, str]) -> None:
    phone = phone_of(phase)
    judge(phone.post(path, besides | {FIELDS[path]: entry}))
    judge_asked(phone.gate.heard)


@quick
@given(forms, phases, st.binary(max_size=300))
def test_any_body(path: str, phase: Phase, body: bytes) -> None:
    phone = phone_of(phase)
    judge(phone.post(path, body))
    judge(phone.post(path, b"number=" + body + b"&password=%00" + body + b"&voucher=" + body))
    judge_asked(phone.gate.heard)


@quick
@given(paths, phases, typed)
def test_any_question(path: str, phase: Phase, query: str) -> None:
    phone = phone_of(phase)
    judge(phone.send("GET", path, query={"lang": query, "change": query, query: query}))
    judge_asked(phone.gate.heard)


@quick
@given(paths, phases, visible, st.sampled_from(["Host", "Accept-Language", "Referer", "Cookie", "User-Agent", "X-Any"]))
def test_any_header(path: str, phase: Phase, value: str, name: str) -> None:
    phone = phone_of(phase)
    answer = phone.send("GET", path, headers={name: f"{MARK}{value}"})
    judge(answer)
    judge_asked(phone.gate.heard)
    assert answer.headers.get("set-cookie") is None


@quick
@given(forms, visible, st.sampled_from(["Origin", "Referer", "Sec-Fetch-Site"]))
def test_a_sender_that_is_not_us_never_reaches_the_gate(path: str, value: str, name: str) -> None:
    phone = phone_of(Phase.ONLINE)
    answer = phone.post(path, {"number": NUMBER, "lang": "ru"}, {name: f"evil.{value}"})
    assert answer.status in {400, 403}
    judge(answer)
    assert phone.gate.heard == []
