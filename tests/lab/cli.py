"""``scripts/lab``: the venue brought up and left for a person.

    scripts/lab up [--visitors N] [--detach]    until Ctrl-C, or until
    scripts/lab down                            from anywhere; leaves nothing behind, also of a lab that crashed
    scripts/lab sms                             what the SMSC was sent, as JSON lines
    scripts/lab qaqpa visits                    the command qaqpa inside the gate

Processes that die are started again, as systemd does on the device. Must not know: what the person is after.
"""

from __future__ import annotations

import signal
import subprocess
import sys
import time

import click

from tests.lab import device
from tests.lab.errors import LabError
from tests.lab.forward import Forward
from tests.lab.namespaces import destroy
from tests.lab.run import ROOT, program, run
from tests.lab.venue import PORTAL, Venue, places_of

PREFIX = "qq-"
READY = "The venue is up."


@click.group()
def main() -> None:
    """A whole venue in network namespaces, for a person."""


@main.command()
@click.option("--visitors", type=click.IntRange(1, 200), default=1, show_default=True)
@click.option("--detach", is_flag=True, help="Return when it is up; `scripts/lab down` ends it.")
def up(visitors: int, detach: bool) -> None:
    """Bring the venue up: operator, gateway, phones with a lease."""
    if detach:
        _up_in_background(visitors)
        return
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with Venue.open(PREFIX, visitors=visitors) as venue:
            for visitor in venue.visitors:
                visitor.connect()
            with Forward.start(venue.visitors[0].namespace, f"{PORTAL}:80", PORTAL, venue.places.folder) as forward:
                _say(venue, forward.url)
                _watch(venue)
    except LabError as error:
        raise click.ClickException(str(error)) from error
    except KeyboardInterrupt:
        click.echo("\nThe venue is gone; nothing is left behind.")


@main.command()
def down() -> None:
    """End the lab, wherever it runs; clear away what a crashed one left."""
    removed = destroy(PREFIX)
    device.remove(places_of(PREFIX))
    click.echo("Nothing is left behind." + (f" Removed {', '.join(removed)}." if removed else ""))


@main.command()
def sms() -> None:
    """Print what the SMSC was sent, oldest first, as JSON lines."""
    log = places_of(PREFIX).folder / "sms.jsonl"
    if log.exists():
        click.echo(log.read_text(), nl=False)


@main.command(context_settings={"ignore_unknown_options": True})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def qaqpa(arguments: tuple[str, ...]) -> None:
    """Run the command qaqpa inside the gate, with the lab's configuration."""
    group = 2 if arguments and arguments[0] == "journal" else 1
    line = [*arguments[:group], "--config", str(places_of(PREFIX).config), *arguments[group:]]
    done = run([device.QAQPA, *line], namespace=f"{PREFIX}gate", check=False, timeout_s=60)
    click.echo(done.stdout, nl=False)
    click.echo(done.stderr, nl=False, err=True)
    sys.exit(done.code)


def _say(venue: Venue, url: str) -> None:
    names = ", ".join(venue.world.namespaces())
    click.echo(f"{READY} Network namespaces: {names}")
    click.echo(f"""
  a browser on this machine, as {venue.visitors[0].namespace}:   {url}
  a phone's probe:       ip netns exec {venue.visitors[0].namespace} curl -i http://captive.apple.com/hotspot-detect.html
  the login page:        ip netns exec {venue.visitors[0].namespace} curl http://{PORTAL}/
  the SMS that came:     scripts/lab sms
  who is online:         scripts/lab qaqpa visits
  the journal:           scripts/lab qaqpa journal verify
  logs and files:        {venue.places.folder.relative_to(ROOT)}
  the end:               Ctrl-C here, or scripts/lab down
""")


def _watch(venue: Venue) -> None:
    while True:
        time.sleep(0.3)
        for unit, process in list(venue.processes.items()):
            if not process.alive:
                click.echo(f"{unit} ended with {process.code}; started again")
                venue.restart(unit)


def _up_in_background(visitors: int) -> None:
    log = ROOT / "build" / "lab-up.log"
    log.parent.mkdir(exist_ok=True)
    with log.open("wb") as out:
        child = subprocess.Popen(
            program("tests.lab.cli", "up", "--visitors", str(visitors)),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            cwd=ROOT,
        )
    deadline = time.monotonic() + 60
    while READY not in log.read_text():
        if child.poll() is not None or time.monotonic() > deadline:
            raise click.ClickException(f"it did not come up:\n{log.read_text()}")
        time.sleep(0.1)
    click.echo(log.read_text(), nl=False)


if __name__ == "__main__":
    main(prog_name="scripts/lab")
