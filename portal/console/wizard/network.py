"""Which port leads to the Internet and which to visitors, with what is plugged in; and the Wi-Fi's name and channel.

A change of ports is undone by itself unless the owner's browser still finds the box. Must not know: the kernel.
"""

from __future__ import annotations

from http import HTTPStatus

from flask import request
from werkzeug.wrappers import Response as AnyResponse

from appliance import wifi
from appliance.steward.wire import (
    KeepSettings,
    NetworkPort,
    Problem,
    SaveSecret,
    SecretKind,
    StewardRefusal,
    StewardRefused,
    UndoSettings,
)
from appliance.wire_words import Language
from portal.console.routes import see
from portal.console.site import Site
from portal.console.wizard import steps
from portal.console.wizard.ground import Ground, StewardSaysNo, change, ground, ports_of, step_page
from portal.console.wizard.guesses import Sides, guessed, is_cut_off, reasons, wired_anew
from portal.console.wizard.steps import Step
from portal.console.wizard.venue import one_line

UNDO_S = 120


def judged(ports: tuple[NetworkPort, ...], chosen: Sides, *, ours: bool = False) -> dict[str, str]:
    """What is wrong with the choice, by field, as keys of the catalogue.

    Args:
        ours: the bridge is made as the configuration says, so that a port leaves it when it is the Internet's.
    """
    names = {port.name for port in ports}
    problems = {side: "wizard.network.choose" for side in ("wan", "lan") if getattr(chosen, side) not in names}
    if not problems and chosen.wan == chosen.lan:
        problems["lan"] = "wizard.network.same"
    elif not problems and not ours and any(port.name == chosen.wan and port.bridge for port in ports):
        problems["wan"] = "wizard.network.in_bridge"
    return problems


class Network:
    """Its page and forms."""

    def __init__(self, site: Site) -> None:
        self._site = site

    def show(self) -> AnyResponse:
        """All ports, a likely choice made; or a change that waits to be kept."""
        at, ports = ground(self._site), ports_of(self._site)
        return self._page(at, ports, guessed(ports, at.config.wan.interface, at.config.lan.interface))

    def save(self) -> AnyResponse:
        """Try it, to be undone by itself."""
        at, ports = ground(self._site), ports_of(self._site)
        chosen = Sides(request.form.get("wan", ""), request.form.get("lan", ""))
        if problems := judged(ports, chosen, ours=at.config.makes_network):
            return self._page(at, ports, chosen, problems)
        cut_off = is_cut_off(ports, request.host, at.config.wan.interface, at.config.lan.interface, chosen)
        if cut_off and request.form.get("sure") != "yes":
            return self._page(at, ports, chosen, {"sure": "wizard.network.cut_off"})
        values = wired_anew(at.config, ports, chosen)
        if refused := change(self._site, at, values, UNDO_S):
            return self._page(at, ports, chosen, refused=refused)
        pending = ground(self._site).settings.undo_in_s is not None
        return see(steps.path_of(Step.NETWORK if pending else Step.WIFI))

    def keep(self) -> AnyResponse:
        """The browser found the box again: the change stays."""
        reply = self._site.steward.ask(KeepSettings(self._site.who().login))
        if isinstance(reply, StewardRefused):
            if reply.refusal is not StewardRefusal.NOTHING_PENDING:
                raise StewardSaysNo(reply)
            return see(steps.path_of(Step.NETWORK))  # too late: it was undone
        return see(steps.path_of(Step.WIFI))

    def undo(self) -> AnyResponse:
        """Back to what it was."""
        reply = self._site.steward.ask(UndoSettings(self._site.who().login))
        if isinstance(reply, StewardRefused) and reply.refusal is not StewardRefusal.NOTHING_PENDING:
            raise StewardSaysNo(reply)
        return see(steps.path_of(Step.NETWORK))

    def _page(
        self,
        at: Ground,
        ports: tuple[NetworkPort, ...],
        chosen: Sides,
        problems: dict[str, str] | None = None,
        refused: tuple[Problem, ...] = (),
    ) -> AnyResponse:
        return step_page(
            self._site,
            Step.NETWORK,
            HTTPStatus.UNPROCESSABLE_ENTITY if problems or refused else HTTPStatus.OK,
            at=at,
            ports=ports,
            chosen=chosen,
            problems=problems or {},
            refused=refused,
            undo_in_s=at.settings.undo_in_s,
            reasons=reasons(at.config, Language(self._site.language())),
        )


class Wifi:
    """Its page and form."""

    def __init__(self, site: Site) -> None:
        self._site = site

    def show(self) -> AnyResponse:
        """The name; the channel too where the box has a radio."""
        at = ground(self._site)
        own = at.config.wifi
        typed = {"name": at.config.network_name, "band": own.band.value, "channel": str(own.channel)}
        return self._page(at, {**typed, "security": own.security.value})

    def save(self) -> AnyResponse:
        """Keep it and go on."""
        at = ground(self._site)
        own = at.config.wifi
        typed = {"name": one_line("name"), "band": own.band.value, "channel": str(own.channel)}
        typed["security"] = own.security.value
        typed |= {field: request.form[field] for field in ("band", "channel", "security") if field in request.form}
        problems: dict[str, str] = {}
        if not typed["name"]:
            problems["name"] = "wizard.wifi.name_missing"
        elif len(typed["name"].encode()) > wifi.LONGEST_NAME:
            problems["name"] = "wizard.wifi.name_long"
        if typed["band"] not in set(wifi.Band):
            typed["band"] = own.band.value
        if typed["channel"] not in {"0", *map(str, wifi.CHANNELS[wifi.Band(typed["band"])])}:
            problems["channel"] = "wizard.wifi.channel_of_other_band"
        if typed["security"] not in set(wifi.Security):
            typed["security"] = own.security.value
        password = request.form.get("password", "")
        if password and not wifi.is_wifi_password(password):
            problems["password"] = "wizard.wifi.password_wrong"
        elif typed["security"] == wifi.Security.PSK and not password and own.security is not wifi.Security.PSK:
            problems["password"] = "wizard.wifi.password_missing"
        if problems:
            return self._page(at, typed, problems)
        if password:
            secret = SaveSecret(SecretKind.WIFI_PASSWORD, password.encode(), self._site.who().login)
            reply = self._site.steward.ask(secret)
            if isinstance(reply, StewardRefused):
                raise StewardSaysNo(reply)
        values: dict[str, object] = {
            "wifi.name": typed["name"],
            "wifi.band": typed["band"],
            "wifi.channel": int(typed["channel"]),
        }
        # Of somebody else's access point nothing is known, and nothing is written.
        if "security" in request.form:
            values["wifi.security"] = typed["security"]
        if refused := change(self._site, at, values):
            return self._page(at, typed, refused=refused)
        return see(steps.path_of(Step.SMS))

    def _page(
        self,
        at: Ground,
        typed: dict[str, str],
        problems: dict[str, str] | None = None,
        refused: tuple[Problem, ...] = (),
    ) -> AnyResponse:
        return step_page(
            self._site,
            Step.WIFI,
            HTTPStatus.UNPROCESSABLE_ENTITY if problems or refused else HTTPStatus.OK,
            at=at,
            typed=typed,
            problems=problems or {},
            refused=refused,
            has_radio=any(port.wireless for port in ports_of(self._site)),
            own_radio=bool(at.config.wifi.interface),
            channels=[(band.value, numbers) for band, numbers in wifi.CHANNELS.items()],
        )
