"""A new box for each test of the first hour."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.first_hour import Box, new_box


@pytest.fixture
def box(tmp_path: Path) -> Box:
    return new_box(tmp_path)
