"""A format written by a process of its own: the same bytes, and the same refusals."""

from __future__ import annotations

import errno
import io
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from journal.apart import Apart, told
from journal.columns import Language
from journal.visit import Visit
from journal.writers import Form

BEGAN = datetime(2026, 11, 22, 9, 0, 30, 123000, tzinfo=UTC)


def some(count: int) -> Iterator[Visit]:
    for at in range(count):
        ended = BEGAN if at % 2 else None
        yield Visit(f"{at:016x}", "+77011234567", "02:00:00:00:00:01", ("10.77.0.10",), BEGAN, ended, "sms", None, at)


def form(folder: Path, kind: str) -> Form:
    folder.mkdir(exist_ok=True)
    return Form(kind, str(folder), Language.KAZAKH, "Asia/Almaty", True)


def written(folder: Path, kind: str, count: int, many: int) -> bytes:
    with Apart(form(folder, kind), many) as writer:
        for visit in some(count):
            writer.add(visit)
        writer.close()
    return (folder / f"visits.{kind}").read_bytes()


@pytest.mark.parametrize("kind", ["csv", "jsonl"])
@pytest.mark.parametrize("count", [0, 10, 1500])
def test_it_writes_what_would_be_written_here(tmp_path: Path, kind: str, count: int) -> None:
    apart = written(tmp_path / "apart", kind, count, many=10)
    assert apart == written(tmp_path / "here", kind, count, many=10_000)


def test_what_the_disk_refuses_there_is_said_here(tmp_path: Path) -> None:
    folder = tmp_path / "full"
    folder.mkdir()
    (folder / "visits.csv").symlink_to("/dev/full")
    with pytest.raises(OSError, match=os.strerror(errno.ENOSPC)) as refused, Apart(form(folder, "csv"), 10) as writer:
        for visit in some(50_000):
            writer.add(visit)
        writer.close()
    assert refused.value.errno == errno.ENOSPC


def test_a_killed_one_is_an_error_and_is_not_left(tmp_path: Path) -> None:
    with pytest.raises(OSError, match=os.strerror(errno.EIO)), Apart(form(tmp_path, "csv"), 10) as writer:
        for at, visit in enumerate(some(50_000)):
            if at == 1000:
                process = writer._process
                assert process is not None
                process.kill()
                process.wait()
            writer.add(visit)
        writer.close()


def test_whoever_gives_up_leaves_no_process(tmp_path: Path) -> None:
    with Apart(form(tmp_path, "csv"), 10) as writer:
        for visit in some(100):
            writer.add(visit)
        process = writer._process
        assert process is not None
    assert process.returncode is not None


@pytest.mark.parametrize("pipe", [b"", b"\0\0", b"\0\0\0\x05abc"])
def test_a_pipe_without_its_last_word_is_no_end(pipe: bytes) -> None:
    with pytest.raises(EOFError):
        list(told(io.BytesIO(pipe)))
