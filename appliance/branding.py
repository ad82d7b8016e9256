"""What `qaqpa apply` writes for the visitors' portal: the venue's logo, colours, link, terms and time zone, as JSON.

A file and not the command line: terms are pages long, and everybody on the machine reads command lines. Must not know:
who reads it, what a page looks like.
"""

from __future__ import annotations

import msgspec

from appliance import colours, logo
from appliance.config import Config

FILE = "portal.json"


def text(config: Config) -> str:
    """The file's content.

    Raises:
        LogoRefused: the logo cannot be used.
    """
    venue = config.venue
    brand = {
        "timezone": venue.timezone,
        "colour": venue.colour,
        "colour_dark": colours.lightened(venue.colour) if venue.colour else "",
        "logo": logo.data_url(venue.logo),
        "link": venue.link,
        "terms": {language.value: said for language, said in venue.terms.texts.items() if said},
    }
    return msgspec.json.format(msgspec.json.encode(brand), indent=1).decode() + "\n"
