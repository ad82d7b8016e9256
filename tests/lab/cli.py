"""``scripts/lab``: the venue brought up and left for a person.

    scripts/lab up [--visitors N] [--detach]    until Ctrl-C, or until
    scripts/lab down                            from anywhere; leaves nothing behind, also of a lab that crashed
    scripts/lab sms                             what the SMSC was sent, as JSON lines
    scripts/lab qaqpa visits                    the command qaqpa inside the gate

Processes that die are started again, as systemd does on the device. Must not know: what the person is after.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from typing import Any

import click

from tests.lab import device
from tests.lab.errors import LabError, LabTaken
from tests.lab.forward import Forward
from tests.lab.namespaces import destroy
from tests.lab.run import ROOT, program, run
from tests.lab.venue import PORTAL, Venue, places_of
from tests.lab.visitor import Probe
from tests.lab.waiting import until

PREFIX = "qq-"
READY = "The venue is up."
UP_WITHIN_S = 120.0


class _Group(click.Group):
    """What goes wrong is told as a sentence with exit code 1, never as a traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except LabTaken as error:
            who = f"process {error.pid}" if error.pid else "another process"
            raise click.ClickException(
                f"a lab is up already ({who}): use it as it is, or end it with `scripts/lab down` first"
            ) from error
        except (LabError, AssertionError) as error:
            raise click.ClickException(str(error)) from error


@click.group(cls=_Group)
def main() -> None:
    """A whole venue in network namespaces, left for you to walk about in."""


@main.command()
@click.option("--visitors", type=click.IntRange(1, 200), default=1, show_default=True, help="How many phones.")
@click.option("--detach", is_flag=True, help="Return when it is up; `scripts/lab down` ends it.")
def up(visitors: int, detach: bool) -> None:
    """Bring the venue up: operator, gateway, phones with a lease. Ctrl-C ends it."""
    if detach:
        _up_in_background(visitors)
        return
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _end_once)
    try:
        with Venue.open(PREFIX, visitors=visitors) as venue:
            for visitor in venue.visitors:
                visitor.connect()
            # The lease came from one dnsmasq; the one that answers captive names may be a moment later.
            until(lambda: venue.visitors[0].probe(Probe.APPLE).status == 302, "the gate to meet the first phone")
            with Forward.start(venue.visitors[0].namespace, f"{PORTAL}:80", PORTAL, venue.places.folder) as forward:
                _say(venue, forward.url)
                _watch(venue)
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
    _require_up()
    log = places_of(PREFIX).folder / "sms.jsonl"
    if log.exists():
        click.echo(log.read_text(), nl=False)


# No --help of its own: `scripts/lab qaqpa visits --help` is a question to qaqpa.
@main.command(context_settings={"ignore_unknown_options": True}, add_help_option=False)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def qaqpa(arguments: tuple[str, ...]) -> None:
    """Run the command qaqpa inside the gate, with the lab's configuration."""
    _require_up()
    words = 2 if arguments[:1] == ("journal",) else 1
    line = list(arguments)
    if len(line) >= words and not any(word.startswith("-") for word in line[:words]):
        line[words:words] = ["--config", str(places_of(PREFIX).config)]
    done = run([device.QAQPA, *line], namespace=f"{PREFIX}gate", check=False, timeout_s=60)
    click.echo(done.stdout, nl=False)
    click.echo(done.stderr, nl=False, err=True)
    sys.exit(done.code)


def _require_up() -> None:
    if not places_of(PREFIX).config.exists():
        raise click.ClickException("no lab is up; `scripts/lab up` brings one up")


def _end_once(*_: object) -> None:
    """The first Ctrl-C, TERM or closed terminal ends the lab; more of them must not stop it clearing up."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


def _say(venue: Venue, url: str) -> None:
    names = ", ".join(venue.world.namespaces())
    first = venue.visitors[0].namespace
    # One write, so that whoever waits for READY has all of it.
    click.echo(f"""{READY} Network namespaces: {names}

  a browser on this machine, as {first}:   {url}
  a phone's probe:       ip netns exec {first} curl -i http://captive.apple.com/hotspot-detect.html
  the login page:        ip netns exec {first} curl http://{PORTAL}/
  the SMS that came:     scripts/lab sms
  who is online:         scripts/lab qaqpa visits
  the journal:           scripts/lab qaqpa journal verify
  logs and files:        {venue.places.folder.relative_to(ROOT)}
  the end:               scripts/lab down, or Ctrl-C where it was started
""")


def _watch(venue: Venue) -> None:
    while True:
        time.sleep(0.3)
        for unit, process in list(venue.processes.items()):
            if process.alive:
                continue
            # What it left (nginx's workers hold its port) goes with it, as systemd clears a service's control group.
            code = process.kill9()
            _note(venue, f"{unit} ended with {code}; it is started again")
            try:
                venue.restart(unit)
            except (LabError, AssertionError) as error:  # a person may have broken it on purpose: the next round again
                _note(venue, str(error))


def _note(venue: Venue, text: str) -> None:
    with (venue.places.folder / "log" / "lab.log").open("a") as log:
        log.write(text + "\n")
    click.echo(text)


def _up_in_background(visitors: int) -> None:
    # A file without a name: a second `up` must not write into the first one's, and nothing is to be left behind.
    with tempfile.TemporaryFile() as said:
        child = subprocess.Popen(
            program("tests.lab.cli", "up", "--visitors", str(visitors)),
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            cwd=ROOT,
        )
        deadline = time.monotonic() + UP_WITHIN_S + visitors
        # pread: reading must not move the place where the child writes.
        while READY not in (text := os.pread(said.fileno(), 1_000_000, 0).decode(errors="replace")):
            ended = child.poll() is not None
            if ended or time.monotonic() > deadline:
                child.terminate()
                child.wait()
                why = text.removeprefix("Error: ").strip() if ended else f"it is not up in time:\n{text}"
                raise click.ClickException(why or f"it ended with exit code {child.returncode}")
            time.sleep(0.05)
    click.echo(text.rstrip("\n"))


if __name__ == "__main__":
    main(prog_name="scripts/lab")
