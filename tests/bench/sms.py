"""Messages a second through the sender, by round trip and window, beside a plain smpplib loop; the way back after the
SMSC was away; and, in the whole venue, from «Get password» to submit_sm on the wire.

Must not know: how the sender works.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import smpplib.client

from appliance import wire
from sms.client import Client
from sms.errors import SenderSilent
from sms.message import Message, Report, State
from sms.smsc import silence
from sms.standing import ask
from tests.bench.effort import QUICK, Effort
from tests.bench.ground import Ground, now_s
from tests.bench.report import Better, Row, compared, percentile
from tests.edge.sms.world import free_port
from tests.lab.run import Process, program, start
from tests.lab.venue import PORTAL
from tests.lab.waiting import until

_ROUND_TRIPS_MS = (0, 20, 100)
_WINDOWS = (1, 10, 50)
_TEXT = "Qaqpa: пароль 123456"
_ASKED_PER_S = 50
_ABSENCE_S = 3.0


def rates(effort: Effort) -> list[Row]:
    """Messages a second, each window by turns with the plain loop at the same round trip."""
    rows = []
    quick = effort is QUICK
    with tempfile.TemporaryDirectory(prefix="bench-sms-") as folder:
        for round_trip_ms in _ROUND_TRIPS_MS[:1] if quick else _ROUND_TRIPS_MS:
            with _far_smsc(Path(folder), round_trip_ms) as (_, port):
                for window in _WINDOWS[-1:] if quick else _WINDOWS:
                    count = _count(window, round_trip_ms, quick)
                    ours, plain = [], []
                    for _ in range(1 if quick else 3):
                        with _sender(Path(folder), port, window) as (client, heard):
                            ours.append(_rate(client, heard, count))
                        plain.append(_plain_rate(port, _count(1, round_trip_ms, quick)))
                    about = f"round trip {round_trip_ms} ms, window {window}"
                    name = f"sms: messages, {about}, a smpplib loop beside"
                    rows.append(compared(name, ours, plain, "messages/s", Better.HIGHER))
    return rows


def recovery(effort: Effort) -> list[Row]:
    """From the SMSC's return to the first message taken; messages have waited meanwhile."""
    seconds = []
    with tempfile.TemporaryDirectory(prefix="bench-sms-") as folder:
        for _ in range(1 if effort is QUICK else 3):
            with contextlib.ExitStack() as stack:
                smsc, port = stack.enter_context(_far_smsc(Path(folder), 0, free_port()))  # its port again, below
                client, heard = stack.enter_context(_sender(Path(folder), port, 10))
                _rate(client, heard, 1)
                smsc.kill9()
                client.send(_message("waits"))
                absence_s = 0.1 if effort is QUICK else _ABSENCE_S
                time.sleep(absence_s)
                stack.enter_context(_far_smsc(Path(folder), 0, port))
                began_s = now_s()
                until(lambda h=heard: "waits" in h.sent, "the message that waited", 40)  # type: ignore[misc]
                seconds.append(now_s() - began_s)
    return [Row(f"sms: SMSC back after {_ABSENCE_S:g} s, to the message sent", max(seconds), "s", Better.LOWER)]


def asking(ground: Ground, effort: Effort) -> list[Row]:
    """The phone asks at a steady rate, each time for another number; the SMSC's log says when it was submitted."""
    ground.crowd(effort.few)  # also brings the limits of this ground in force
    phone = ground.stranger
    until(lambda: phone.ping(PORTAL), "the gate to answer the phone")  # and to know it as a neighbour
    count = max(10, effort.requests)
    address = ground.address(phone)
    asked_ms: dict[str, int] = {}
    began_s = now_s()
    with ThreadPoolExecutor(max_workers=16) as askers:
        asked = []
        for position in range(count):
            time.sleep(max(0.0, began_s + position / _ASKED_PER_S - now_s()))
            asked.append(askers.submit(_ask, ground, address, f"+7702{position:07d}", asked_ms))
        for one in asked:
            one.result()
    log = ground.folder / "sms.jsonl"

    def submitted() -> dict[str, int] | None:
        lines = [json.loads(line) for line in log.read_text().splitlines()]
        found = {f"+{line['to']}": line["utc_ms"] for line in lines if line["to"].startswith("7702")}
        return found if len(found) == count else None

    arrived_ms = until(submitted, "all submits", 30)
    waits = [arrived_ms[number] - at_ms for number, at_ms in asked_ms.items()]
    about = f"sms: Get password to submit_sm, {_ASKED_PER_S} requests/s"
    return [
        Row(f"{about}, p50", percentile(waits, 50), "ms", Better.LOWER),
        Row(f"{about}, p99", percentile(waits, 99), "ms", Better.LOWER),
    ]


