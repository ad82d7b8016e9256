"""While the configuration cannot be used: what is wrong with it, and the ways out of that.

    wrong, by line → corrected as text · the last that worked · a back-up's → looked at and applied like any other

Every other page says only that it is so. Must not know: how a configuration is judged, put in force or kept.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TypeVar

from flask import Response

from appliance.errors import ApplianceError
from appliance.steward import wire
from portal.console.examiner import Examiner
from portal.console.routes import OWNER, Routes
from portal.console.sections import settings_form
from portal.console.site import Site

MEND = "/mend"
_Reply = TypeVar("_Reply", bound=wire.Reply)


def register(routes: Routes, site: Site) -> None:
    """Its page; first in the menu while there is something to mend."""
    views = _Views(site, Examiner(site.steward))
    routes.page(MEND, "mend", views.page, roles=OWNER, nav="mend.nav" if site.wrong else "")


class _Views:
    def __init__(self, site: Site, examiner: Examiner) -> None:
        self._site, self._examiner = site, examiner

    def page(self) -> Response:
        """As the file stands now, which may be mended already."""
        settings = self._site.steward.ask(wire.ReadSettings())
        tried = (
            self._asked(wire.TrySettings(settings.toml), wire.Tried) if isinstance(settings, wire.Settings) else None
        )
        backups = self._asked(wire.ListBackups(), wire.Backups)
        zone = self._site.config.venue.zone
        return self._site.page(
            "mend.html",
            problems=[(each, self._label(each.key)) for each in tried.problems] if tried else [],
            is_read=tried is not None,
            has_former=self._asked(wire.ReadFormer(), wire.Former) is not None,
            backups=[
                (each.file, datetime.fromtimestamp(each.made_utc_ms / 1000, UTC).astimezone(zone))
                for each in (backups.backups if backups else ())
            ],
            findings=[each for each in self._examiner.findings() or () if not each.ok],
        )

    def _asked(self, request: wire.Request, kind: type[_Reply]) -> _Reply | None:
        try:
            reply = self._site.steward.ask(request)
        except ApplianceError:
            return None
        return reply if isinstance(reply, kind) else None

    def _label(self, key: str) -> str:
        labelled = settings_form.labelled(key)
        return self._site.words().say(f"settings.key.{labelled}") if labelled else ""
