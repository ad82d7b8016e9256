"""The sheet of vouchers: pages, and the same bytes for the same vouchers."""

from __future__ import annotations

import re

import pytest

from paper.voucher_sheet import Sheet, link, write

SHEET = Sheet("Қақпа", "Жазғы лагерь " * 4, "1f00aa10", "2 h · 500 MB", "http://10.77.0.1")


@pytest.mark.parametrize(("vouchers", "pages"), [(1, 1), (24, 1), (25, 2), (49, 3)])
def test_24_vouchers_are_a_page(vouchers: int, pages: int) -> None:
    codes = [f"ACDE-FHJK-{number:04}" for number in range(vouchers)]
    printed = write(SHEET, codes)
    assert printed.startswith(b"%PDF-")
    assert len(re.findall(rb"/Type /Page\b", printed)) == pages


def test_the_same_vouchers_give_the_same_bytes_and_others_do_not() -> None:
    one = write(SHEET, ["ACDE-FHJK-LMNP"])
    assert one == write(SHEET, ["ACDE-FHJK-LMNP"])
    assert one != write(SHEET, ["ACDE-FHJK-LMNQ"])


def test_the_qr_code_leads_to_the_portal() -> None:
    assert link("http://10.77.0.1", "ACDE-FHJK-LMNP") == "http://10.77.0.1/?voucher=ACDE-FHJK-LMNP"
