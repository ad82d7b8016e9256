"""Every test here has an office with one owner, and second factors whose codes are the same in each run."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.offices import Open, office


@pytest.fixture(autouse=True)
def known_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a secret that chance made, one code in a million is that of another moment too, and some are asked for."""
    monkeypatch.setattr("pyotp.random_base32", lambda: "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP")


@pytest.fixture
def opened(tmp_path: Path) -> Open:
    return office(tmp_path, "owner")
