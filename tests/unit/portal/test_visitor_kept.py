"""Pages that many are shown are rendered once, and are what a portal says that has rendered nothing yet."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from appliance.wire import Language, Phase, Reply, Request, Status, Trouble
from portal.visitor import pages
from portal.visitor.answers import tells_of_nobody
from portal.visitor.app import create_app
from portal.visitor.forms import Form
from portal.words import words
from tests.unit.portal.gate import CODE, NUMBER, Device, GateWithState
from tests.unit.portal.phone import PhoneInProcess, Seen

_ENGLISH = words("visitor", Language.ENGLISH)
_NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
_SCENES = [
    ("/", "en", GateWithState()),
    ("/", "ru", GateWithState()),
    ("/", "", GateWithState()),
    ("/?lang=ru", "ru", GateWithState()),
    ("/?lang=en", "ru", GateWithState()),
    ("/", "en", GateWithState(vouchers={"KX7M2QPT"})),
    ("/", "en", GateWithState(trouble=Trouble.SMS)),
    ("/", "en", GateWithState(trouble=Trouble.JOURNAL)),
    ("/nowhere", "en", GateWithState()),
    ("/nowhere", "ru", GateWithState()),
    ("/", "en", GateWithState(devices={"10.77.0.10": Device(phase=Phase.ASKED, number=NUMBER)})),
    ("/", "en", GateWithState(devices={"10.77.0.10": Device(language=Language.KAZAKH)})),
]


def test_a_warm_portal_says_what_a_fresh_one_says() -> None:
    warm = _Portal()
    for _ in range(2):
        for path, language, gate in _SCENES:
            seen, fresh = warm.get(path, language, gate), _Portal().get(path, language, gate)
            assert (seen.status, seen.headers, seen.body) == (fresh.status, fresh.headers, fresh.body), (path, language)


def test_what_is_one_visitors_is_not_kept() -> None:
    stranger = pages.of_status(Status(phase=Phase.STRANGER), _ENGLISH, _NOW)
    assert isinstance(stranger, Form) and tells_of_nobody(stranger)
    for theirs in (
        Status(phase=Phase.ASKED, number=NUMBER),
        Status(phase=Phase.AWAY, number=NUMBER),
        Status(phase=Phase.ONLINE, number=NUMBER),
        Status(phase=Phase.STRANGER, code=CODE),
        Status(phase=Phase.ASKED, number=NUMBER, trouble=Trouble.JOURNAL),
    ):
        assert not tells_of_nobody(pages.of_status(theirs, _ENGLISH, _NOW)), theirs
    assert not tells_of_nobody(replace(stranger, voucher_typed="KX7M-2QPT"))


@pytest.mark.parametrize("path", ["/", "/nowhere"])
def test_what_many_are_shown_is_rendered_once(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    portal = _Portal()
    first = portal.get(path, "kk", GateWithState())
    monkeypatch.setattr("portal.visitor.answers.render_template", None)
    assert portal.get(path, "kk", GateWithState()).body == first.body
    with pytest.raises(TypeError):
        portal.get(path, "ru", GateWithState())


class _Portal:
    """One process of the portal, which asks another gate each time."""

    def __init__(self) -> None:
        self._app = create_app(gate="/nowhere/gate.sock", venue="Кафе «Қақпа»", asks=self)
        self._app.testing = True  # what a page fails with is the test's
        self._gate = GateWithState()

    def ask(self, request: Request) -> Reply:
        return self._gate.ask(request)

    def get(self, path: str, language: str, gate: GateWithState) -> Seen:
        self._gate = gate
        return PhoneInProcess(self._app, gate).get(path, {"Accept-Language": language})
