"""Which certificate the portal holds now: the configured one, else the one that served last, else none.

Certificate and key are kept as one file beside the rendered configurations. So nginx never meets halves of two pairs
while somebody replaces the configured files, and a renewal that went wrong costs nothing before the old one expires.
Must not know: nginx, who writes the file.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from appliance.announcement import Standing, standing
from appliance.config import Config

if TYPE_CHECKING:
    from appliance.certificates import Judgement, Pair

FILE = "portal.pem"


@dataclass(frozen=True)
class Holding:
    """What the portal has."""

    standing: Standing = Standing.NONE
    pem: bytes = b""
    """Certificate, chain and key; empty without https."""
    expires_utc_s: float = 0.0
    problem: str = ""
    """Why the configured certificate is not it."""


def kept_file(config: Config) -> Path:
    """Where nginx finds it; readable by root alone."""
    return Path(config.paths.state) / "conf" / FILE


def holding(config: Config, now_utc_s: float) -> Holding:
    """Judged now; nothing is written."""
    if not config.portal.https:
        return Holding()
    from appliance.certificates import Pair, judge

    given = Pair(config.portal.certificate_file, config.portal.key_file)
    first = judge(given, config.portal.host, config.portal.ca_file)
    if not first.problem:
        return _held(config, given, first, now_utc_s)
    kept = Pair(str(kept_file(config)), str(kept_file(config)))
    second = judge(kept, config.portal.host, config.portal.ca_file)
    if second.problem:
        return Holding(problem=first.problem)
    return _held(config, kept, second, now_utc_s, first.problem)


def _held(config: Config, pair: Pair, good: Judgement, now_utc_s: float, problem: str = "") -> Holding:
    files = dict.fromkeys((pair.certificate, pair.key))
    # The newline is for files that lack their own at the end.
    pem = b"\n".join(Path(name).read_bytes().rstrip() for name in files) + b"\n"
    return Holding(standing(good, config.lan.lease_s, now_utc_s), pem, good.expires_utc_s, problem)
