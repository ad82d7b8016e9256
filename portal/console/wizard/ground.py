"""What every step stands on: the configuration as it is now, changing it, and the page around a step.

Must not know: any step.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import wraps
from http import HTTPStatus
from types import MappingProxyType

from flask import Response, abort
from werkzeug.wrappers import Response as AnyResponse

from appliance import config as configuration
from appliance import wire
from appliance.config import Config
from appliance.errors import ApplianceError, GateUnreachable
from appliance.staff.roles import StaffRole
from appliance.steward.wire import (
    ApplySettings,
    ListPorts,
    NetworkPort,
    Pending,
    Ports,
    Problem,
    ReadSettings,
    Settings,
    StewardRefusal,
    StewardRefused,
    Tried,
    TrySettings,
)
from appliance.wire_console import NoteStaff, StaffAct
from portal.console.routes import View
from portal.console.site import Site
from portal.console.wizard import steps
from portal.console.wizard.steps import Step


class StewardSaysNo(ApplianceError):
    """What was asked of the steward it refused."""

    def __init__(self, refused: StewardRefused) -> None:
        self.refusal = refused.refusal
        super().__init__(refused.why or refused.refusal.value)


@dataclass(frozen=True)
class Ground:
    """The configuration in force."""

    settings: Settings
    config: Config

    def done(self, site: Site) -> frozenset[Step]:
        """The steps that are finished; a wiring that may yet be undone is not.

        Raises:
            ApplianceError
        """
        finished = steps.done(self.settings.toml, self.config, len(site.office.accounts.all()), ports_of(site))
        return finished - {Step.NETWORK} if self.settings.undo_in_s is not None else finished


def ground(site: Site) -> Ground:
    """Asked anew at each request: what the console was started with may be older.

    Raises:
        ApplianceError
    """
    settings = site.steward.ask(ReadSettings())
    if isinstance(settings, StewardRefused):
        raise StewardSaysNo(settings)
    assert isinstance(settings, Settings)
    return Ground(settings, configuration.parse(settings.toml, "qaqpa.toml"))


def ports_of(site: Site) -> tuple[NetworkPort, ...]:
    """The machine's ports, just now.

    Raises:
        ApplianceError
    """
    reply = site.steward.ask(ListPorts())
    if isinstance(reply, StewardRefused):
        raise StewardSaysNo(reply)
    assert isinstance(reply, Ports)
    return reply.ports


def change(
    site: Site,
    at: Ground,
    values: Mapping[str, object],
    undo_s: int = 0,
    passwords: Mapping[str, str] = MappingProxyType({}),
) -> tuple[Problem, ...]:
    """Put these values in force; what is wrong with them, if anything.

    Args:
        undo_s: undone by itself after so long unless it is kept; 0: kept at once. Before the venue opens nobody is
            there whom a mistake would cut off, but for the owner, at the network's step.
        passwords: SMPP passwords that come with it, by provider.

    Raises:
        StewardSaysNo: somebody else's change is in the way, or it failed.
        StillStarting: the answer before is being put in force.
    """
    from appliance.steward.editing import with_values  # for who changes something

    toml = with_values(at.settings.toml, values)
    if toml == at.settings.toml and not passwords:
        return ()
    tried = site.steward.ask(TrySettings(toml))
    if isinstance(tried, Tried) and tried.problems:
        return tried.problems
    if isinstance(tried, Tried):
        reply = site.steward.ask(ApplySettings(toml, at.settings.digest, site.who().login, undo_s, dict(passwords)))
        if isinstance(reply, Pending):
            return ()
    else:
        reply = tried
    assert isinstance(reply, StewardRefused)
    if reply.refusal is StewardRefusal.PROBLEMS:
        return (Problem("", reply.why),)
    if reply.refusal is StewardRefusal.PENDING_ALREADY and ground(site).settings.undo_in_s is None:
        raise StillStarting
    raise StewardSaysNo(reply)


class StillStarting(ApplianceError):
    """What was answered before is being put in force, and nothing else meanwhile."""


def note(site: Site, act: StaffAct, login: str, detail: str = "") -> None:
    """Have the journal record it.

    Raises:
        ApplianceError: it is not recorded, so it must not be done.
    """
    reply = site.gate.ask(NoteStaff(staff=login, act=act, role=StaffRole.OWNER.value, detail=detail))
    if isinstance(reply, wire.Refused):
        raise NotRecorded(reply.refusal)


class NotRecorded(ApplianceError):
    """The journal did not take it."""

    def __init__(self, refusal: wire.Refusal) -> None:
        self.refusal = refusal
        super().__init__(f"the journal could not record it: {refusal.value}")


def step_page(site: Site, step: Step, status: int = 200, *, at: Ground | None = None, **values: object) -> Response:
    """A step's page, with how far the owner is."""
    at = at or ground(site)
    finished = at.done(site)
    return site.page(
        f"wizard_{step}.html",
        status,
        **{
            "step": step,
            "steps": [(each, steps.path_of(each), each in finished) for each in Step],
            "back": steps.before(step),
            "path_of": steps.path_of,
            "next_path": steps.path_of(steps.after(step)),
            "unfinished": not at.config.venue.open,
            "problems": {},
            "refused": (),
            **values,
        },
    )


def guarded(site: Site, view: View, *, stays: bool = False) -> View:
    """The view while the wizard is there; what is out of reach becomes a page that says what to do.

    Args:
        stays: it is there afterwards too.
    """

    @wraps(view)
    def seen(**arguments: object) -> AnyResponse:
        try:
            if not stays and ground(site).config.venue.open:
                abort(HTTPStatus.NOT_FOUND)
            return view(**arguments)
        except ApplianceError as error:
            return trouble(site, error)

    return seen


def trouble(site: Site, error: ApplianceError) -> Response:
    """What is in the way, and what to do."""
    if isinstance(error, StewardSaysNo):
        known = {StewardRefusal.CHANGED_MEANWHILE, StewardRefusal.PENDING_ALREADY}
        key = f"wizard.trouble.{error.refusal}" if error.refusal in known else "wizard.trouble.failed"
    elif isinstance(error, StillStarting):
        key = "wizard.trouble.starting"
    elif isinstance(error, GateUnreachable):
        key = "wizard.trouble.unreachable"
    else:
        key = "wizard.trouble.failed"
    told = "" if key != "wizard.trouble.failed" else str(error)
    return site.page("wizard_trouble.html", HTTPStatus.SERVICE_UNAVAILABLE, sentence=key, told=told)