class _Heard:
    def __init__(self) -> None:
        self.sent: set[str] = set()
        self.last_s = 0.0
        self.failed: list[Report] = []

    def deliver(self, report: Report) -> None:
        if report.state is State.SENT:
            self.last_s = now_s()
            self.sent.add(report.id)
        elif report.state is State.FAILED:
            self.failed.append(report)


def _ask(ground: Ground, address: str, number: str, asked_ms: dict[str, int]) -> None:
    asked_ms[number] = time.time_ns() // 1_000_000
    reply = ground.ask(wire.AskPassword(address, number, wire.Language.ENGLISH))
    assert isinstance(reply, wire.Status), reply


def _count(window: int, round_trip_ms: int, quick: bool) -> int:
    """About a second's worth."""
    if quick:
        return 50
    return min(2000, 1000 * window // round_trip_ms) if round_trip_ms else 2000


def _message(name: str) -> Message:
    return Message(name, "+77011234567", _TEXT, time.time_ns() // 1_000_000 + 300_000)


def _rate(client: Client, heard: _Heard, count: int) -> float:
    messages = [_message(f"m{len(heard.sent)}-{number}") for number in range(count)]
    before = len(heard.sent)
    began_s = now_s()
    for message in messages:
        client.send(message)
    until(lambda: len(heard.sent) - before == count or heard.failed, f"{count} messages to be sent", 60)
    assert not heard.failed, heard.failed[0]
    return count / (heard.last_s - began_s)


def _plain_rate(port: int, count: int) -> float:
    """As smpplib's own example does it: send, read, handle, again."""
    silence()
    client: Any = smpplib.client.Client("127.0.0.1", port, allow_unknown_opt_params=True)
    sent = 0

    def taken(**_: Any) -> None:
        nonlocal sent
        sent += 1

    client.set_message_sent_handler(taken)
    client.connect()
    client.bind_transceiver(system_id="venue", password="secret")
    octets = _TEXT.encode("utf-16-be")
    began_s = now_s()
    for position in range(count):
        client.send_message(
            source_addr_ton=5,
            source_addr="Qaqpa",
            dest_addr_ton=1,
            dest_addr_npi=1,
            destination_addr="77011234567",
            short_message=octets,
            data_coding=8,
            registered_delivery=True,
        )
        while sent <= position:
            client.read_once()
    seconds = now_s() - began_s
    client.unbind()
    client.disconnect()
    return count / seconds


@contextlib.contextmanager
def _far_smsc(folder: Path, round_trip_ms: int, port: int = 0) -> Iterator[tuple[Process, int]]:
    line = program("tests.bench.far_smsc", "--port", str(port), "--round-trip-ms", str(round_trip_ms))
    with start(line, name="far smsc", log=folder / "far-smsc.log") as smsc:
        ready = until(lambda: re.search(r"^ready (\d+)$", smsc.output(), re.M), "the SMSC to listen")
        yield smsc, int(ready[1])


def _steady(socket_path: Path) -> bool:
    """Whether the sender is there, and its link bound: its socket has a name a moment before it is listened at."""
    try:
        return ask(str(socket_path)).providers[0].steady
    except SenderSilent:
        return False


@contextlib.contextmanager
def _sender(folder: Path, port: int, window: int) -> Iterator[tuple[Client, _Heard]]:
    socket_path = folder / "sms.sock"
    provider = {"host": "127.0.0.1", "port": port, "system_id": "venue", "password": "secret", "window": window}
    given = {"socket_path": str(socket_path), "peer_uids": [os.getuid()], "providers": [provider]}
    heard = _Heard()
    line = program("tests.edge.sms.process", json.dumps(given))
    with start(line, name="sender", log=folder / "sender.log") as sender:
        until(lambda: _steady(socket_path), "the link to be bound")
        client = Client(str(socket_path), heard.deliver)
        client.start()
        try:
            yield client, heard
            assert sender.alive, sender.output()
        finally:
            client.stop()
