"""A terminal on which the box's state stands: the box's own screen or its serial line, for as long as the process runs.

Must not know: what is shown, how it is drawn.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import select
import subprocess
import sys
import termios
import time
import tty
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from appliance import sockets
from appliance.client import Client
from appliance.config import load
from appliance.errors import ApplianceError
from appliance.screen import Look, drawn
from appliance.screen_code import code_of
from appliance.screen_door import Door
from appliance.screen_look import shown
from appliance.wire_console import NoteStaff, StaffAct

_LOOK_EVERY_S = 5.0
_AGAIN_S = 60.0
"""A serial line may be plugged in at any time, and nothing says so."""
_FONT = "FullCyrAsia-TerminusBold16"
"""Of Debian's console-setup-linux: 512 letters, with the Kazakh ones and the blocks that codes are drawn with."""
_SETFONT = "/usr/bin/setfont"


def once(path: Path, terminal: str) -> str:
    """What stands there now."""
    return "\n".join(drawn(shown(path), _look(terminal), code_of))


def stand(path: Path, terminal: str, systemctl: str) -> None:
    """Show it until nobody is at the other end.

    Args:
        terminal: the name of what standard input is, such as "tty1" or "ttyS0"; a shell begins only where it is told.
        systemctl: what starts the shell's unit.
    """
    look = _look(terminal)
    with _keys(alone=bool(terminal)):
        _run(path, terminal, look, systemctl)


def _look(terminal: str) -> Look:
    return Look.BLOCKS if terminal.startswith("tty") and terminal[3:].isdigit() and _font_is_set() else Look.PLAIN


def _run(path: Path, terminal: str, look: Look, systemctl: str) -> None:
    door = Door(lambda: f"{secrets.randbelow(100_000):05}")
    before, drawn_s = None, 0.0
    while True:
        now_s = time.monotonic()
        now = replace(shown(path), shell_code=door.code(now_s)), os.get_terminal_size().columns or 80
        if now != before or now_s - drawn_s >= _AGAIN_S:
            _draw(drawn(now[0], look, code_of, now[1]))
            before, drawn_s = now, now_s
        if not select.select([sys.stdin], [], [], _LOOK_EVERY_S)[0]:
            continue
        keys = os.read(sys.stdin.fileno(), 64).decode("utf-8", "ignore")
        # A serial line that was just plugged in is woken by a key.
        before = None
        if not keys:
            return  # nobody is at the other end any more
        if terminal and any(door.press(key, time.monotonic()) for key in keys):
            _begin_shell(path, terminal, systemctl)


def _draw(lines: list[str]) -> None:
    # From the top, each line's rest erased, then what was below: a redrawing that nobody sees.
    sys.stdout.write("\x1b[?25l\x1b[H" + "\x1b[K\r\n".join(lines) + "\x1b[K\x1b[J")
    sys.stdout.flush()


def _begin_shell(path: Path, terminal: str, systemctl: str) -> None:
    """A unit of its own takes the terminal and ends this one, whose bounds would be the shell's too."""
    said = f"at {terminal}"
    try:
        Client(sockets.gate_socket(load(path)), timeout_s=5.0).ask(
            NoteStaff(staff="", act=StaffAct.SHELL_OPENED, role="root", detail=said)
        )
    except ApplianceError as error:
        # Whoever mends a broken gate must come in; the system's journal has it at least.
        said += f"; the journal has not recorded it: {error}"
    sys.stderr.write(f"a root shell was opened {said}\n")
    subprocess.run([systemctl, "start", "--no-block", f"qaqpa-shell@{terminal}.service"], check=False)


@contextlib.contextmanager
def _keys(*, alone: bool) -> Iterator[None]:
    """Keys come one by one and are not shown; where it is ``alone``, none of them ends, stops or begins it anew."""
    kept = termios.tcgetattr(sys.stdin)
    tty.setcbreak(sys.stdin)
    if alone:
        deaf = termios.tcgetattr(sys.stdin)
        deaf[0] &= ~termios.IXON
        deaf[3] &= ~termios.ISIG
        termios.tcsetattr(sys.stdin, termios.TCSANOW, deaf)
    try:
        yield
    finally:
        termios.tcsetattr(sys.stdin, termios.TCSADRAIN, kept)
        sys.stdout.write("\x1b[?25h\x1b[0m\x1b[H\x1b[J")
        sys.stdout.flush()


def _font_is_set() -> bool:
    try:
        return subprocess.run([_SETFONT, _FONT], capture_output=True, check=False).returncode == 0
    except OSError:
        return False
