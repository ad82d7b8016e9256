"""The landing page: does it work, and what goes on.

Must not know: how anything is carried out.
"""

from __future__ import annotations

from portal.console.routes import Routes
from portal.console.site import Site


def register(_routes: Routes, _site: Site) -> None:
    """Its pages and forms."""
