"""The first hour: the box is claimed and set up; and the poster, which stays.

Claiming is open to whoever reaches the console while the box is nobody's. The steps are the owner's until the venue
opens, then they are gone. Must not know: how anything is carried out.
"""

from __future__ import annotations

from flask import Response
from werkzeug.wrappers import Response as AnyResponse

from appliance.posting import poster_of
from portal.console.routes import OWNER, Routes, View, see
from portal.console.site import Site
from portal.console.wizard import steps
from portal.console.wizard.claiming import Claiming
from portal.console.wizard.finishing import Finishing
from portal.console.wizard.ground import ground, guarded, step_page
from portal.console.wizard.messages import Messages
from portal.console.wizard.network import Network, Wifi
from portal.console.wizard.staffing import Staffing
from portal.console.wizard.steps import Step
from portal.console.wizard.venue import Terms, TheVenue


def register(routes: Routes, site: Site) -> None:
    """Its pages and forms."""
    claiming, finishing, messages = Claiming(site), Finishing(site), Messages(site)
    network, staffing = Network(site), Staffing(site)
    routes.public("/setup/claim", "wizard_claim", claiming.show)
    routes.public("/setup/claim", "wizard_claimed", claiming.take, method="POST")
    pages: tuple[tuple[str, str, View], ...] = (
        ("/setup", "wizard", finishing.enter),
        ("/setup/venue", "wizard_venue", TheVenue(site).show),
        ("/setup/terms", "wizard_terms", Terms(site).show),
        ("/setup/network", "wizard_network", network.show),
        ("/setup/wifi", "wizard_wifi", Wifi(site).show),
        ("/setup/sms", "wizard_sms", messages.show),
        ("/setup/sms/test", "wizard_test", messages.ask_number),
        ("/setup/sms/test/<test>", "wizard_follow", messages.follow),
        ("/setup/staff", "wizard_staff", staffing.show),
        ("/setup/finish", "wizard_finish", finishing.show),
    )
    forms: tuple[tuple[str, str, View], ...] = (
        ("/setup/venue", "wizard_save_venue", TheVenue(site).save),
        ("/setup/terms", "wizard_save_terms", Terms(site).save),
        ("/setup/network", "wizard_save_network", network.save),
        ("/setup/network/keep", "wizard_keep_network", network.keep),
        ("/setup/network/undo", "wizard_undo_network", network.undo),
        ("/setup/wifi", "wizard_save_wifi", Wifi(site).save),
        ("/setup/sms", "wizard_save_sms", messages.save),
        ("/setup/sms/test", "wizard_send_test", messages.test),
        ("/setup/staff", "wizard_make_account", staffing.make),
        ("/setup/finish", "wizard_open", finishing.open),
    )
    for path, name, view in pages:
        routes.page(path, name, guarded(site, view), roles=OWNER)
    for path, name, view in forms:
        routes.form(path, name, guarded(site, view), roles=OWNER)
    paper = _Paper(site)
    routes.page("/poster", "poster", guarded(site, paper.show, stays=True), roles=OWNER, nav="wizard.nav_poster")
    routes.page("/poster.pdf", "poster_pdf", guarded(site, paper.file, stays=True), roles=OWNER)


class _Paper:
    """The poster's page and its file."""

    def __init__(self, site: Site) -> None:
        self._site = site

    def show(self) -> AnyResponse:
        """What it is, and where to get it."""
        at = ground(self._site)
        return step_page(self._site, Step.POSTER, at=at, network=at.config.wifi.name)

    def file(self) -> AnyResponse:
        """A4 as PDF; without a Wi-Fi's name, the page that asks for it."""
        printed = poster_of(ground(self._site).config)
        if printed is None:
            return see(steps.path_of(Step.POSTER))
        answer = Response(printed, mimetype="application/pdf")
        answer.headers["Content-Disposition"] = 'inline; filename="poster.pdf"'
        return answer
