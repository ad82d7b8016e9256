"""SMPP passwords that systemd keeps: the sender has them, and nobody else needs a file."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance import credentials, smpp
from appliance.config import load


@pytest.fixture
def box(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A provider whose password systemd keeps, and whose file is not there."""
    store = tmp_path / "credstore.encrypted"
    store.mkdir()
    (store / "qaqpa.smpp.one").write_text("sealed")
    monkeypatch.setattr(credentials, "STORES", (tmp_path / "credstore", store))
    config = tmp_path / "qaqpa.toml"
    config.write_text(
        f'[paths]\nruntime = "{tmp_path}"\nstate = "{tmp_path}"\n[[sms.provider]]\nname = "one"\nhost = "127.0.0.1"\n'
        f'port = 1\npassword_file = "{tmp_path}/none"\n'
    )
    return config


def test_the_sender_logs_in_with_what_systemd_handed_to_it(box: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (box.parent / "handed").mkdir()
    (box.parent / "handed/qaqpa.smpp.one").write_text("hush\n")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(box.parent / "handed"))
    (provider,) = smpp.sender_settings(load(box)).providers
    assert provider.password == "hush"


def test_nobody_else_misses_the_file(box: Path) -> None:
    config = load(box)
    assert smpp.without_sms(config) == ""
    assert [*smpp.password_problems(config), *smpp.closed_to_sender(config)] == []
    assert smpp.sender_settings(config).providers[0].password == ""


def test_a_credential_of_another_provider_is_none_of_ones_own(box: Path) -> None:
    (box.parent / "credstore.encrypted/qaqpa.smpp.one").rename(box.parent / "credstore.encrypted/qaqpa.smpp.two")
    assert smpp.without_sms(load(box)).startswith("no SMS at this venue")
