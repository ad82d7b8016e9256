"""Hostile input: other sites' pages, absurd sizes, injected markup and headers, requests past nginx."""

from __future__ import annotations

import base64
import hashlib
import re

import pytest

from appliance.errors import WireError
from appliance.wire import AskPassword, EnterPassword, Look, Phase, Refusal, Refused, Reply, Request, Visits
from portal.visitor.app import create_app
from tests.unit.portal.gate import NUMBER, PASSWORD, VOUCHER, Device, GateWithState
from tests.unit.portal.phone import IP, PhoneInProcess, Seen
from tests.unit.portal.reading import elements_of, field_of

FORMS = ("/password", "/login", "/language", "/code", "/voucher", "/leave")
OWN = "http://10.77.0.1"


def asked_nothing(phone: PhoneInProcess) -> bool:
    return phone.gate.heard == []


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://10.77.0.1.evil.example"},
        {"Origin": "http://10.77.0.1@evil.example"},
        {"Origin": "http://[::1"},
        {"Origin": "10.77.0.1"},
        {"Referer": "https://evil.example/10.77.0.1"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "cross-site", "Origin": OWN},
        {"Sec-Fetch-Site": "nonsense"},
    ],
)
@pytest.mark.parametrize("path", FORMS)
def test_another_sites_form_asks_nothing(phone: PhoneInProcess, path: str, headers: dict[str, str]) -> None:
    phone.gate.put(IP, Device(phase=Phase.ONLINE, number=NUMBER))
    page = phone.post(path, {"number": NUMBER, "password": PASSWORD, "voucher": VOUCHER, "lang": "ru"}, headers)
    assert page.status == 403
    assert phone.gate.devices[IP].phase is Phase.ONLINE
    assert asked_nothing(phone)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": OWN},
        {"Origin": f"{OWN}:8080"},
        {"Origin": "http://10.77.0.1:8080", "Host": "10.77.0.1:8080"},
        {"Origin": "https://portal.venue.example", "Host": "PORTAL.venue.example"},
        {"Origin": "http://[fd00::1]", "Host": "[fd00::1]:80"},
        {"Referer": f"{OWN}/?lang=ru"},
        {"Sec-Fetch-Site": "same-origin"},
        {"Sec-Fetch-Site": "same-origin", "Origin": "null"},
        {"Sec-Fetch-Site": "none"},
    ],
)
def test_our_own_form_is_taken(phone: PhoneInProcess, headers: dict[str, str]) -> None:
    assert phone.post("/password", {"number": NUMBER}, headers).status == 303


def answers_of_every_kind(phone: PhoneInProcess) -> list[Seen]:
    seen = [
        phone.get("/"),
        phone.get("/online"),
        phone.get("/health"),
        phone.get("/nothing"),
        phone.get("/password"),
        phone.send("DELETE", "/login"),
        phone.send("OPTIONS", "/"),
        phone.post("/password", {"number": "x"}),
        phone.post("/password", {"number": NUMBER}),
        phone.get("/"),
        phone.post("/login", {"password": "x"}),
        phone.post("/login", {"password": PASSWORD}),
        phone.get("/online"),
        phone.post("/login", b"password=" + b"1" * 5000),
        phone.post("/login", {}, {"Origin": "null"}),
        phone.get("/", {"X-Real-IP": ""}),
    ]
    phone.gate.down = True
    return [*seen, phone.get("/"), phone.post("/login", {"password": PASSWORD})]


def test_every_answer_is_guarded(phone: PhoneInProcess) -> None:
    seen = answers_of_every_kind(phone)
    assert {answer.status for answer in seen} == {200, 303, 403, 404, 405, 413, 422, 500, 503}
    for answer in seen:
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-frame-options"] == "DENY"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "same-origin"
        assert "set-cookie" not in answer.headers
        policy = answer.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'")
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert len(answer.body.encode()) <= 30 * 1024
        assert "Traceback" not in answer.body


