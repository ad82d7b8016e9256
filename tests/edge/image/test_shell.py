"""The lab's shell inside the box, with a bash of this machine at the other end of the socket."""

from __future__ import annotations

import base64
import contextlib
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.image import shell
from tests.image.shell import Shell
from tests.lab.errors import CommandFailed, CommandTooLong


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Shell]:
    """A shell whose port is joined to a bash."""
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.socket(socket.AF_UNIX))
        listener.bind(str(tmp_path / "shell.sock"))
        listener.listen()
        there = Shell(tmp_path / "shell.sock")
        stack.callback(there.close)
        there._connected()
        end = stack.enter_context(listener.accept()[0])
        bash = stack.enter_context(
            subprocess.Popen(["bash", "--norc"], stdin=end.fileno(), stdout=end.fileno(), stderr=end.fileno())
        )
        stack.callback(bash.kill)
        yield there


def test_what_a_command_says_and_its_code(box: Shell) -> None:
    said = box.run("echo \"it's\"; echo 'done' >&2; exit 7", check=False)
    assert (said.code, said.text) == (7, "it's\ndone\n")
    assert box.run("true").text == ""
    with pytest.raises(CommandFailed, match="no such thing"):
        box.run("echo no such thing; false")


def test_a_command_that_reads_its_input_does_not_eat_the_next(box: Shell) -> None:
    assert box.run("cat").text == ""
    assert box.run("echo next").text == "next\n"


def test_a_command_that_was_given_up_on_says_nothing_in_the_next_ones_name(box: Shell, tmp_path: Path) -> None:
    with pytest.raises(CommandTooLong):
        box.run(f"until test -e {tmp_path}/go; do sleep 0.05; done; echo late", timeout_s=0.3)
    (tmp_path / "go").touch()
    assert box.run("echo next").text == "next\n"


def test_a_file_is_made_whole_with_its_mode(box: Shell, tmp_path: Path) -> None:
    text = "Қақпа 'and' \"more\" $HOME\n" * 300
    box.write(str(tmp_path / "file"), text, "0640")
    assert (tmp_path / "file").read_text() == text
    assert (tmp_path / "file").stat().st_mode & 0o777 == 0o640
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "shell.sock"]


def test_the_unit_comes_in_as_a_credential() -> None:
    for name, text in shell.credentials().items():
        string = shell.smbios(name, text)
        assert string.startswith(f"io.systemd.credential.binary:{name}=")
        assert base64.b64decode(string.partition("=")[2]).decode() == text
