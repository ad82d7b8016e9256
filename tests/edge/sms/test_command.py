"""``qaqpa sms status`` and ``qaqpa sms test`` beside a running sender."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import Self

import pytest
from click.testing import CliRunner, Result

from appliance.cli import main
from journal.entries import Entry, PasswordDelivered, PasswordSent, PasswordUndelivered, Stamp
from journal.store import Store
from tests.edge.sms.conftest import Venue
from tests.edge.sms.test_hostile_smsc import ENQUIRE, RESPONSE, SUBMIT, bound
from tests.edge.sms.world import PASSWORD, free_port, pdu, read_pdu

PHONE, NUMBER = "02:00:00:00:00:01", "+77011234567"


class Box:
    """A venue's configuration, and the command beside its sender."""

    def __init__(self, directory: Path, venue: Venue) -> None:
        (directory / "sms").mkdir()
        self.venue, self._directory = venue, directory
        self._config = directory / "qaqpa.toml"
        self._config.write_text(f'[paths]\nruntime = "{directory}"\nstate = "{directory}"\n[venue]\nlanguage = "en"\n')

    def configure(self, more: str) -> None:
        """Add this to the configuration."""
        self._config.write_text(self._config.read_text() + more)

    def record(self, *told: tuple[int, Entry]) -> None:
        """The gate's journal has these entries."""
        (self._directory / "gate").mkdir()
        store = Store.open(self._directory / "gate" / "journal.db")
        store.append([(Stamp(utc_ms, "boot", 0), entry) for utc_ms, entry in told])
        store.close()

    def sms(self, *words: str) -> Result:
        """``qaqpa sms …``"""
        done = CliRunner().invoke(main, ["sms", "--config", str(self._config), *words])
        assert done.exception is None or isinstance(done.exception, SystemExit), done.output
        return done


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Box]:
    with ExitStack() as stack:
        yield Box(tmp_path, Venue(tmp_path / "sms", stack))


def refusing(status: int) -> Callable[[socket.socket, int], None]:
    def behave(connection: socket.socket, _count: int) -> None:
        bound(connection)
        while True:
            command, _, sequence, _ = read_pdu(connection)
            if command in (ENQUIRE, SUBMIT):
                connection.sendall(pdu(command | RESPONSE, status if command == SUBMIT else 0, sequence))

    return behave


def test_a_trial_is_followed_to_its_receipt(box: Box) -> None:
    smsc = box.venue.smsc()
    sender = box.venue.sender(smsc.port)
    sender.says("bound")
    done = box.sms("test", "8 701 123 45 67")
    assert done.exit_code == 0, done.output
    told = [line for line in done.output.splitlines() if line.startswith(("ok", "WRONG"))]
    words = ("answers", "smsc is bound", "one part in GSM", "the SMSC took it after", "delivered after")
    assert len(told) == len(words)
    assert all(word in line for word, line in zip(words, told, strict=True)), done.output
    (submit,) = smsc.submits()
    assert (submit["to"], submit["text"]) == ("77011234567", "Qaqpa: password 000000")
    status = box.sms("status")
    assert status.exit_code == 0
    assert "ok    smsc transceiver: bound for" in status.output
    (provider,) = json.loads(box.sms("status", "--json").stdout)["sender"]["providers"]
    assert provider["links"][0]["phase"] == "bound"
    assert PASSWORD not in done.output + status.output


class Noon(datetime):
    """A clock that stands: else midnight may come between what is recorded and the look at it."""

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> Self:
        return cls(2026, 11, 22, 7, 0, tzinfo=UTC).astimezone(tz)


def test_what_was_carried_and_what_it_cost_is_told_whoever_was_restarted(
    box: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither sender nor gate runs: the journal knows."""
    monkeypatch.setattr("appliance.cli_sms.datetime", Noon)
    prices = {"first": 15.0, "second": 20.0}
    box.configure("".join(f'[[sms.provider]]\nname = "{name}"\nprice = {price}\n' for name, price in prices.items()))
    now_ms = int(Noon.now().timestamp() * 1000)
    box.record(
        *((now_ms, PasswordSent(PHONE, NUMBER, f"m{count}", "s", "first", parts=2)) for count in range(20)),
        *((now_ms, PasswordDelivered(PHONE, NUMBER, f"m{count}", (count + 1) * 100)) for count in range(19)),
        (now_ms, PasswordUndelivered(PHONE, NUMBER, "m19", "undeliverable")),
        (now_ms, PasswordSent(PHONE, NUMBER, "n1", "s", "former", parts=1)),
        (now_ms - 63 * 86_400_000, PasswordSent(PHONE, NUMBER, "old", "s", "first", parts=1)),
    )
    status = box.sms("status")
    assert status.exit_code == 1
    figures = (
        "sent 20, delivered 19 (95%), failed 1; 40 parts, 600.00 tenge; half arrived within 1.0 s, 95 % within 1.9 s"
    )
    for line in (
        f"first today: {figures}",
        f"first this month: {figures}",
        "second this month: sent 0, delivered 0, failed 0; 0 parts, 0.00 tenge",
        "former this month: sent 1, delivered 0 (0%), failed 0; 1 parts",
        "the SMS sender does not answer at",
    ):
        assert line in status.output
    told = json.loads(box.sms("status", "--json").stdout)
    assert told["sender"] is None
    assert [each["provider"] for each in told["carried"]] == ["first", "second", "former"]


def test_a_refusal_is_told_with_its_meaning(box: Box) -> None:
    raw = box.venue.raw_smsc(refusing(0x0A))
    sender = box.venue.sender(raw.port)
    sender.says("bound")
    done = box.sms("test", "+77011234567")
    assert done.exit_code == 1
    assert "0x0a invalid source" in done.output
    assert "register it, or correct source" in done.output


def test_without_a_receipt_it_says_so(box: Box) -> None:
    smsc = box.venue.smsc("--no-receipts")
    sender = box.venue.sender(smsc.port)
    sender.says("bound")
    done = box.sms("test", "+77011234567", "--wait", "4", "--language", "ru")
    assert done.exit_code == 1
    assert "no news within 4 s" in done.output
    assert "may send no receipts" in done.output
    assert smsc.submits()[0]["text"] == "Qaqpa: пароль 000000"


def test_a_link_that_is_down_is_said_by_both(box: Box) -> None:
    sender = box.venue.sender(free_port())
    sender.says("no link")
    status = box.sms("status")
    assert status.exit_code == 1
    assert "cannot connect: Connection refused" in status.output
    done = box.sms("test", "+77011234567", "--wait", "1")
    assert done.exit_code == 1
    assert "smsc is not ready" in done.output


@pytest.mark.parametrize(
    ("number", "why"),
    [("+74951234567", "is no mobile number"), ("+79161234567", "password.countries"), ("x", "is no telephone number")],
)
def test_a_number_that_no_visitor_could_use_costs_nothing(box: Box, number: str, why: str) -> None:
    done = box.sms("test", number)
    assert done.exit_code == 2
    assert why in done.output


def test_without_a_sender_it_is_a_sentence(box: Box) -> None:
    done = box.sms("status")
    assert done.exit_code == 1
    assert "the SMS sender does not answer at" in done.output
