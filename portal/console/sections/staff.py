"""Signing in and out, one's own password and second factor, accounts, sessions, tokens.

Must not know: how anything is carried out.
"""

from __future__ import annotations

from portal.console.routes import Routes
from portal.console.sections import staff_accounts, staff_own, staff_signing, staff_tokens
from portal.console.site import Site


def register(routes: Routes, site: Site) -> None:
    """Its pages and forms."""
    for part in (staff_signing, staff_own, staff_accounts, staff_tokens):
        part.register(routes, site)
