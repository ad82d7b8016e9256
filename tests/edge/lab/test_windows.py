"""The captive windows against portals that do it wrong: each mistake must show, or the system tests prove nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import pytest

from tests.lab.errors import NoAnswer
from tests.lab.markup import read
from tests.lab.visitor import Probe, ProbeResult, Response
from tests.lab.windows import DeadEnd, Jar, System, Window, join

HOME = "http://10.77.0.1/"
FORM = (
    "<html lang=kk><title>T</title><form method=post action='/login'><label for=p>Пароль</label>"
    "<input id=p name=password><input type=hidden name=kept value=1><button>Кіру</button></form>"
    "<a href='/?lang=ru'>Русский</a><a href='http://x.example/' target=_blank>Жаңалықтар</a>"
)
Answer = Callable[["Venue"], Response]


def page(body: str = FORM, status: int = 200, **headers: str) -> Response:
    return Response(status, {name.replace("_", "-"): (value,) for name, value in headers.items()}, body, 0.0)


@dataclass
class Venue:
    """A phone and the network around it; ``login`` is what the portal does with a password."""

    login: Answer
    probe_answer: Response = field(default_factory=lambda: page("", 302, location=HOME))
    online: bool = False
    probed: set[Probe] = field(default_factory=set)
    seen: list[tuple[str, Mapping[str, str] | None, Mapping[str, str]]] = field(default_factory=list)

    def probe(self, kind: Probe) -> ProbeResult:
        self.probed.add(kind)
        answer = self.probe_answer
        return ProbeResult(answer.status, answer.header("location"), answer.body, self.online)

    def fetch(
        self,
        url: str,
        *,
        form: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Response:
        self.seen.append((url, form, headers or {}))
        if not url.startswith(HOME):
            return self.probe_answer
        return page() if form is None else self.login(self)


def right(venue: Venue) -> Response:
    """Admit first, then 303 to a separate page."""
    venue.online = True
    return page("", 303, location="/online")


def opened(venue: Venue, system: System, cookies: Jar | None = None) -> Window:
    window = join(venue, system, cookies=cookies)
    assert window is not None
    return window


@pytest.mark.parametrize("system", System)
def test_a_portal_that_does_it_right(system: System) -> None:
    venue = Venue(right)
    window = opened(venue, system)
    assert (window.page.url, window.page.language, window.page.title) == (HOME, "kk", "T")
    window.submit({"Пароль": "123456"})
    assert not window.is_open() and window.page.url == f"{HOME}online"
    url, form, headers = venue.seen[-2]
    assert (url, form) == (f"{HOME}login", {"password": "123456", "kept": "1"})
    assert (headers["Origin"], headers["Accept-Language"]) == ("http://10.77.0.1", "kk")
    assert join(venue, system) is None
    assert venue.probed == {system.probe}


def test_online_in_the_form_s_own_answer_leaves_an_iphone_s_window_open() -> None:
    def answered_in_place(venue: Venue) -> Response:
        venue.online = True
        return page("online")

    window = opened(Venue(answered_in_place), System.IOS)
    window.submit({"Пароль": "123456"})
    assert (window.is_open(), window.probes) == (True, 0), "no navigation, no probe"
    window = opened(Venue(answered_in_place), System.ANDROID)
    window.submit({"Пароль": "123456"})
    assert not window.is_open()


def test_a_redirect_before_the_admission_leaves_both_windows_open() -> None:
    for system in System:
        window = opened(Venue(lambda _: page("", 303, location="/online")), system)
        window.submit({"Пароль": "123456"})
        assert window.probes > 0 and window.is_open()


def test_cookies_die_with_an_iphone_s_window_alone() -> None:
    for system, expected in ((System.IOS, None), (System.ANDROID, "place=2")):
        venue = Venue(lambda _: page("", 303, location="/", set_cookie="place=2; Path=/; HttpOnly"))
        first = opened(venue, system)
        first.submit({"Пароль": "1"})
        assert venue.seen[-1][2]["Cookie"] == "place=2", "while the window lives"
        first.leave()
        opened(venue, system, cookies=first.cookies)
        assert venue.seen[-1][2].get("Cookie") == expected


def test_a_window_that_is_gone_does_nothing_more() -> None:
    window = opened(Venue(right), System.IOS)
    window.leave()
    with pytest.raises(AssertionError, match="gone"):
        window.submit({"Пароль": "123456"})


@pytest.mark.parametrize("status", [511, 500, 404])
def test_no_window_pops_up_where_the_probe_is_answered_so(status: int) -> None:
    with pytest.raises(DeadEnd, match="no window"):
        join(Venue(right, probe_answer=page("", status)), System.ANDROID)


@pytest.mark.parametrize("system", System)
def test_a_certificate_that_is_not_believed_is_the_end(system: System, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(url: str, **_: object) -> Response:
        if url != "https://10.77.0.1/":
            return Venue.fetch(venue, url, form={})
        raise NoAnswer("https://10.77.0.1/", 60, "self-signed certificate")

    venue = Venue(lambda _: page("", 303, location="https://10.77.0.1/"))
    window = opened(venue, system)
    monkeypatch.setattr(venue, "fetch", refused)
    with pytest.raises(DeadEnd, match="certificate"):
        window.submit({"Пароль": "123456"})


def test_what_a_window_cannot_do() -> None:
    window = opened(Venue(right), System.IOS)
    with pytest.raises(DeadEnd, match="new tab"):
        window.tap("Жаңалықтар")
    with pytest.raises(DeadEnd, match="no link"):
        window.tap("English")
    with pytest.raises(DeadEnd, match="no form"):
        window.submit({"Логин": "8 701 123 45 67"})
    with pytest.raises(DeadEnd, match="no form"):
        window.submit({"kept": "nobody types into what is hidden"})
    with pytest.raises(DeadEnd, match="redirects"):
        join(Venue(right, probe_answer=page("", 302, location="http://x.example/")), System.IOS)


def test_what_is_not_read_is_not_text() -> None:
    seen = read(
        HOME, 200, "<title>T</title><style>p{}</style><p>one <b>two</b></p><svg>4</svg><script>1</script> three"
    )
    assert (seen.text, seen.title) == ("one two three", "T")
