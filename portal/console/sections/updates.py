"""Versions of the whole system: what runs, what there is, and installing it, all the steward's doing.

    looked for → found → installed, with progress → restarted, by a person

Beside it the back-up on a USB stick, which is wise before. Must not know: how anything is carried out.
"""

from __future__ import annotations

from functools import partial

from flask import Response, request

from appliance.errors import ApplianceError
from appliance.steward import wire
from appliance.steward.wire import Done, StewardRefused
from appliance.steward.wire_updates import (
    AskUpdates,
    Errand,
    LookForUpdates,
    Restart,
    StartUpdate,
    StickBackup,
    Updates,
)
from appliance.updating import UpdateTrouble
from portal.console.routes import OWNER, Routes, see
from portal.console.site import Site

UPDATES = "/updates"
_TROUBLES = frozenset(each.value for each in UpdateTrouble)


def register(routes: Routes, site: Site) -> None:
    """Its page and forms."""
    views = _Views(site)
    routes.page(UPDATES, "updates", views.page, roles=OWNER, nav="updates.nav")
    form = partial(routes.form, roles=OWNER)
    form("/updates/look", "updates_look", views.look)
    form("/updates/install", "updates_install", views.install)
    form("/updates/restart", "updates_restart", views.restart)
    form("/updates/stick", "updates_stick", views.stick)


class _Views:
    def __init__(self, site: Site) -> None:
        self._site = site

    def page(self, problem: str = "", status: int = 200) -> Response:
        """How it stands."""
        told = self._site.steward.ask(AskUpdates())
        if not isinstance(told, Updates):
            why = told.why if isinstance(told, StewardRefused) else ""
            nothing: dict[str, object] = {"told": None, "trouble": {}, "busy": False, "restarting": False}
            return self._site.page("updates.html", 503, problem=self._refused(why), **nothing)
        errands = {"look": told.look, "install": told.install, "backup": told.backup}
        return self._site.page(
            "updates.html",
            status,
            told=told,
            problem=problem,
            trouble={name: self._trouble(errand) for name, errand in errands.items()},
            busy=any(errand.busy for errand in errands.values()),
            restarting="restarting" in request.args,
        )

    def look(self) -> Response:
        """Begin to look."""
        return self._then(LookForUpdates(self._site.who().login, stick="stick" in request.form))

    def install(self) -> Response:
        """Begin to install the version that the page named: not one that came in between."""
        login, version = self._site.who().login, request.form.get("version", "")[:64]
        return self._then(StartUpdate(version, login, stick="stick" in request.form))

    def restart(self) -> Response:
        """Restart the box."""
        return self._then(Restart(self._site.who().login), "?restarting=1")

    def stick(self) -> Response:
        """Begin to write a back-up."""
        return self._then(StickBackup(self._site.who().login))

    def _then(self, request_: wire.Request, told: str = "") -> Response:
        try:
            reply = self._site.steward.ask(request_)
        except ApplianceError:
            return self.page(self._site.words().say("settings.steward_silent"), 503)
        if isinstance(reply, Done):
            return see(f"{UPDATES}{told}")
        return self.page(self._refused(reply.why if isinstance(reply, StewardRefused) else ""), 409)

    def _trouble(self, errand: Errand) -> str:
        """A sentence that says what to do; "": nothing is wrong."""
        if not errand.why:
            return ""
        words = self._site.words()
        if errand.why in _TROUBLES - {UpdateTrouble.FAILED.value}:
            return words.say(f"updates.trouble.{errand.why}", said=errand.said)
        return words.say("updates.trouble.failed", said=errand.said)

    def _refused(self, why: str) -> str:
        return self._site.words().say("updates.refused", said=why)
