"""``qaqpa update``: look for a new version of the whole system, and install it into the other slot.

Must not know: how systemd-sysupdate is asked, what a stick is.
"""

from __future__ import annotations

import contextlib
import platform
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import click
import msgspec

from appliance import commands, image, sticks
from appliance.cli_options import config as _config
from appliance.errands import Asked, Errand, Errands, Told
from appliance.errors import ApplianceError
from appliance.last_worked import known
from appliance.sections_update import Look
from appliance.updating import Progress, UpdateFailed, Updater, UpdateTrouble, Versions

TRANSFERS = Path("/usr/lib/sysupdate.d")
_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
_from = click.option(
    "--from",
    "source",
    default="",
    help="A folder, an https:// address, or `stick`. [default: what update.source says]",
)
_asked = click.option("--asked", is_flag=True, hidden=True, help="As somebody asked at the console.")


@click.group()
def update() -> None:
    """Show, look for and install versions of the whole system (the flashable image; a Debian package is apt's)."""


@update.command("list")
@_config
@_from
@_json
def list_(path: Path, source: str, as_json: bool) -> None:
    """List the versions on this disk, and with --from those that are offered there."""
    with _updater(path) as updater:
        if source:
            with _source(path, source) as place:
                versions = updater.look(place)
        else:
            versions = updater.installed()
    if as_json:
        click.echo(msgspec.json.encode(versions).decode())
        return
    failed = image.given_up()
    for version in dict.fromkeys((*versions.offered, *versions.installed)):
        words = [
            "runs" if version == versions.running else "",
            "installed" if version in versions.installed else "",
            "did not pass its check" if version in failed else "",
            "offered" if version in versions.offered else "",
        ]
        click.echo(f"{version}  {', '.join(filter(None, words))}")


@update.command()
@_config
@_from
@_json
@_asked
@click.option("--daily", is_flag=True, hidden=True, help="As the timer does: where nobody wants it, nothing.")
def check(path: Path, source: str, as_json: bool, asked: bool, daily: bool) -> None:
    """Say whether there is a newer version. Changes nothing."""
    wish = known(path).config.update
    if daily and (wish.check is Look.NEVER or not wish.source or not image.is_image()):
        return
    errands = _errands(path)
    wanted = (errands.take(Errand.LOOK) if asked else None) or Asked()
    with _told(errands, Errand.LOOK, wanted) as tell, _updater(path) as updater:
        with _source(path, "stick" if wanted.stick else source) as place:
            versions = updater.look(place)
        tell(Told(over=True, result=versions.newer, said=" ".join(versions.offered)))
    if as_json:
        click.echo(msgspec.json.encode(versions).decode())
    else:
        click.echo(_newer(versions))


@update.command()
@_config
@_from
@click.option("--version", default="", help="Which. [default: the newest]")
@click.option("--restart", is_flag=True, help="Restart at once; visitors are offline for a minute or two.")
@_asked
def install(path: Path, source: str, version: str, restart: bool, asked: bool) -> None:
    """Install a newer version into the other slot. It runs after the next restart; if it is not well, this one does."""
    errands = _errands(path)
    wanted = errands.take(Errand.INSTALL) if asked else Asked()
    if wanted is None:
        raise click.UsageError("nobody asked for an update")
    with _told(errands, Errand.INSTALL, wanted) as tell, _updater(path) as updater:

        def progress(at: Progress) -> None:
            tell(Told(percent=at.whole_percent))
            click.echo(f"{at.whole_percent} %")

        with _source(path, "stick" if wanted.stick else source) as place:
            installed = updater.install(place, wanted.version or version, progress)
        tell(Told(over=True, percent=100, result=installed))
    click.echo(f"{installed} is installed and runs after the next restart")
    if restart:
        _restart()


def _newer(versions: Versions) -> str:
    if versions.newer:
        return f"{versions.newer} is there; `qaqpa update install` installs it"
    offered = f" ({', '.join(versions.offered)})" if versions.offered else ""
    return f"there is nothing newer than {versions.running}{offered}"


def _errands(path: Path) -> Errands:
    return Errands(Path(known(path).config.paths.runtime) / "errands")


@contextlib.contextmanager
def _updater(path: Path) -> Iterator[Updater]:
    """
    Raises:
        UpdateFailed: this is not the image.
    """
    if not image.is_image():
        raise UpdateFailed(UpdateTrouble.NOT_THE_IMAGE)
    work = Path(known(path).config.paths.runtime) / "sysupdate"
    yield Updater(TRANSFERS, work, commands.run, image.version(), platform.machine())


@contextlib.contextmanager
def _source(path: Path, source: str) -> Iterator[str]:
    """Where the files are, for the length of the block."""
    if source != "stick":
        if source and not source.startswith("https://"):
            folder = Path(source).resolve()
            if not (folder / "SHA256SUMS").is_file():
                raise UpdateFailed(UpdateTrouble.SOURCE_SILENT, f"{folder} has no SHA256SUMS")
            source = str(folder)
        yield source or known(path).config.update.source
        return
    try:
        at = Path(known(path).config.paths.runtime) / "stick"
        with sticks.mounted(sticks.only_one(sticks.found()), at, commands.run) as stick:
            folders = [each for each in (stick, stick / "qaqpa") if (each / "SHA256SUMS").is_file()]
            if not folders:
                raise UpdateFailed(UpdateTrouble.NO_STICK)
            yield str(folders[0])
    except sticks.StickUnusable as error:
        raise UpdateFailed(UpdateTrouble.NO_STICK, str(error)) from error


@contextlib.contextmanager
def _told(errands: Errands, errand: Errand, asked: Asked) -> Iterator[Callable[[Told], None]]:
    """Alone at it, and whoever follows is told how it goes and how it ends."""

    def tell(told: Told) -> None:
        errands.tell(errand, msgspec.structs.replace(told, at_utc_ms=time.time_ns() // 1_000_000, stick=asked.stick))

    with errands.alone(errand) as alone:
        if not alone:
            raise UpdateFailed(UpdateTrouble.BUSY)
        try:
            tell(Told())
            yield tell
        except UpdateFailed as error:
            tell(Told(over=True, why=error.why.value, said=error.detail))
            raise
        except (ApplianceError, OSError) as error:
            tell(Told(over=True, why=UpdateTrouble.FAILED.value, said=str(error)))
            raise


def _restart() -> None:
    said: list[str] = []
    if commands.run(["/usr/bin/systemctl", "reboot"], said.append)[0] != 0:
        raise click.ClickException(f"the box does not restart: {' '.join(said)}")
