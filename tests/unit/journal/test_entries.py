"""The vocabulary: what is written is what is read; what is not of it is refused."""

from __future__ import annotations

from typing import get_args, get_type_hints

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from journal.entries import Entry, decode, encode

KINDS: tuple[type[Entry], ...] = get_args(Entry)
TEXTS = st.text(st.characters(codec="utf-8"), max_size=40)
FIELDS: dict[object, st.SearchStrategy[object]] = {
    str: TEXTS,
    int: st.integers(-(2**63), 2**63 - 1),
    bool: st.booleans(),
    int | None: st.none() | st.integers(-(2**63), 2**63 - 1),
    tuple[str, ...]: st.lists(TEXTS, max_size=4).map(tuple),
}


def _of(kind: type[Entry]) -> st.SearchStrategy[Entry]:
    hints = get_type_hints(kind)
    return st.builds(kind, **{name: FIELDS[hints[name]] for name in kind.__struct_fields__})


@given(st.one_of([_of(kind) for kind in KINDS]))
def test_round_trip(entry: Entry) -> None:
    assert decode(encode(entry)) == entry
    assert decode(encode(entry).decode()) == entry


@given(st.one_of([_of(kind) for kind in KINDS]))
def test_encoding_is_canonical(entry: Entry) -> None:
    body = encode(entry)
    assert encode(decode(body)) == body
    assert body.startswith(b'{"kind":"')


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b'{"kind":"visit_paused"}',
        b'{"kind":"gate_stopped"}',
        b'{"kind":"gate_stopped","online":1,"more":2}',
        b'{"kind":"gate_stopped","online":"1"}',
        b'{"kind":"gate_stopped","online":1',
    ],
)
def test_what_is_no_entry_is_refused(body: bytes) -> None:
    with pytest.raises(msgspec.DecodeError):
        decode(body)
