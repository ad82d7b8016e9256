"""What the gate answers to staff: what was asked for, or a problem in the words of whoever asked.

    found = ask(site, FindDevice(staff=login, code=code), Found)
    if isinstance(found, Problem):
        return site.page("desk.html", found.status, problem=found)

Must not know: pages.
"""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import TypeVar

from appliance import wire
from appliance.errors import GateUnreachable, WireError
from appliance.wire import Refused
from appliance.wire_desk import DeskRefusal, DeskRefused
from portal.console.site import Site
from portal.words import Words

GATE_SILENT = "gate_silent"
SAID = frozenset(
    {
        *("already_online", "bad_request", "blocked", "budget_spent", "busy", "country_not_allowed", "device_limit"),
        *("forbidden", "journal_unavailable", "no_password_asked", "no_such_block", "no_such_visit", "not_a_number"),
        *("not_mobile", "not_your_turn", "number_limit", "password_expired", "password_malformed", "password_wrong"),
        *("prefix_limit", "sms_unavailable", "too_many_tries", "too_soon", "unknown_device", "venue_closed"),
        *("venue_limit",),
    }
)
"""Refusals that have a sentence of their own; the others concern visitors alone."""

_Reply = TypeVar("_Reply")


@dataclass(frozen=True)
class Problem:
    """Why something was not done, and what to do about it."""

    why: str
    """A refusal of the gate's, or ``GATE_SILENT``."""
    sentence: str
    field: str = ""
    """Which field of the form it is about; "": none."""

    @property
    def status(self) -> int:
        """Of the answer that tells it."""
        return HTTPStatus.SERVICE_UNAVAILABLE if self.why == GATE_SILENT else HTTPStatus.UNPROCESSABLE_ENTITY


def ask(site: Site, request: wire.Request, kind: type[_Reply]) -> _Reply | Problem:
    """The gate's answer of this kind; anything else is a problem."""
    try:
        reply = site.gate.ask(request)
    except (GateUnreachable, WireError):
        return Problem(GATE_SILENT, site.words().say("desk.refusal.gate_silent"))
    if isinstance(reply, kind):
        return reply
    if isinstance(reply, Refused | DeskRefused):
        return told(reply, site.words())
    return Problem(GATE_SILENT, site.words().say("desk.refusal.gate_silent"))


def told(refused: Refused | DeskRefused, words: Words) -> Problem:
    """The refusal for a person."""
    if isinstance(refused, DeskRefused):
        field = refused.field if refused.why is not DeskRefusal.STAFF_UNNAMED else ""
        name = words.say(f"desk.field.{field}") if field in FIELDS else field
        said = [words.say(f"desk.refused.{refused.why}", field=name)]
        why = refused.why.value
    else:
        why, field = refused.refusal.value, ""
        said = [words.say(f"desk.refusal.{why if why in SAID else 'other'}")]
        if refused.tries_left:
            said.append(words.count("desk.tries_left", refused.tries_left))
    if refused.retry_in_s:
        said.append(words.say("desk.again_in", **{"in": words.wait_told(refused.retry_in_s)}))
    return Problem(why, " ".join(said), field)


FIELDS = (
    *("surname", "given_name", "patronymic", "document_kind", "document_number", "iin", "birth_date"),
    *("label", "staff"),
)
"""Fields that a refusal may be about; each has a name in the catalogue."""
