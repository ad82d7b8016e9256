"""The box's own screen in a terminal: what it shows of a real configuration, and how a shell is begun at it."""

from __future__ import annotations

import os
import pty
import re
import select
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance import first_boot, screen_look
from appliance.events import TroubleTold
from appliance.inbox import Happened
from appliance.port_roles import PortSeen, guess
from appliance.screen import State
from appliance.screen_door import PAUSE_S
from appliance.staff.for_root import office_in
from appliance.staff.roles import StaffRole
from appliance.state import Terms
from appliance.wire import Trouble
from tests.edge.appliance.terminal import terminal as gate_answers
from tests.lab.waiting import PATIENCE_S, until


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """The configuration of a box whose parts all lie below one folder."""
    (made := tmp_path / "qaqpa.toml").write_text(
        first_boot.configuration(guess([PortSeen("nope0", carrier=True), PortSeen("nope1", carrier=False)]))
        + f'[paths]\nstate = "{tmp_path}"\nruntime = "{tmp_path}"\n'
    )
    return made


def test_a_new_box_shows_its_code_until_it_is_claimed(path: Path, tmp_path: Path) -> None:
    office = office_in(tmp_path / "console", 0)
    shown = screen_look.shown(path)
    assert (shown.state, shown.code) == (State.UNCLAIMED, office.claim.code())
    assert shown.addresses == () and shown.roles["uplink"] == "nope0"
    claimed(tmp_path)
    shown = screen_look.shown(path)
    assert (shown.state, shown.code, shown.why) == (State.NO_GATE, "", ())


def test_a_box_without_a_configuration_starts_and_one_with_a_wrong_one_says_what(path: Path) -> None:
    path.write_text("[lan]\nadress = 1\n")
    shown = screen_look.shown(path)
    assert shown.state is State.BROKEN and "line 2: lan.adress" in shown.detail
    path.unlink()
    assert screen_look.shown(path).state in {State.STARTING, State.NO_PORT}


def claimed(folder: Path) -> None:
    office_in(folder / "console", 0).accounts.make(
        "aigul", "Aigul", StaffRole.OWNER, "a long password of hers", None, record=lambda: None
    )


def test_the_gates_word_is_on_the_screen(tmp_path: Path) -> None:
    claimed(tmp_path)
    with gate_answers(tmp_path) as box:
        assert screen_look.shown(box.path).state is State.WORKS
        for trouble, state in ((Trouble.UPLINK, State.UPLINK), (Trouble.SMS, State.SMS)):
            box.core.engine.post(Happened(TroubleTold(box.core.now, trouble, present=True)))
            box.core.wait(10.0)
            until(lambda state=state: screen_look.shown(box.path).state is state, f"{trouble} to be shown")  # type: ignore[misc]


def test_a_venue_that_is_closed_says_so_on_the_screen(tmp_path: Path) -> None:
    claimed(tmp_path)
    with gate_answers(tmp_path, terms=Terms(is_open=False)) as box:
        assert screen_look.shown(box.path).state is State.CLOSED


def test_accounts_that_cannot_be_read_show_no_code(path: Path, tmp_path: Path) -> None:
    claimed(tmp_path)
    (tmp_path / "console/staff.json").write_text("{")
    shown = screen_look.shown(path)
    assert (shown.state, shown.code) == (State.NO_GATE, "")


_DRAWS = """
import sys
from appliance.screen_code import code_of
code, too_long = code_of("https://192.168.100.157:8443/"), code_of("https://" + "x" * 5000)
print(*sys.modules)
from paper import qr
print(code == qr.modules("https://192.168.100.157:8443/", qr.SMALLEST), too_long)
"""


def test_the_code_is_drawn_and_what_drew_it_is_gone() -> None:
    told = subprocess.run([sys.executable, "-c", _DRAWS], capture_output=True, text=True, check=True, timeout=30).stdout
    modules, drawn = told.splitlines()
    assert "msgspec" in modules.split() and "reportlab" not in modules.split()
    assert drawn == "True ()"


class Terminal:
    """A screen in a terminal of its own."""

    def __init__(self, path: Path, systemctl: Path) -> None:
        self._own, theirs = pty.openpty()
        command = [sys.executable, "-c", "from appliance.cli import main; main()", "screen", "--config", str(path)]
        command += ["--terminal", "ttyS9", "--systemctl", str(systemctl)]
        self.process = subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=subprocess.PIPE, text=True)
        os.close(theirs)
        self.shown = ""

    def shows(self, pattern: str) -> str:
        def found() -> str | None:
            while select.select([self._own], [], [], 0)[0]:
                self.shown += os.read(self._own, 65536).decode()
            match = re.search(pattern, self.shown)
            return match[1] if match else None

        return until(found, pattern, PATIENCE_S)

    def has(self, flag: int) -> bool:
        """Whether the terminal does this with keys (termios(3), local modes)."""
        return bool(termios.tcgetattr(self._own)[3] & flag)

    def types(self, text: str) -> None:
        self.shown = ""
        os.write(self._own, text.encode())

    def close(self) -> str:
        self.process.terminate()
        said = self.process.communicate(timeout=PATIENCE_S)[1]
        os.close(self._own)
        return said


@pytest.fixture
def terminal(path: Path, tmp_path: Path) -> Iterator[Terminal]:
    """One whose shells are noted instead of started."""
    (systemctl := tmp_path / "systemctl").write_text(f'#!/bin/sh\necho "$@" >>{tmp_path}/started\n')
    systemctl.chmod(0o755)
    made = Terminal(path, systemctl)
    try:
        yield made
    finally:
        if made.process.poll() is None:
            made.close()


def test_a_shell_is_begun_by_whoever_reads_the_screen_and_noted(terminal: Terminal, tmp_path: Path) -> None:
    started = tmp_path / "started"
    terminal.shows(r"Code: (\S{5}-\S{5})")
    terminal.types("s")
    code = terminal.shows(r"type (\d{5}), then Enter")
    terminal.types(f"{(int(code) + 1) % 100000:05}\n")
    terminal.shows("(S: root shell)")
    assert not started.exists()
    again_s = time.monotonic() + PAUSE_S
    until(lambda: time.monotonic() >= again_s, "the pause after a wrong code")
    terminal.types("s")
    terminal.types(terminal.shows(r"type (\d{5}), then Enter") + "\n")
    until(started.exists, "the shell's unit")
    assert not terminal.has(termios.ISIG), "Ctrl-C would begin the screen anew, with no wrong code behind it"
    assert started.read_text() == "start --no-block qaqpa-shell@ttyS9.service\n"
    assert "a root shell was opened at ttyS9; the journal has not recorded it" in terminal.close()
