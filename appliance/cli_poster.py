"""``qaqpa poster``: the venue's poster on A4. Must not know: what stands on it."""

from __future__ import annotations

from pathlib import Path

import click

from appliance.cli_options import config as _config
from appliance.config import load, refused


@click.command()
@_config
@click.option(
    "--output", type=click.Path(dir_okay=False, path_type=Path), required=True, help="The PDF file to be written."
)
def poster(path: Path, output: Path) -> None:
    """Print the way online on A4 for the wall: a QR code that joins the Wi-Fi, and three languages."""
    from appliance.posting import poster_of

    made = poster_of(load(path))
    if made is None:
        raise refused(path, "wifi.name", "is empty, and the poster's QR code needs it: write the Wi-Fi's name there")
    output.write_bytes(made)
    click.echo(f"{output}: A4, one page", err=True)
