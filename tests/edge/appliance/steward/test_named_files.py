"""What root is made to open by whoever may change settings: pipes, devices, files that are another one in a moment."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from appliance.config import Config, parse
from appliance.steward.named_files import MOST_BYTES, unreadable
from appliance.steward.trying import here


def naming(path: Path | str, state: Path) -> Config:
    text = f"[venue]\nlogo = '{path}'\n[paths]\nstate = '{state}'\n[portal]\nca_file = '{path}'\n"
    return parse(f"{text}[[sms.provider]]\npassword_file = '{path}'\n", "q.toml")


def large(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(MOST_BYTES + 1)


def within(path: Path) -> None:
    path.parent.joinpath("console").mkdir()
    path.parent.joinpath("console", "mine").write_text("s3cret")
    path.symlink_to(path.parent / "console" / "mine")


@pytest.mark.parametrize(
    "make",
    [
        os.mkfifo,
        large,
        within,
        lambda path: path.symlink_to("/dev/zero"),
        lambda path: path.symlink_to("/proc/self/environ"),
        Path.mkdir,
    ],
)
def test_what_is_no_plain_file_of_some_size_is_not_opened(tmp_path: Path, make: Callable[[Path], None]) -> None:
    make(tmp_path / "named")
    found = [key for key, _ in unreadable(naming(tmp_path / "named", tmp_path))]
    assert found == ["venue.logo", "portal.ca_file", "sms.provider[0].password_file"]


def test_files_as_they_should_be_and_those_that_are_missing_are_somebody_elses(tmp_path: Path) -> None:
    (tmp_path / "named").write_text("s3cret")
    assert list(unreadable(naming(tmp_path / "named", tmp_path))) == []
    assert list(unreadable(naming(tmp_path / "missing", tmp_path))) == []


def test_a_pipe_holds_nobody_up(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    config = naming(pipe, tmp_path)
    keys: list[str] = []
    trying = threading.Thread(target=lambda: keys.extend(each.key for each in here(config, "", None)), daemon=True)
    trying.start()
    trying.join(timeout=15)
    assert not trying.is_alive()
    assert "sms.provider[0].password_file" in keys
