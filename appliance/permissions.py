"""Which role may ask what. Whoever may more may all that others may.

Must not know: how a role is proved, what a request brings about.
"""

from __future__ import annotations

from typing import get_args

from appliance import wire
from appliance.inbox import Role
from appliance.wire_console import ConsoleRequest
from appliance.wire_desk import DeskRequest
from appliance.wire_journal import LookAtKey, NoteLook, SignExtract

_RANK = (Role.PORTAL, Role.STAFF, Role.ADMINISTRATOR)
_STAFF = (
    wire.ListVisits,
    wire.EndVisit,
    wire.ListSources,
    wire.LookAtSpending,
    LookAtKey,
    SignExtract,
    NoteLook,
    *get_args(DeskRequest),
    *get_args(ConsoleRequest),
)
_VISITORS = (
    wire.Look,
    wire.AskPassword,
    wire.EnterPassword,
    wire.ChooseLanguage,
    wire.AskCode,
    wire.Leave,
    wire.RedeemVoucher,
)


def least(kind: type) -> Role:
    """The role that suffices for this kind of request; what is nowhere named is the administrator's."""
    if kind in _VISITORS:
        return Role.PORTAL
    return Role.STAFF if kind in _STAFF else Role.ADMINISTRATOR


def may(role: Role, request: wire.Request) -> bool:
    """Whether the role may ask this."""
    return _RANK.index(role) >= _RANK.index(least(type(request)))
