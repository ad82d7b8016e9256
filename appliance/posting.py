"""The venue's poster made of its configuration: for the console and for the command line. Must not know: who asked."""

from __future__ import annotations

from appliance import announcement, render
from appliance.config import Config


def poster_of(config: Config) -> bytes | None:
    """The PDF; None: the Wi-Fi has no name yet (``wifi.name``)."""
    from paper import poster  # what draws on paper is loaded when somebody prints

    if not config.wifi.name:
        return None
    portal = announcement.secure_url(config) if config.portal.https else render.portal_url(config)
    about = poster.Poster(config.venue.name, config.wifi.name, portal.rstrip("/"))
    if config.venue.colour:
        about = poster.Poster(about.venue, about.network, about.portal, config.venue.colour)
    return poster.write(about)
