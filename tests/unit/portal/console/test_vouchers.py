"""Vouchers at the console: made, told once, fetched once, declared void only when meant."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest
from werkzeug.test import TestResponse

from appliance import vouchers
from appliance.staff.roles import StaffRole
from appliance.wire_desk import DeskRefusal, DeskRefused, MakeVouchers, VoidVouchers, VoucherBatch
from portal.console.sheets import KEPT_S, Sheets
from tests.lab.waiting import until
from tests.support.console import NOW, OURS, Made, form
from tests.unit.portal.console.staffed import ALL_FIELDS, CODES, NOW_MS, Counter, counter

BATCH = VoucherBatch("1f00aa10", "<b>Summer</b>", 50, 12, 7200, 0, NOW_MS + 86_400_000, False)
ORDER = {"label": "Summer", "count": "2", "hours": "3", "quota_mb": "500", "valid_days": "30"}


@pytest.fixture
def desk(tmp_path: Path) -> tuple[Made, Counter]:
    return counter(tmp_path, ALL_FIELDS)


def post(made: Made, path: str, **fields: str) -> TestResponse:
    return made.as_role(StaffRole.DESK).post(path, data=form(**fields), headers=OURS)


def test_codes_are_told_once_with_a_sheet_that_is_fetched_once(desk: tuple[Made, Counter]) -> None:
    made, gate = desk
    answer = post(made, "/desk/vouchers", **ORDER)
    page = answer.get_data(as_text=True)
    assert all(vouchers.grouped(code) in page for code in CODES)
    assert gate.heard(MakeVouchers) == [
        MakeVouchers("desk", label="Summer", count=2, max_s=10_800, quota_mb=500, valid_days=30)
    ]
    (token,) = re.findall(r'name="token" value="([^"]+)"', page)
    fetched = post(made, "/desk/vouchers/sheet", token=token)
    assert fetched.data.startswith(b"%PDF-") and fetched.mimetype == "application/pdf"
    assert fetched.headers["Content-Disposition"].startswith("attachment")
    assert fetched.headers["Cache-Control"] == "no-store"
    again = post(made, "/desk/vouchers/sheet", token=token)
    assert again.status_code == 422 and "fetched already" in again.get_data(as_text=True)
    assert not list((made.site.home / "sheets").iterdir())
    listed = made.as_role(StaffRole.DESK).get("/desk/vouchers").get_data(as_text=True)
    assert not any(vouchers.grouped(code) in listed for code in CODES)


@pytest.mark.parametrize(
    ("field", "typed"),
    [("count", "0"), ("count", "501"), ("count", "1.5"), ("hours", "721"), ("valid_days", "-1"), ("quota_mb", "٣")],
)
def test_a_number_out_of_bounds_is_told_at_its_field(desk: tuple[Made, Counter], field: str, typed: str) -> None:
    made, gate = desk
    answer = post(made, "/desk/vouchers", **{**ORDER, field: typed})
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422 and "Enter a whole number from" in page
    assert f'id="{field}-error"' in page and 'value="Summer"' in page
    assert gate.heard(MakeVouchers) == []


def test_batches_are_listed_and_labels_are_text(desk: tuple[Made, Counter]) -> None:
    made, gate = desk
    gate.batches = [BATCH, VoucherBatch("1f00aa11", "Old", 5, 1, 0, 0, NOW_MS - 1, False)]
    page = made.as_role(StaffRole.OWNER).get("/desk/vouchers").get_data(as_text=True)
    assert "&lt;b&gt;Summer" in page and "<b>Summer" not in page
    assert ">38<" in page and "23 November 2026" in page and "expired" in page
    assert page.count('name="batch"') == 1


def test_a_batch_is_void_only_after_a_second_word(desk: tuple[Made, Counter]) -> None:
    made, gate = desk
    gate.batches = [BATCH]
    asked = post(made, "/desk/vouchers/void", batch=BATCH.batch)
    page = asked.get_data(as_text=True).replace("\u00a0", " ")
    assert "38 vouchers of it have not been used." in page and "cannot be undone" in page
    assert gate.heard(VoidVouchers) == []
    done = post(made, "/desk/vouchers/void", batch=BATCH.batch, sure="1")
    assert (done.status_code, done.headers["Location"]) == (303, "/desk/vouchers?done=void")
    assert gate.heard(VoidVouchers) == [VoidVouchers("desk", batch=BATCH.batch)]


def test_a_batch_that_is_gone(desk: tuple[Made, Counter]) -> None:
    made, gate = desk
    assert "no such batch" in post(made, "/desk/vouchers/void", batch="x").get_data(as_text=True)
    gate.refusal = DeskRefused(DeskRefusal.NO_SUCH_BATCH)
    assert "no such batch" in post(made, "/desk/vouchers/void", batch="x", sure="1").get_data(as_text=True)


def test_a_venue_without_vouchers_says_so(tmp_path: Path) -> None:
    made, _ = counter(tmp_path)
    assert "Visitors cannot use vouchers just now" in made.as_role(StaffRole.DESK).get("/desk/vouchers").get_data(
        as_text=True
    )


# ── what is kept for one fetch ──────────────────────────────────────────────────────────────────────────────────────


def test_another_session_and_a_guess_fetch_nothing(tmp_path: Path) -> None:
    sheets = Sheets(tmp_path / "sheets", lambda: NOW)
    token = sheets.put("s1", b"codes")
    for session, guess in (("s2", token), ("s1", ""), ("s1", "../s1"), ("s1", token[:-1])):
        assert sheets.take(session, guess) is None
    assert sheets.take("s1", token) == b"codes"
    assert sheets.take("s1", token) is None


def test_nobody_else_reads_the_files(tmp_path: Path) -> None:
    sheets = Sheets(tmp_path / "sheets", lambda: NOW)
    token = sheets.put("s1", b"codes")
    (file,) = (tmp_path / "sheets").iterdir()
    assert [path.stat().st_mode & 0o777 for path in (file, file.parent)] == [0o600, 0o700]
    assert token not in file.name


def test_what_nobody_fetched_goes_by_itself_and_at_a_start(tmp_path: Path) -> None:
    folder, clock = tmp_path / "sheets", [NOW]
    sheets = Sheets(folder, lambda: clock[0], kept_s=0.0)
    sheets.put("s1", b"codes")
    clock[0] += timedelta(seconds=1)
    until(lambda: not list(folder.iterdir()), "the sheet to go, though nobody asks")
    Sheets(folder, lambda: clock[0]).put("s1", b"codes")
    clock[0] += timedelta(seconds=KEPT_S + 1)
    Sheets(folder, lambda: clock[0])
    assert not list(folder.iterdir()), "the console began anew meanwhile"


def test_what_nobody_fetched_in_time_is_gone(tmp_path: Path) -> None:
    clock = [NOW]
    sheets = Sheets(tmp_path / "sheets", lambda: clock[0])
    token = sheets.put("s1", b"codes")
    clock[0] += timedelta(seconds=KEPT_S + 1)
    sheets.put("s1", b"others")
    assert sheets.take("s1", token) is None
    assert len(list((tmp_path / "sheets").iterdir())) == 1
