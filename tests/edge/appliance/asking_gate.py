"""A gate to be killed: its core on a real journal file, its SMS handed to a real sender, visitors asking all the time.

Run as ``python -m tests.edge.appliance.asking_gate JOURNAL SMS_SOCKET FIRST COUNT``. Prints ``ready`` when it serves,
then COUNT devices, each with a number of its own, ask for a password, the first of them with the number FIRST; after
that it prints ``settled`` once the sender has said of every SMS what became of it.
"""

from __future__ import annotations

import os
import secrets
import sys
import time
from ipaddress import IPv4Address
from pathlib import Path

from appliance import passwords, wire
from appliance.daemon import now
from appliance.effects import SendPassword
from appliance.inbox import Happened
from appliance.kept import restore
from appliance.texting import as_event
from appliance.wire import Delivery
from sms.client import Client
from sms.message import Message
from tests.edge.appliance.venue import KEY, Core
from tests.unit.appliance.asks import thrifty

PATIENCE_S = 120.0
TERMS = thrifty(1_000_000, 30_000_000)


def number_of(index: int) -> str:
    """The subscriber number of a device."""
    return f"+7701{index:07}"


def main(path: Path, socket_path: str, first: int, count: int) -> None:
    core = Core(path, TERMS, chance=secrets)
    client = Client(socket_path, lambda report: core.engine.post(Happened(as_event(report, now()))))
    client.start()
    core.now = now()
    core.send = lambda effect: client.send(_as_message(effect))
    core.start()
    os.write(1, b"ready\n")
    for index in range(first, first + count):
        core.now = now()
        address = f"10.77.{index >> 8}.{index & 255}"
        core.lan.devices[IPv4Address(address)] = f"02:00:00:00:{index >> 8:02x}:{index & 255:02x}"
        (reply,) = core.ask(wire.AskPassword(address, number_of(index), wire.Language.KAZAKH))
        assert isinstance(reply, wire.Status), reply
    deadline_s = time.monotonic() + PATIENCE_S
    while any(sms.delivery is Delivery.QUEUED for sms in restore(TERMS, core.disk.store.kept()).messages.values()):
        assert time.monotonic() < deadline_s, "an SMS of which nothing was heard"
        core.now = now()
        core.happen()
    os.write(1, b"settled\n")
    while True:
        core.happen()


def _as_message(effect: SendPassword) -> Message:
    password = passwords.derived(KEY, effect.device, effect.message)
    return Message(effect.message, effect.number, password, effect.expires_utc_ms)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
