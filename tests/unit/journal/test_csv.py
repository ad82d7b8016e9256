"""The CSV: byte for byte, inert in a spreadsheet, reversible, streamed."""

from __future__ import annotations

import csv
import io
import tracemalloc
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from journal.as_csv import CsvWriter, plain
from journal.columns import HEADERS, PERSONAL, Language, Table, harmless, inert, visible
from journal.visit import Visit
from tests.support.csv_file import write_csv

ALMATY = ZoneInfo("Asia/Almaty")
BEGAN = datetime(2024, 2, 29, 17, 59, 59, 999_000, tzinfo=UTC)
VISIT = Visit(
    visit="k3v9",
    number="+77011234567",
    device="02:00:00:00:00:01",
    addresses=("10.77.0.10", "10.77.0.11"),
    began=BEGAN,
    ended=BEGAN + timedelta(hours=2),
    method="sms",
    proof="port",
    away=1,
    up_bytes=12_345,
    down_bytes=6_000_000_000,
)


def _csv(*visits: Visit) -> bytes:
    out = io.BytesIO()
    assert write_csv(visits, out, ALMATY) == len(visits)
    assert not out.closed
    return out.getvalue()


def test_the_whole_file_across_kazakhstans_change_of_offset() -> None:
    online = Visit("k4", "+77011234567", "02:00:00:00:00:02", (), BEGAN, None, "sms", None, 0)
    assert _csv(VISIT, online) == (
        b"\xef\xbb\xbf"
        b"visit;surname;given name;patronymic;subscriber number;document;document number;workstation number;device;"
        b"addresses;began;began UTC offset;ended;ended UTC offset;authorised by;employee;left according to;ended by;"
        b"times away;bytes up;bytes down;bytes counted;clock\r\n"
        b"k3v9;;;;'+77011234567;;;;02:00:00:00:00:01;10.77.0.10 10.77.0.11;2024-02-29 23:59:59;UTC+06:00;"
        b"2024-03-01 00:59:59;UTC+05:00;password by SMS;;network port;;1;12345;6000000000;all;\r\n"
        b"k4;;;;'+77011234567;;;;02:00:00:00:00:02;;2024-02-29 23:59:59;UTC+06:00;;;password by SMS;;;;0;;;;\r\n"
    )


@pytest.mark.parametrize(
    ("usage", "ended", "cells"),
    [
        ((5, 6, False), True, "5;6;all"),
        ((5, 6, False), False, "5;6;so far"),
        ((5, 6, True), True, "5;6;at least"),
        ((5, 6, True), False, "5;6;at least"),
        ((0, 0, False), True, "0;0;all"),
        ((None, None, True), True, ";;unknown"),
        ((None, None, False), True, ";;"),
    ],
)
def test_bytes_say_how_far_they_can_be_trusted(
    usage: tuple[int | None, int | None, bool], ended: bool, cells: str
) -> None:
    up, down, in_part = usage
    visit = msgspec.structs.replace(VISIT, up_bytes=up, down_bytes=down, in_part=in_part)
    told = visit if ended else msgspec.structs.replace(visit, ended=None)
    assert _csv(told).decode().splitlines()[1].endswith(f";1;{cells};")


def test_no_visit_gives_a_header() -> None:
    assert _csv().decode("utf-8-sig") == ";".join(HEADERS[Language.ENGLISH]) + "\r\n"


@pytest.mark.parametrize(
    "text",
    ["=1+1", "+7", "-1", "@SUM(1)", "\t=1", "\r=1", "\n=1", " =1", "＝1+1", "＋7", "'=1", "007", "1e9", "3,5", "3.5"],
)
def test_what_a_spreadsheet_would_calculate_becomes_text(text: str) -> None:
    assert inert(text) == "'" + text


@pytest.mark.parametrize("text", ["", "sms", "10.77.0.10", "02:00:00:00:00:01", "Ұлы дала", "a=b", "v1"])
def test_plain_text_stays_as_it_is(text: str) -> None:
    assert inert(text) == text


def test_a_number_is_found_by_searching_for_any_part_of_it() -> None:
    text = _csv(VISIT).decode("utf-8-sig")
    assert all(part in text for part in ("+77011234567", "77011234567", "7011234567", "4567"))


TEXTS = st.text(st.characters(codec="utf-8"), max_size=20) | st.text("=+-@'\t\r\n ;,\"1eE.", max_size=8)


@given(TEXTS, TEXTS, TEXTS)
def test_every_cell_is_inert_and_comes_back(name: str, number: str, proof: str) -> None:
    visit = Visit(name, number, "d", (), BEGAN, BEGAN, "sms", proof, 0)
    _, row = csv.reader(io.StringIO(_csv(visit).decode("utf-8-sig"), newline=""), delimiter=";")
    assert [row[place].removeprefix("'") for place in (0, 4, 16)] == [*map(visible, (name, number, proof))]
    assert not any(cell.lstrip().startswith(("=", "+", "-", "@", "＝", "＋", "－", "＠")) for cell in row)
    assert not any(cell.startswith(("\t", "\r", "\n")) for cell in row)


@given(TEXTS, TEXTS, TEXTS, st.booleans())
def test_the_short_way_writes_what_the_csv_module_would(name: str, number: str, staff: str, personal: bool) -> None:
    visit = Visit(
        name, number, "02:00:00:00:00:01", ("10.77.0.10",), BEGAN, BEGAN, "sms", "port", 0, 5, 6, surname=number,
        workstation=name, staff=staff, ended_by=number, iin=staff, birth_date=name,
    )  # fmt: skip
    row = Table(Language.KAZAKH, ALMATY, personal).row(visit)
    short = plain(row)
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=";", lineterminator="\r\n").writerow(harmless(row))
    assert short is None or short == out.getvalue()


def test_ordinary_rows_go_the_short_way() -> None:
    assert plain(Table(Language.KAZAKH, ALMATY).row(VISIT))


def test_what_the_venue_takes_beyond_the_rules_has_columns_of_its_own() -> None:
    visit = msgspec.structs.replace(VISIT, iin="900101300017", birth_date="1990-01-01")
    out = io.BytesIO()
    writer = CsvWriter(out, Language.KAZAKH, ALMATY, personal=True)
    writer.add(visit)
    writer.close()
    header, row = out.getvalue().decode("utf-8-sig").splitlines()
    assert header.endswith(";" + ";".join(PERSONAL[Language.KAZAKH]))
    assert row.endswith(";;'900101300017;1990-01-01")
    assert "900101300017" not in _csv(visit).decode()


def test_it_streams_in_flat_memory() -> None:
    class Sink(io.RawIOBase):
        size = 0

        def writable(self) -> bool:
            return True

        def write(self, data: object) -> int:
            assert isinstance(data, bytes | bytearray | memoryview)
            self.size += len(data)
            return len(data)

    sink = Sink()
    sizes: list[int] = []

    def many() -> Iterator[Visit]:
        for number in range(20_000):
            if number == 10_000:
                sizes.append(sink.size)
            yield VISIT

    tracemalloc.start()
    try:
        assert write_csv(many(), io.BufferedWriter(sink), ALMATY) == 20_000
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert sizes[0] > 900_000, "half of the visits read, and half of the file is not out"
    assert peak < 1_000_000
