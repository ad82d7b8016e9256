"""Which steps there are, and where an interrupted owner goes on: by what is configured, never by a session. Pure.

    >>> where_to_go_on(frozenset({Step.VENUE, Step.NETWORK}))
    <Step.WIFI: 'wifi'>

Must not know: pages, who asks.
"""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from enum import StrEnum

from appliance.config import Config
from appliance.sections import SmsProvider
from appliance.steward.wire import NetworkPort


class Step(StrEnum):
    """In their order; claiming comes before all of them and needs no account."""

    VENUE = "venue"
    TERMS = "terms"
    NETWORK = "network"
    WIFI = "wifi"
    SMS = "sms"
    STAFF = "staff"
    POSTER = "poster"
    FINISH = "finish"


NEEDED = frozenset({Step.VENUE, Step.NETWORK})
"""Without these no venue opens; the others may be passed by."""


NEVER_DONE = frozenset({Step.POSTER, Step.FINISH})
"""Of these nobody can say that they were."""


def path_of(step: Step) -> str:
    """Where its page is; the poster's stays when the wizard has gone."""
    return "/poster" if step is Step.POSTER else f"/setup/{step}"


def after(step: Step) -> Step:
    """The next one; the last one is its own."""
    order = list(Step)
    return order[min(order.index(step) + 1, len(order) - 1)]


def before(step: Step) -> Step | None:
    """The one to go back to."""
    order = list(Step)
    return order[order.index(step) - 1] if order.index(step) else None


def done(toml: str, config: Config, accounts: int, ports: Sequence[NetworkPort]) -> frozenset[Step]:
    """What there is already.

    Args:
        toml: the text of ``config``: a value that nobody wrote was chosen by nobody.
        accounts: how many people may sign in.
        ports: of this machine; a configuration may name those of another.
    """
    written = tomllib.loads(toml)
    names = {port.name for port in ports}
    sides = {port.bridge or port.name for port in ports}
    is_done = {
        Step.VENUE: bool(config.venue.address and config.venue.owner_id),
        Step.TERMS: any(config.venue.terms.texts.values()),
        Step.NETWORK: "interface" in written.get("wan", {})
        and config.wan.interface in names
        and config.lan.interface in sides,
        Step.WIFI: bool(config.wifi.name),
        Step.SMS: config.sms.provider[0].host != SmsProvider().host,
        Step.STAFF: accounts > 1,
    }
    return frozenset(step for step, yes in is_done.items() if yes)


def where_to_go_on(finished: frozenset[Step]) -> Step:
    """The first step that is needed and not done; else, the one after the last that was: what was passed by before it
    was passed by on purpose."""
    missing = next((step for step in Step if step in NEEDED and step not in finished), None)
    behind = [
        step for step in Step if step in finished and (missing is None or list(Step).index(step) < _place(missing))
    ]
    reached = after(behind[-1]) if behind else Step.VENUE
    return reached if missing is None or _place(reached) < _place(missing) else missing


def _place(step: Step) -> int:
    return list(Step).index(step)
