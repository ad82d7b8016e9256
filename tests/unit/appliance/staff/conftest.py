"""Every test here has an office with one owner."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.offices import Open, office


@pytest.fixture
def opened(tmp_path: Path) -> Open:
    return office(tmp_path, "owner")
