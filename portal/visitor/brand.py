"""How one venue's pages differ from another's: logo, colour, link, terms. `qaqpa apply` judges and writes it.

    >>> Brand().terms_in(Language.KAZAKH) is None
    True

Must not know: the configuration, requests, HTML.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Meta

from appliance.wire import Language
from portal.errors import BrandUnreadable

Colour = Annotated[str, Meta(pattern=r"^(#[0-9a-f]{6})?\Z")]


@dataclass(frozen=True)
class Terms:
    """What the visitors of the venue agree to, in one language."""

    text: str
    digest: str
    """SHA-256 of the text, hex: what the gate and the journal know of it."""

    @property
    def paragraphs(self) -> list[str]:
        """The lines of the text that have words."""
        return [line.strip() for line in self.text.splitlines() if line.strip()]


class Brand(msgspec.Struct, frozen=True, forbid_unknown_fields=True, dict=True):
    """One venue's own; an empty text is none."""

    timezone: str = "UTC"
    """Of times on the page (IANA name)."""
    colour: Colour = ""
    """Of buttons and links on light pages."""
    colour_dark: Colour = ""
    """The same on dark ones."""
    logo: Annotated[str, Meta(pattern=r"^(data:image/(png|svg\+xml);base64,[A-Za-z0-9+/=]+)?\Z")] = ""
    """A whole picture as its own address, so that nothing is loaded."""
    link: Annotated[str, Meta(pattern=r"^(https?://[!-~]+)?\Z")] = ""
    """The venue's own site."""
    terms: dict[Language, str] = {}

    @cached_property
    def zone(self) -> ZoneInfo:
        """The time zone."""
        return ZoneInfo(self.timezone)

    @cached_property
    def style(self) -> str:
        """What follows the style sheet."""
        if not self.colour:
            return ""
        dark = f"@media (prefers-color-scheme:dark){{:root{{--main:{self.colour_dark}}}}}" if self.colour_dark else ""
        return f"\n:root{{--main:{self.colour}}}\n{dark}"

    @cached_property
    def link_shown(self) -> str:
        """The site's name for reading."""
        return urlsplit(self.link).hostname or ""

    @cached_property
    def _terms(self) -> dict[Language, Terms]:
        return {
            language: Terms(text, hashlib.sha256(text.encode()).hexdigest())
            for language, text in self.terms.items()
            if text
        }

    def terms_in(self, language: Language) -> Terms | None:
        """None: the venue has none."""
        return self._terms.get(language)


def load(path: str) -> Brand:
    """The brand in this file; "" = a venue without.

    Raises:
        BrandUnreadable
    """
    if not path:
        return Brand()
    try:
        return msgspec.json.decode(Path(path).read_bytes(), type=Brand)
    except (OSError, msgspec.DecodeError) as error:
        raise BrandUnreadable(path, str(error)) from error
