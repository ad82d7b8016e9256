"""Judgements in the background, each in a process of its own (``portal.console.judge``). Must not know: pages."""

from __future__ import annotations

import subprocess
import sys
from typing import TypeVar

import msgspec

from portal.console.jobs import Job, Stopped, Why
from portal.console.judge import Failed, Judged, Proved, Reached, Said

Kind = TypeVar("Kind", Judged, Proved)
_said: msgspec.json.Decoder[Said] = msgspec.json.Decoder(Said)
LONGEST_S = 600.0
MOST_LINE_BYTES = 8 << 20


def judged(job: Job[Kind], kind: type[Kind], *words: str) -> Kind:
    """What the process finds.

    Raises:
        Stopped
    """
    command = [sys.executable, "-Pm", "portal.console.judge", *words]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as process:
        job.stop = process.kill
        try:
            job.go_on()  # it may have been cancelled before there was anything to kill
            assert process.stdout is not None
            while line := process.stdout.readline(MOST_LINE_BYTES):
                match _said.decode(line):
                    case Reached(part):
                        job.part = part
                    case Failed():
                        raise Stopped(Why.JOURNAL_UNAVAILABLE)
                    case found if isinstance(found, kind):
                        return found
        except msgspec.DecodeError as error:
            raise Stopped(Why.FAILED) from error
        finally:
            process.kill()
    job.go_on()
    raise Stopped(Why.TIME)  # the kernel ended it: too much memory or processor time
