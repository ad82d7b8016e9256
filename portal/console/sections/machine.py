"""For programs: health, figures for Prometheus, and the JSON interface.

``portal/console/operations.py`` lists all of it. Must not know: how anything is carried out.
"""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from importlib.metadata import version as installed_version
from typing import TypeVar

import msgspec
from flask import Response, request
from msgspec import ValidationError, convert

from appliance import vouchers, wire
from appliance.errors import ApplianceError
from appliance.seeking import whole_number
from appliance.steward.wire import Certificates, ListCertificates
from appliance.wire import Done, EndVisit, LiveVisit, LookAtSpending, Mac, Spending
from appliance.wire_console import Figures, FindVisits, FoundVisits, LookAtFigures, LookAtVenue, VenueNow
from appliance.wire_desk import ListVouchers, MakeVouchers, VoidVouchers
from appliance.wire_desk import MadeVouchers as Made
from appliance.wire_desk import Vouchers as Listed
from appliance.wire_journal import NoteLook
from portal.console import story_words
from portal.console.api import ask, offer
from portal.console.api_types import (
    Found,
    Health,
    Light,
    MadeVouchers,
    OrderVouchers,
    SeekVisits,
    Visit,
    Visits,
    VoucherBatch,
    VoucherBatches,
    moment,
)
from portal.console.bearers import bearer, staff
from portal.console.examiner import Examiner
from portal.console.lights import lights, verdict
from portal.console.openapi import description
from portal.console.problems import problem
from portal.console.routes import Routes
from portal.console.searches import Searches
from portal.console.site import Site

_Reply = TypeVar("_Reply")


def register(routes: Routes, site: Site) -> None:
    """All but the extracts, which stand with the journal's pages."""
    views = _Views(site)
    offer(routes, "metrics", views.metrics)
    offer(routes, "openapi", views.describe)
    offer(routes, "health", views.health)
    offer(routes, "visits", views.visits)
    offer(routes, "end_visit", views.end)
    offer(routes, "vouchers", views.vouchers)
    offer(routes, "make_vouchers", views.make_vouchers)
    offer(routes, "void_vouchers", views.void_vouchers)


class _Views:
    def __init__(self, site: Site) -> None:
        self._site, self._examiner = site, Examiner(site.steward)
        self._searches = Searches(lambda: site.now().timestamp())
        self._version = installed_version("qaqpa")
        self._described = msgspec.json.encode(description(self._version))

    def metrics(self, _: None) -> Response:
        """What can be found out; a gate that is away is a figure too."""
        # For the venue that has a Prometheus.
        from prometheus_client.exposition import choose_encoder

        from portal.console.metrics import Figured, Known

        figures = self._maybe(LookAtFigures(), Figures)
        known = Known(
            self._site.config,
            self._version,
            up=figures is not None,
            venue=self._maybe(LookAtVenue(), VenueNow) if figures else None,
            figures=figures,
            spending=self._maybe(LookAtSpending(), Spending) if figures else None,
            certificates=self._certificates(),
        )
        encode, media = choose_encoder(request.headers.get("Accept", ""))
        return Response(encode(Figured(known)), content_type=media)

    def describe(self, _: None) -> Response:
        return Response(self._described, mimetype="application/json")

    def health(self, _: None) -> Health:
        try:
            reply, answers = self._site.gate.ask(LookAtVenue()), True
        except ApplianceError:
            reply, answers = None, False
        venue = reply if isinstance(reply, VenueNow) else None
        shown = lights(venue, answers, self._examiner.findings(), https=self._site.config.portal.https)
        return Health(
            verdict(shown, venue),
            tuple(
                Light(each.name, each.state, tuple(Found(one.what, one.remedy) for one in each.findings))
                for each in shown
            ),
            venue.online if venue else None,
            venue.away if venue else None,
            venue.troubles if venue else (),
        )

    def visits(self, sought: SeekVisits) -> Visits | Response:
        """Whole numbers, and one by its number, only when the journal knows of the look."""
        by_number = bool(whole_number(sought.query))
        if by_number and not sought.whole and not self._searches.enter(staff(bearer())):
            detail = "These were enough searches by number for now; ask again in a minute."
            return problem(HTTPStatus.TOO_MANY_REQUESTS, "too_many_searches", detail)
        if sought.whole or by_number:
            begins = f"live visits from {sought.offset + 1}" if sought.whole else "live visits by number"
            what = begins + (f", {sought.query!r}" if sought.query else "")
            noted = ask(self._site, NoteLook(by=staff(bearer()), what=what[:200]), Done)
            if isinstance(noted, Response):
                return noted
        asked = FindVisits(
            sought.query, sought.sort, sought.descending, sought.offset, sought.limit, by_part=sought.whole
        )
        found = ask(self._site, asked, FoundVisits)
        if isinstance(found, Response):
            return found
        return Visits(found.total, tuple(_visit(each, sought.whole) for each in found.visits))

    def end(self, _: None, device: str) -> Response | None:
        try:
            mac = convert(device.lower(), Mac)
        except ValidationError:
            detail = "Name the device by its MAC address: six pairs of hexadecimal digits with colons."
            return problem(HTTPStatus.UNPROCESSABLE_ENTITY, "not_valid", detail, field="device")
        return _unless_refused(ask(self._site, EndVisit(mac=mac, staff=staff(bearer())), Done))

    def vouchers(self, _: None) -> VoucherBatches | Response:
        told = ask(self._site, ListVouchers(staff(bearer())), Listed)
        if isinstance(told, Response):
            return told
        return VoucherBatches(
            tuple(
                VoucherBatch(
                    *(each.batch, each.label, each.count, each.used, each.max_s, each.quota_bytes),
                    expires=moment(each.expires_utc_ms),
                    void=each.void,
                )
                for each in told.batches
            )
        )

    def make_vouchers(self, order: OrderVouchers) -> MadeVouchers | Response:
        limits = {"max_s": order.max_s, "quota_mb": order.quota_mb, "valid_days": order.valid_days}
        asked = MakeVouchers(staff(bearer()), label=order.label, count=order.count, **limits)
        made = ask(self._site, asked, Made)
        if isinstance(made, Response):
            return made
        return MadeVouchers(made.batch, tuple(vouchers.grouped(code) for code in made.codes))

    def void_vouchers(self, _: None, batch: str) -> Response | None:
        return _unless_refused(ask(self._site, VoidVouchers(staff(bearer()), batch=batch[:64]), Done))

    def _maybe(self, question: wire.Request, kind: type[_Reply]) -> _Reply | None:
        try:
            reply = self._site.gate.ask(question)
        except ApplianceError:
            return None
        return reply if isinstance(reply, kind) else None

    def _certificates(self) -> Mapping[str, float] | None:
        try:
            reply = self._site.steward.ask(ListCertificates())
        except ApplianceError:
            return None
        return reply.ends_utc_s if isinstance(reply, Certificates) else None


def _visit(visit: LiveVisit, whole: bool) -> Visit:
    return Visit(
        visit.visit,
        visit.device,
        story_words.number(visit.number, whole),
        visit.method,
        visit.phase,
        visit.addresses,
        moment(visit.began_utc_ms),
        moment(visit.left_utc_ms) if visit.left_utc_ms is not None else None,
        visit.up_bytes,
        visit.down_bytes,
    )


def _unless_refused(done: Done | Response) -> Response | None:
    return done if isinstance(done, Response) else None
