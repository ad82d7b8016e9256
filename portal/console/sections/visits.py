"""Live visits, one visit's story, ending it, and who is kept out.

Must not know: how anything is carried out.
"""

from __future__ import annotations

from portal.console.routes import Routes
from portal.console.site import Site


def register(_routes: Routes, _site: Site) -> None:
    """Its pages and forms."""
