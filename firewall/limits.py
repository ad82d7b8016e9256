"""What one device may ask of the gate's memory and time, as rules' matches, so that its flood harms nobody else.

Must not know: families' chains, who is admitted.
"""

from __future__ import annotations

from firewall.rules import Match, Rule
from firewall.settings import Settings

# One address each of the largest LAN. A hashlimit table that is full refuses whoever is not in it yet, so it must be
# larger than the number of addresses that can reach its rule.
_TABLE = 65536
_REMEMBERED_S = 10


def new_connections(settings: Settings, name: str, address_bits: int, *only: Match) -> tuple[Rule, ...]:
    """Drop a device's new connections beyond its share; ``name`` (with the family) is the kernel's name for the count.

    Two limits, because each alone has a hole: the rate keeps one device from keeping a processor busy with making and
    forgetting connections (and keeps short what connlimit must walk through); the number keeps it from filling the
    connection table, which all share.
    """
    rate, burst = settings.new_connections_per_s, settings.new_connections_burst
    fast = Match(
        "hashlimit",
        (
            ("hashlimit-above", f"{rate}/sec"),
            ("hashlimit-burst", str(burst)),
            ("hashlimit-mode", "srcip"),
            # The kernel keeps a table of this name, with its old figures, while a rule names it, and a reloaded chain
            # overlaps with the old one: so the figures are part of the name.
            ("hashlimit-name", f"{name}-{rate}-{burst}"),
            ("hashlimit-htable-max", str(_TABLE)),
            # A device that pauses must not find its burst anew before it has earned it.
            ("hashlimit-htable-expire", str(1000 * max(_REMEMBERED_S, -(-burst // rate)))),
        ),
    )
    many = Match(
        "connlimit",
        (
            ("connlimit-above", str(settings.connections_per_device)),
            ("connlimit-mask", str(address_bits)),
            ("connlimit-saddr", ""),
        ),
    )
    return tuple(Rule("DROP", matches=(*only, limit)) for limit in (fast, many))


def echo(name: str) -> Match:
    """Ten a second each: enough for a person's ping and a phone's own checks, no use as a tunnel or a hammer."""
    return Match(
        "hashlimit",
        (
            ("hashlimit-upto", "10/sec"),
            ("hashlimit-burst", "20"),
            ("hashlimit-mode", "srcip"),
            ("hashlimit-name", name),
            ("hashlimit-htable-max", str(_TABLE)),
            ("hashlimit-htable-expire", str(1000 * _REMEMBERED_S)),
        ),
    )
