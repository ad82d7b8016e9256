"""What the journal is told of the configuration: which keys, never what is in them."""

from __future__ import annotations

from appliance.config import Config, parse
from appliance.effective import changed, digests, noticed
from journal.entries import encode

BEFORE = '[venue]\nname = "Кафе"\n[journal]\nretention_days = 730\n'


def _config(text: str) -> Config:
    return parse(text, "qaqpa.toml")


def test_the_first_configuration_is_told_without_keys_and_then_no_more() -> None:
    told = noticed(b"", _config(BEFORE))
    assert told is not None
    entry, kept = told
    assert entry.changed == () and len(entry.digest) == 64
    assert noticed(kept, _config(BEFORE)) is None
    assert noticed(kept, _config(BEFORE + "seal_entries = 1000\n# a comment\n")) is None, "a default that is written"


def test_keys_that_changed_are_named_and_values_are_not() -> None:
    _, kept = noticed(b"", _config(BEFORE)) or (None, b"")
    more = '[[workstation]]\nnumber = "3"\nport = "p1"\n'
    after = _config('[venue]\nname = "Чайхана"\n[journal]\nretention_days = 1\n' + more)
    told = noticed(kept, after)
    assert told is not None
    entry, kept_then = told
    assert entry.changed == ("journal.retention_days", "venue.name", "workstation")
    assert "Чайхана" not in encode(entry).decode() and "Чайхана" not in kept_then.decode()
    back = noticed(kept_then, _config(BEFORE))
    assert back is not None and back[0].changed == entry.changed, "there and back are two changes"


def test_a_key_that_a_version_adds_or_drops_is_a_change() -> None:
    assert changed({"a.b": "1", "a.c": "1"}, {"a.b": "1", "a.d": "1"}) == ("a.c", "a.d")


def test_every_key_counts() -> None:
    keys = digests(Config())
    assert {"lan.address", "sms.provider", "desk.fields", "password.valid_s"} <= keys.keys()


def test_what_was_kept_and_cannot_be_read_is_a_new_beginning() -> None:
    told = noticed(b"\xff{", Config())
    assert told is not None and told[0].changed == ()
