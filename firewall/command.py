"""The one way to run another program: with its output kept, its exit code checked, and a command to paste on failure.

Must not know: what the programs do.
"""

from __future__ import annotations

import shlex
import subprocess
from collections.abc import Sequence

from firewall.errors import KernelRefused

_TIMEOUT_S = 30.0
# A service's user has no /usr/sbin in its PATH; messages are matched by nobody but read by people in any language.
_ENVIRONMENT = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C"}


def run(words: Sequence[str], stdin: str = "") -> str:
    """The program's standard output.

    Raises:
        KernelRefused: it is not installed, failed or took longer than 30 s; the text holds a command to paste.
    """
    pasteable = shlex.join(words)
    if stdin:
        # The first lines tell what was tried; ten thousand would bury the error.
        pasteable = f"printf %s {shlex.quote(stdin[:400])} | {pasteable}"
    try:
        done = subprocess.run(
            words, input=stdin, env=_ENVIRONMENT, capture_output=True, text=True, timeout=_TIMEOUT_S, check=True
        )
    except subprocess.CalledProcessError as error:
        raise KernelRefused(f"run: {pasteable}", error.stderr.strip() or f"exit code {error.returncode}") from error
    except (OSError, subprocess.TimeoutExpired) as error:
        raise KernelRefused(f"run: {pasteable}", str(error)) from error
    return done.stdout
