"""By what a text is recognised. Must not know: which text."""

from __future__ import annotations

import hashlib


def digest(toml: str) -> str:
    """SHA-256, hexadecimal."""
    return hashlib.sha256(toml.encode(errors="surrogatepass")).hexdigest()
