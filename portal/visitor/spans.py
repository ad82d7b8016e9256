"""Pure: whole seconds and bytes as people say them. Must not know: clocks, what is waited for.

>>> wait(130, Durations("{n} s", "{n} min", "{n} h"))
'3 min'
"""

from __future__ import annotations

from portal.visitor.words import Durations, Sizes


def wait(seconds: int, durations: Durations) -> str:
    """How long is still to wait, rounded up: whoever waits as long as we said must not be sent away again."""
    if seconds <= 120:
        return durations.seconds.format(n=max(0, seconds))
    if seconds <= 2 * 3600:
        return durations.minutes.format(n=-(-seconds // 60))
    return durations.hours.format(n=-(-seconds // 3600))


def elapsed(seconds: int, durations: Durations) -> str:
    """How long something has lasted, rounded down."""
    if seconds < 60:
        return durations.seconds.format(n=max(0, seconds))
    hours, minutes = divmod(seconds // 60, 60)
    if not hours:
        return durations.minutes.format(n=minutes)
    return f"{durations.hours.format(n=hours)} {durations.minutes.format(n=minutes)}"


def size(count: int, sizes: Sizes) -> str:
    """So many bytes, rounded down: nobody is told of more than is there. One decimal below ten."""
    count = max(0, count)
    for unit, pattern in ((1_000_000_000, sizes.gigabytes), (1_000_000, sizes.megabytes)):
        if count >= unit:
            whole, tenths = divmod(count * 10 // unit, 10)
            return pattern.format(n=f"{whole}{sizes.decimal}{tenths}" if whole < 10 else whole)
    return sizes.kilobytes.format(n=count // 1000)
