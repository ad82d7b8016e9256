"""The page that verifies an extract in a browser, offline: one HTML file, put together from ``verifier/``.

Its content security policy lets it run just this script (by its digest) and reach nothing: what an inspector drops on
it goes nowhere. Must not know: what an extract says.
"""

from __future__ import annotations

import base64
import hashlib
from importlib.resources import files

VERIFIER = "verify.html"
_SCRIPTS = ("hashes.js", "ed25519.js", "files.js", "check.js", "words.js", "page.js")


def page() -> str:
    """The whole file."""
    pieces = files("journal") / "verifier"
    script = "\n" + "".join((pieces / name).read_text(encoding="utf-8") for name in _SCRIPTS)
    style = (pieces / "page.css").read_text(encoding="utf-8")
    allowed = f"script-src {_digest(script)}; style-src {_digest(style)}"
    policy = f"default-src 'none'; {allowed}; base-uri 'none'; form-action 'none'"
    whole = (pieces / "page.html").read_text(encoding="utf-8")
    for name, text in (("policy", policy), ("style", style), ("script", script)):
        whole = whole.replace(f"{{{name}}}", text, 1)
    return whole


def _digest(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
