"""Running another program to its end, line by line. Must not know: which, what its words mean."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Callable, Sequence
from typing import Protocol

_PLAIN = {
    "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
    "LANG": "C.UTF-8",
    # systemd's programs speak on their error output, whatever it is, and without colours.
    "SYSTEMD_LOG_TARGET": "console",
    "SYSTEMD_COLORS": "0",
}
NOT_THERE = 127
"""What a shell says of a program that cannot be run."""


class Run(Protocol):
    """Whoever runs commands; ``run`` does."""

    def __call__(self, command: Sequence[str], told: Callable[[str], None]) -> tuple[int, str]:
        """What it ended with, and its standard output; each line of the other output goes to ``told`` as it comes."""
        ...


def run(command: Sequence[str], told: Callable[[str], None]) -> tuple[int, str]:
    """``Run``, in a process of its own."""
    with tempfile.TemporaryFile() as output:
        try:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.PIPE,
                env=_PLAIN,
                text=True,
                errors="replace",
            )
        except OSError as error:
            told(f"{command[0]}: {error.strerror}")
            return NOT_THERE, ""
        with process:
            assert process.stderr is not None
            for line in process.stderr:
                told(line.rstrip())
        output.seek(0)
        return process.returncode, output.read().decode(errors="replace")
