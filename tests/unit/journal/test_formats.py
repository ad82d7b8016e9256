"""XLSX and PDF: read back by the formats' own rules; hostile texts stay texts."""

from __future__ import annotations

import base64
import re
import zlib
from datetime import UTC, datetime, timedelta
from pathlib import Path
from xml.etree import ElementTree
from zipfile import ZipFile
from zoneinfo import ZoneInfo

import pytest
from msgspec.structs import replace

from appliance.wire_words import Ended
from firewall.presence.evidence import Proof
from journal.as_pdf import Facts, PdfWriter
from journal.as_xlsx import XlsxWriter
from journal.columns import HEADERS, TEXTS, WORDS, Language, visible
from journal.register_words import REGISTER
from journal.visit import Visit

ALMATY = ZoneInfo("Asia/Almaty")
BEGAN = datetime(2024, 2, 29, 17, 59, 59, tzinfo=UTC)
VISIT = Visit(
    visit="k3v9",
    number="+77011234567",
    device="02:00:00:00:00:01",
    addresses=("10.77.0.10", "10.77.0.11"),
    began=BEGAN,
    ended=BEGAN + timedelta(hours=2),
    method="document",
    proof="port",
    away=1,
    up_bytes=12_345,
    down_bytes=6_000_000_000,
    surname="Әбдірахманова",
    given_name="Гүлнұр",
    patronymic="Қайратқызы",
    document_kind="id",
    document_number="012345678",
    workstation="3",
    staff="ayan",
)
HOSTILE = (
    "=HYPERLINK(0)",
    "+77011234567",
    "@SUM(1)",
    "<r><t>=1</t></r>",
    "<r><x></r>",
    "<b>&amp;</b>",
    "'; DROP TABLE entries; --",
    "Ж" * 1000,
    "😀 emoji",
    "up\u202edown\u2066",
    "nul\x00 bell\x07 line\r\n",
    "\ud800 alone",
    "  edges  ",
    "_x0041_ _x",
    "\ufffe no character",
    "\U0001f468\u200d\U0001f469 ]]>",
)
FACTS = Facts(
    venue="Кафе «Ұлы дала» <b>",
    rules="67/2016",
    since="2026-11-01 00:00",
    until="",
    by="ayan",
    why="тексеру 😀",
    made="2026-11-22 10:00",
    visits=1,
    seq=10,
    head="ab" * 32,
    fingerprint="0123 4567",
    record="cd" * 32,
)
SHEET = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


def sheet(path: Path, name: str = "sheet1") -> list[dict[str, tuple[str, str]]]:
    """Rows of a workbook: by column letter, the cell's type and value."""
    with ZipFile(path) as archive:
        assert "xl/vbaProject.bin" not in archive.namelist()
        root = ElementTree.fromstring(archive.read(f"xl/worksheets/{name}.xml"))
    assert list(root.iter(f"{SHEET}f")) == [], "no cell is a formula"
    rows = []
    for row in root.iter(f"{SHEET}row"):
        cells = {}
        for cell in row:
            text = "".join(part.text or "" for part in cell.iter() if part.tag in (f"{SHEET}t", f"{SHEET}v"))
            assert list(cell.iter(f"{SHEET}r")) == [], "no text is anybody's formatting"
            cells[re.sub(r"\d", "", str(cell.get("r")))] = (str(cell.get("t") or "n"), text)
        rows.append(cells)
    return rows


def workbook(folder: Path, *visits: Visit, language: Language = Language.ENGLISH, sheet_rows: int = 1_048_576) -> Path:
    path = folder / "visits.xlsx"
    writer = XlsxWriter(path, language, ALMATY, sheet_rows=sheet_rows)
    for visit in visits:
        writer.add(visit)
    writer.close()
    assert list(folder.iterdir()) == [path], "what it kept beside the file is gone"
    return path


@pytest.mark.parametrize("language", Language)
def test_workbook_has_real_dates_and_numbers_and_text_for_the_rest(tmp_path: Path, language: Language) -> None:
    header, row = sheet(workbook(tmp_path, VISIT, language=language))
    assert [text for _, text in header.values()] == list(HEADERS[language])
    assert row["E"] == ("inlineStr", "+77011234567")
    assert row["G"] == ("inlineStr", "012345678"), "zeros in front stay"
    # 2024-02-29 23:59:59 on a wall in Almaty is day 45351 of Excel, and an hour and a second later another offset.
    assert row["K"][0] == "n" and float(row["K"][1]) == pytest.approx(45351 + 86399 / 86400, abs=1e-6)
    assert float(row["M"][1]) == pytest.approx(45352 + 3599 / 86400, abs=1e-6)
    assert (row["L"][1], row["N"][1]) == ("UTC+06:00", "UTC+05:00")
    assert (row["T"], row["U"]) == (("n", "12345"), ("n", "6000000000"))


