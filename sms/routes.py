"""Which provider a message goes to: those that serve its number, in the owner's order, the first that can be relied on.

    >>> choose((0, 1), (Condition(room=0, steady=False), Condition(room=3, steady=True)))
    1

Pure. Must not know: messages, links.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sms.settings import Provider

Route = tuple[int, ...]
"""Indices of providers, the preferred one first."""


@dataclass(frozen=True, slots=True)
class Condition:
    """How a provider is now."""

    room: int
    """How many submissions it takes."""
    steady: bool
    """Whether what it has is answered in good time; one without room but steady is worth a moment's wait."""


def route(providers: Sequence[Provider], number: str) -> Route:
    """Who serves this number (E.164); empty when nobody does."""
    return tuple(
        index
        for index, provider in enumerate(providers)
        if not provider.prefixes or number.startswith(provider.prefixes)
    )


def choose(candidates: Route, conditions: Sequence[Condition]) -> int | None:
    """Who of them is handed the next submission; None: it waits.

    The first steady one, also when it has no room for the moment: to spill over at each full window would send through
    the dearer one whatever comes in bursts. Without any, the first that takes something at all.
    """
    steady = next((index for index in candidates if conditions[index].steady), None)
    if steady is not None:
        return steady if conditions[steady].room else None
    return next((index for index in candidates if conditions[index].room), None)