def test_every_style_is_allowed_by_its_hash_and_nothing_comes_from_outside(phone: PhoneInProcess) -> None:
    pages = [answer for answer in answers_of_every_kind(phone) if "<style>" in answer.body]
    assert len(pages) >= 10
    for answer in pages:
        policy = answer.headers["content-security-policy"]
        for kind in ("style", "script"):
            (allowed,) = re.findall(rf"{kind}-src ([^;]*);", policy)
            inline = re.findall(rf"<{kind}>(.*?)</{kind}>", answer.body, re.DOTALL)
            digests = [base64.b64encode(hashlib.sha256(each.encode()).digest()).decode() for each in inline]
            assert allowed.split() == [f"'sha256-{digest}'" for digest in digests]
        assert "unsafe" not in policy
        assert "@import" not in answer.body
        assert "url(" not in answer.body
        for tag, given in elements_of(answer.body):
            assert tag not in {"img", "link", "iframe", "object"}
            assert not {"src", "style", "onclick", "onload"} & given.keys()
            assert (given.get("href") or "/").startswith("/")
            assert (given.get("action") or "/").startswith("/")


def test_what_is_typed_is_escaped(phone: PhoneInProcess) -> None:
    typed = "\"><script>alert(1)</script>{{7*7}}'&"
    page = phone.post("/password", {"number": typed})
    assert "<script>alert" not in page.body
    assert field_of(page.body, "number")["value"] == typed


def test_a_venue_and_a_number_full_of_markup_are_escaped() -> None:
    gate = GateWithState()
    gate.put(IP, Device(phase=Phase.ASKED, number="<b>+7</b>"))
    phone = PhoneInProcess(create_app("/nowhere", "<script>x</script> & Söhne", asks=gate), gate)
    page = phone.get("/").body
    assert "<script>x" not in page
    assert "<b>" not in page
    assert "&amp; Söhne" in page


@pytest.mark.parametrize("language", ["xx", "kk\r\nX-Evil: 1", "ru-RU", "", "../ru", "RU", "%00"])
def test_a_language_that_we_do_not_speak_is_as_none(phone: PhoneInProcess, language: str) -> None:
    page = phone.send("GET", "/?" + f"lang={language}".replace("\r\n", "%0d%0a"))
    assert page.headers["content-language"] == "kk"
    redirect = phone.send("GET", "/online?" + f"lang={language}".replace("\r\n", "%0d%0a"))
    assert redirect.headers["location"] == "/"
    assert "x-evil" not in redirect.headers


@pytest.mark.parametrize(
    ("said", "spoken"),
    [
        ("*", "kk"),
        ("de-DE,de;q=0.9", "kk"),
        ("de,en;q=0.1", "en"),
        ("en,ru", "en"),
        ("en;q=0.5,RU;q=0.6", "ru"),
        ("de,*;q=0.5", "kk"),
        ("en-GB-oxendict", "en"),
        ("kk-Cyrl-KZ, ru;q=0.9", "kk"),
        ("ru;q=0, en;q=0.001", "en"),
        (";;;,,,q=,=;q=9999", "kk"),
        ("ru;q=abc", "kk"),
        ("\u0661;q=1", "kk"),
        ("en," * 300 + "ru", "en"),
    ],
)
def test_whatever_languages_a_phone_names_one_is_spoken(phone: PhoneInProcess, said: str, spoken: str) -> None:
    page = phone.get("/", {"Accept-Language": said.encode().decode("latin-1")})
    assert (page.status, page.headers["content-language"]) == (200, spoken)


def test_a_password_goes_to_the_gate_as_typed(phone: PhoneInProcess) -> None:
    phone.gate.put(IP, Device(phase=Phase.ASKED, number=NUMBER))
    for typed in ("١٢٣٤٥٦", " 123 456 ", "12345а"):
        phone.post("/login", {"password": typed})
        assert EnterPassword(ip=IP, password=typed) in phone.gate.heard
    assert phone.gate.devices[IP].phase is Phase.ONLINE


def test_entries_too_long_for_the_wire_are_refused_without_asking(phone: PhoneInProcess) -> None:
    assert phone.post("/password", {"number": "7" * 65}).status == 422
    assert phone.post("/login", {"password": "1" * 65}).status == 422
    assert phone.post("/voucher", {"voucher": "1" * 65}).status == 422
    assert phone.post("/password", {"number": NUMBER, "terms": "1" * 65}).status == 422
    assert phone.post("/password", {"number": "7" * 64}).status == 303
    assert [each for each in phone.gate.heard if not isinstance(each, Look)] == [
        AskPassword(ip=IP, number="7" * 64, language=phone.gate.heard[-1].language)  # type: ignore[union-attr]
    ]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"number",
        b"=&=&=",
        b"number=%ff%fe%00",
        b"number=%ed%a0%80",
        b"\x00\xff" * 100,
        b"a=b&" * 1000,
        b"%" * 4000,
    ],
)
def test_malformed_forms_get_a_page(phone: PhoneInProcess, body: bytes) -> None:
    for path in ("/password", "/login", "/voucher"):
        assert phone.post(path, body).status in {400, 413, 422}