@pytest.mark.parametrize("text", HOSTILE)
def test_workbook_takes_hostile_texts_as_texts(tmp_path: Path, text: str) -> None:
    hostile = replace(VISIT, surname=text, number=text, workstation=text, staff=text, method=text)
    _, row = sheet(workbook(tmp_path, hostile))
    for column in "BEHOP":
        kind, shown = row[column]
        assert kind == "inlineStr"
        read = re.sub("_x([0-9A-F]{4})_", lambda found: chr(int(found[1], 16)), shown)  # as Excel does
        assert read == visible(text).replace("\ufffe", "⟨FFFE⟩")


def test_workbook_has_a_frozen_header_a_filter_and_more_sheets_when_one_is_full(tmp_path: Path) -> None:
    visits = [replace(VISIT, visit=f"v{number}") for number in range(5)]
    path = workbook(tmp_path, *visits, sheet_rows=3)
    assert [[row["A"][1] for row in sheet(path, f"sheet{number}")[1:]] for number in (1, 2, 3)] == [
        ["v0", "v1"],
        ["v2", "v3"],
        ["v4"],
    ]
    with ZipFile(path) as archive:
        text = archive.read("xl/worksheets/sheet2.xml").decode()
    assert 'state="frozen"' in text and "<autoFilter ref=" in text


def test_a_cell_of_too_many_characters_is_cut_visibly(tmp_path: Path) -> None:
    many = replace(VISIT, addresses=tuple(f"fd77::{number:x}" for number in range(5000)))
    _, row = sheet(workbook(tmp_path, many))
    assert len(row["J"][1]) == 32_767 and row["J"][1].endswith("…")


# ── the register ────────────────────────────────────────────────────────────────────────────────────────────────────


def register(
    folder: Path, *visits: Visit, language: Language = Language.KAZAKH, volume_pages: int = 400
) -> list[bytes]:
    """The volumes, with their streams unpacked so that fonts and texts can be looked at."""
    writer = PdfWriter(folder, language, ALMATY, FACTS, volume_pages)
    for visit in visits:
        writer.add(visit)
    writer.close()
    return [path.read_bytes() for path in sorted(folder.glob("register-*.pdf"))]


def shown(pdf: bytes) -> str:
    """The text of a register, by the maps from glyphs to characters that its fonts bring along."""
    streams = [_unpacked(found) for found in re.findall(rb"stream\r?\n(.*?)endstream", pdf, re.DOTALL)]
    maps = [text for text in streams if b"beginbfchar" in text or b"beginbfrange" in text]
    assert maps, "the fonts are embedded with their characters"
    return "".join(
        bytes.fromhex(digits.decode()).decode("utf-16-be")
        for text in maps
        for digits in re.findall(rb"<([0-9A-Fa-f]{4})>", text.split(b"endcodespacerange")[1])
    )


def _unpacked(stream: bytes) -> bytes:
    text = stream.strip()
    try:
        packed = base64.a85decode(text.removesuffix(b"~>")) if text.endswith(b"~>") else stream
        return zlib.decompressobj().decompress(packed)
    except (ValueError, zlib.error):
        return b""


@pytest.mark.parametrize("language", Language)
def test_register_embeds_every_letter_of_kazakh(tmp_path: Path, language: Language) -> None:
    letters = "ӘәҒғҚқҢңӨөҰұҮүҺһІі"
    (pdf,) = register(tmp_path, replace(VISIT, surname=letters), language=language)
    assert pdf.startswith(b"%PDF-") and pdf.rstrip().endswith(b"%%EOF")
    assert b"/FontFile2" in pdf and b"DejaVuSans" in pdf
    assert set(letters) <= set(shown(pdf))
    assert re.search(rb"/MediaBox \[ 0 0 841\.\d+ 595\.\d+ \]", pdf), "A4, landscape"


def test_register_shows_what_it_has_no_letter_for_by_its_number(tmp_path: Path) -> None:
    (pdf,) = register(tmp_path, *(replace(VISIT, surname=text, staff=text) for text in HOSTILE))
    text = shown(pdf)
    assert "⟨" in text and "\u202e" not in text and "😀" not in text


def test_register_goes_on_in_volumes_each_closed_with_its_last_page(tmp_path: Path) -> None:
    long = replace(VISIT, surname="Ж" * 1000, addresses=tuple(f"fd77::{number:x}" for number in range(300)))
    volumes = register(tmp_path, *[long] * 12, *[VISIT] * 60, volume_pages=3)
    pages = [len(re.findall(rb"/Type /Page\b", pdf)) for pdf in volumes]
    assert len(volumes) > 1 and all(1 <= count <= 4 for count in pages)


def test_words_are_there_in_every_language() -> None:
    assert len({len(headers) for headers in HEADERS.values()}) == 1
    assert max(TEXTS) < len(HEADERS[Language.KAZAKH])
    assert WORDS[Language.KAZAKH].keys() == WORDS[Language.RUSSIAN].keys()
    assert set(REGISTER) == set(Language)
    methods, proofs = {"sms", "desk", "document", "voucher"}, {*Proof, *Ended, "silence", "reboot"}
    for language in Language:
        assert methods | proofs <= WORDS[language].keys()
