"""Everything forgotten, for a box that is given away or begun anew: by an owner who says so twice.

    password again · a sentence typed · asked for → at the next start everything is gone → until then withdrawn

What would be lost is said first, the journal above all. Must not know: how a reset comes about.
"""

from __future__ import annotations

from http import HTTPStatus

from flask import Response, request

from appliance.errors import ApplianceError
from appliance.steward import wire
from appliance.steward.wire import Done, StewardRefused
from appliance.steward.wire_updates import AskUpdates, FactoryReset, Updates
from portal.console.routes import OWNER, Routes, see
from portal.console.sections.staff_acts import not_known
from portal.console.site import Site

RESET = "/reset"
_LONGEST = 1000


def register(routes: Routes, site: Site) -> None:
    """Its page and forms."""
    views = _Views(site)
    routes.page(RESET, "reset", views.page, roles=OWNER)
    routes.form(RESET, "reset_everything", views.reset, roles=OWNER)
    routes.form("/reset/withdraw", "reset_withdraw", views.withdraw, roles=OWNER)


class _Views:
    def __init__(self, site: Site) -> None:
        self._site = site

    def page(self, wrong: str = "", unlike: str = "", problem: str = "", status: int = HTTPStatus.OK) -> Response:
        """What it means, and how it stands."""
        told = self._site.steward.ask(AskUpdates())
        return self._site.page(
            "reset.html",
            status if isinstance(told, Updates) else HTTPStatus.SERVICE_UNAVAILABLE,
            told=told if isinstance(told, Updates) else None,
            sentence=self._sentence(),
            wrong=wrong,
            unlike=unlike,
            problem=problem,
        )

    def reset(self) -> Response:
        """At the next start."""
        typed = " ".join(request.form.get("sentence", "")[:_LONGEST].split())
        # The sentence first: a password that is tried counts, and whoever typed half a form is no guesser.
        if typed.casefold() != self._sentence().casefold():
            unlike = self._site.words().say("reset.unlike", sentence=self._sentence())
            return self.page(unlike=unlike, status=HTTPStatus.BAD_REQUEST)
        if wrong := not_known(self._site, request.form.get("current", "")[:_LONGEST]):
            return self.page(wrong, status=HTTPStatus.FORBIDDEN)
        return self._then(FactoryReset(self._site.who().login))

    def withdraw(self) -> Response:
        """Not after all."""
        return self._then(FactoryReset(self._site.who().login, withdraw=True))

    def _then(self, asked: wire.Request) -> Response:
        try:
            reply = self._site.steward.ask(asked)
        except ApplianceError:
            reply = StewardRefused(wire.StewardRefusal.FAILED)
        if isinstance(reply, Done):
            return see(RESET)
        said = reply.why if isinstance(reply, StewardRefused) else ""
        return self.page(problem=self._site.words().say("reset.refused", said=said), status=HTTPStatus.CONFLICT)

    def _sentence(self) -> str:
        return self._site.words().say("reset.sentence")
