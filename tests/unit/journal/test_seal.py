"""The chain's arithmetic, against vectors that were also computed by hand (printf and sha256sum)."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from journal.seal import GENESIS, Line, commitment, link

GOLDEN = Path(__file__).with_name("chain.golden")
BODIES = (
    ("gate_started", b'{"kind":"gate_started","version":"0.1.0","online":0,"ended":0}'),
    ("visit_began", '{"kind":"visit_began","visit":"ә1"}'.encode()),
    ("gate_stopped", b'{"kind":"gate_stopped","online":1}'),
)

INTEGERS = st.integers(-(2**63), 2**63 - 1)
LINES = st.builds(
    Line,
    seq=INTEGERS,
    utc_ms=INTEGERS,
    boot_id=st.binary(max_size=40),
    boot_ms=INTEGERS,
    kind=st.binary(max_size=20),
    body=st.binary(max_size=100),
    salt=st.binary(min_size=16, max_size=16),
)


def test_chain_vectors() -> None:
    digest, told = GENESIS, []
    for seq, (kind, body) in enumerate(BODIES, 1):
        salt = bytes([seq]) * 16
        line = Line(seq, 1_700_000_000_000 + seq, b"boot", 1000 * seq, kind.encode(), body, salt)
        digest = link(digest, line)
        told.append(f"{seq} {kind}\n  commitment {commitment(salt, body).hex()}\n  digest     {digest.hex()}\n")
    assert "".join(told) == GOLDEN.read_text(encoding="utf-8")


@given(LINES, LINES)
def test_different_entries_have_different_digests(one: Line, other: Line) -> None:
    assert (link(GENESIS, one) == link(GENESIS, other)) is (one == other)


@given(LINES, st.data())
def test_a_byte_cannot_move_between_neighbouring_columns(line: Line, data: st.DataObject) -> None:
    joined = line.boot_id + line.kind
    cut = data.draw(st.integers(0, len(joined)))
    moved = replace(line, boot_id=joined[:cut], kind=joined[cut:])
    assert (link(GENESIS, moved) == link(GENESIS, line)) is (moved == line)


@given(LINES, st.binary(min_size=32, max_size=32))
def test_the_digest_covers_the_one_before(line: Line, previous: bytes) -> None:
    assert (link(previous, line) == link(GENESIS, line)) is (previous == GENESIS)
