"""The captive portal API (RFC 8908): where a device stands, for the device itself to read.

    GET /captive-portal    → {"captive":true,"user-portal-url":"https://login.example.kz/","can-extend-session":false}

Clients that were told of it (RFC 8910) believe it instead of their probes, after login too, so it asks the gate each
time. Must not know: pages, words, who announces it.
"""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus

import msgspec
from flask import Flask, Response, request

from appliance.errors import ApplianceError
from appliance.wire import Look, Phase, Refusal, Refused, Reply, Status
from portal.visitor import incoming
from portal.visitor.views import Asks

PATH = "/captive-portal"
"""What ``appliance.announcement`` announces."""
MEDIA_TYPE = "application/captive+json"


class Captivity(msgspec.Struct, frozen=True, rename="kebab", omit_defaults=True):
    """The keys of RFC 8908 §5; what has no default is always said."""

    captive: bool
    user_portal_url: str
    can_extend_session: bool
    venue_info_url: str | None = None
    seconds_remaining: int | None = None
    bytes_remaining: int | None = None


@dataclass(frozen=True)
class CaptivePortalApi:
    """The one route.

    Args:
        portal_url: the portal's https address; captive clients drop an answer without it.
        venue_url: the venue's own page, if it has one.
    """

    asks: Asks
    portal_url: str
    venue_url: str = ""

    def register(self, app: Flask) -> None:
        app.add_url_rule(PATH, "captive_portal", self.answer)

    def answer(self) -> Response:
        """This device's captivity; 503 without a body when the gate cannot say.

        To call a device captive because the gate is being restarted would put a login page over a working connection;
        on 503 clients go by their probes, which tell the truth.
        """
        try:
            reply = self.asks.ask(Look(ip=incoming.device_ip(request)))
        except ApplianceError:
            return _cannot_say()
        captivity = captivity_of(reply, self.portal_url, self.venue_url)
        if captivity is None:
            return _cannot_say()
        return Response(msgspec.json.encode(captivity), mimetype=MEDIA_TYPE)


def captivity_of(reply: Reply, portal_url: str, venue_url: str = "") -> Captivity | None:
    """What the gate's word about a device means in the API's; None if it says nothing."""
    match reply:
        case Status(phase=Phase.ONLINE):
            return Captivity(
                captive=False,
                user_portal_url=portal_url,
                # A visit ends and another begins with another password (¶9); nothing on the portal makes one longer.
                can_extend_session=False,
                # Only now: before login the venue's page would be one more address that leads to the login page.
                venue_info_url=venue_url or None,
                seconds_remaining=reply.seconds_remaining,
                bytes_remaining=reply.bytes_remaining,
            )
        # Nothing passes for a device that is away, nor for one that the gate does not know.
        case Status() | Refused(refusal=Refusal.UNKNOWN_DEVICE | Refusal.NOT_ON_LAN):
            return Captivity(captive=True, user_portal_url=portal_url, can_extend_session=False)
        case _:
            return None


def _cannot_say() -> Response:
    return Response(status=HTTPStatus.SERVICE_UNAVAILABLE, headers={"Retry-After": "2"})