def test_an_oversized_form_is_refused_unread(phone: PhoneInProcess) -> None:
    assert phone.post("/password", b"number=" + b"7" * 4090).status == 413
    multipart = b"--x\r\nContent-Disposition: form-data; name=number\r\n\r\n7\r\n" * 20 + b"--x--"
    kind = {"Content-Type": "multipart/form-data; boundary=x"}
    assert phone.post("/password", multipart, kind).status == 413
    assert asked_nothing(phone)


@pytest.mark.parametrize("said", ["", "unix:", "10.77.0.1, 10.77.0.2", "10.77.0.300", "<b>", "10.77.0.10:80"])
def test_past_nginx_nothing_is_asked(phone: PhoneInProcess, said: str) -> None:
    for answer in (
        phone.get("/", {"X-Real-IP": said}),
        phone.get("/online", {"X-Real-IP": said}),
        phone.get("/state", {"X-Real-IP": said}),
        *(phone.post(path, {"number": NUMBER, "lang": "ru"}, {"X-Real-IP": said}) for path in FORMS),
    ):
        assert answer.status == 500
    assert asked_nothing(phone)


@pytest.mark.parametrize("path", ["/online//", "/online/", "/%2e%2e/etc/passwd", "/static/style.css", "/two//segments"])
def test_odd_paths_never_become_an_absolute_redirect(path: str) -> None:
    phone = PhoneInProcess(create_app("/nowhere", "Venue", asks=GateWithState()), GateWithState())
    phone.app.add_url_rule("/two/segments", "two", lambda: "two")  # as a later route will have
    answer = phone.get(path, {"Host": "evil.example"})
    assert answer.status == 404
    assert "evil" not in answer.body


def test_a_host_longer_than_any_name_is_refused_with_a_page(phone: PhoneInProcess) -> None:
    assert phone.get("/", {"Host": "a" * 5000}).status == 400


@pytest.mark.parametrize("host", ["evil.example", "[", "x y", "10.77.0.1:99999", "<b>"])
def test_an_absurd_host_changes_nothing(phone: PhoneInProcess, host: str) -> None:
    assert phone.get("/", {"Host": host}).body == phone.get("/").body


def test_a_wrong_method_says_which_are_right(phone: PhoneInProcess) -> None:
    answer = phone.send("DELETE", "/online")
    assert answer.status == 405
    assert "GET" in answer.headers["allow"]


class Confused:
    """A gate whose answer answers something else, or is none."""

    def __init__(self, reply: Reply | Exception) -> None:
        self.reply = reply

    def ask(self, request: Request) -> Reply:  # noqa: ARG002 whatever is asked
        if isinstance(self.reply, Exception):
            raise self.reply
        return self.reply


@pytest.mark.parametrize("reply", [Visits(visits=()), WireError("not a reply")])
def test_a_gate_that_answers_nonsense_is_told_as_a_moment(reply: Reply | WireError) -> None:
    phone = PhoneInProcess(create_app("/nowhere", "Venue", asks=Confused(reply)), GateWithState())
    assert phone.get("/").status == 503


def test_a_fault_of_ours_is_a_page_without_a_traceback() -> None:
    phone = PhoneInProcess(create_app("/nowhere", "Venue", asks=Confused(KeyError("secret"))), GateWithState())
    page = phone.get("/?lang=en")
    assert page.status == 500
    assert "Something broke here" in page.body
    assert "secret" not in page.body


def test_no_wire_means_nobody_is_admitted(phone: PhoneInProcess) -> None:
    phone.gate.refusing = Refused(Refusal.JOURNAL_UNAVAILABLE)
    assert phone.post("/login?lang=en", {"password": PASSWORD}).status == 503


def test_an_unknown_default_language_stops_the_start() -> None:
    with pytest.raises(ValueError, match="tt"):
        create_app("/nowhere", "Venue", language="tt")
