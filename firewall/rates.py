"""What the uplink can carry, and how much of it one visitor may have.

    >>> Rates(line_down_kbit=50_000, line_up_kbit=10_000, visitor_down_kbit=5_000).wanted
    True

Must not know: queues, classes, devices.
"""

from __future__ import annotations

from dataclasses import dataclass

from firewall.errors import SettingsRefused

LEAST_KBIT = 64
"""Slower than this a page takes minutes, and one packet longer than a resolver waits."""
MOST_KBIT = 10_000_000


@dataclass(frozen=True)
class Rates:
    """Kilobits (1,000 bits) a second, from the visitor's view; 0: unknown for a line, none for a visitor's cap.

    Raises:
        SettingsRefused: out of bounds, or a visitor may have more than there is.
    """

    line_down_kbit: int = 0
    line_up_kbit: int = 0
    visitor_down_kbit: int = 0
    visitor_up_kbit: int = 0

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if value and not LEAST_KBIT <= value <= MOST_KBIT:
                raise SettingsRefused(name, f"{value}: must be 0 or {LEAST_KBIT} to {MOST_KBIT}")
        for way, line, visitor in (
            ("down", self.line_down_kbit, self.visitor_down_kbit),
            ("up", self.line_up_kbit, self.visitor_up_kbit),
        ):
            if line and visitor > line:
                raise SettingsRefused(f"visitor_{way}_kbit", f"{visitor} is more than the line has ({line})")

    @property
    def wanted(self) -> bool:
        """Whether anything is shaped at all."""
        return any(vars(self).values())

    @property
    def capped(self) -> bool:
        """Whether a visitor has a cap of its own, in either direction."""
        return bool(self.visitor_down_kbit or self.visitor_up_kbit)
