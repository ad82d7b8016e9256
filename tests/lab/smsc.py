"""The real SMSC of lab, demo and tests: ``smpp34`` in server mode, which keeps what it was sent.

    python -m tests.lab.smsc --host 127.0.0.1 --port 0 --log sms.jsonl

Prints ``ready PORT`` once it listens, and appends each submitted message to the log as one line of JSON:
id, from, to, text, coding, registered_delivery, utc_ms. Then it answers with the message's id and, unless
``--no-receipts``, sends a receipt that says DELIVRD. ``--reject 0b`` refuses every message with that command_status.

``smpp34``'s server takes every bind: it shows neither system_id's password nor a way to refuse one. A refused bind is
tested against a hand-written SMSC. It also keeps its port number to itself; with port 0 it is found among our own
sockets.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import signal
import socket
import sys
import time
import uuid
from pathlib import Path

import smpp34

_RECEIPTED_MESSAGE_ID, _MESSAGE_STATE = 0x001E, 0x0427
_BASIC = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENSION = {0x0A: "\f", 0x14: "^", 0x28: "{", 0x29: "}", 0x2F: "\\", 0x3C: "[", 0x3D: "~", 0x3E: "]", 0x40: "|",
              0x65: "€"}  # fmt: skip


def text_of(octets: bytes, coding: int) -> str:
    """The text of a short_message in data_coding 0 (GSM 03.38) or 8 (UCS2)."""
    if coding == 8:
        return octets.decode("utf-16-be")
    characters, rest = [], iter(octets)
    for septet in rest:
        characters.append(_EXTENSION[next(rest)] if septet == 0x1B else _BASIC[septet])
    return "".join(characters)


async def serve(host: str, port: int, log: Path, *, receipts: bool, reject: int | None, ready_fd: int) -> None:
    """Until SIGTERM or SIGINT."""
    server = smpp34.Server(host, port, system_id="lab")
    await server.start()
    loop = asyncio.get_running_loop()
    ending = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ending.set)
    os.write(ready_fd, f"ready {port or _listening_port()}\n".encode())
    serving = asyncio.create_task(_answer(server, log, receipts, reject))
    stopping = asyncio.create_task(ending.wait())
    done, _ = await asyncio.wait({serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
    serving.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await serving
    await server.stop()
    for task in done:
        task.result()


async def _answer(server: smpp34.Server, log: Path, receipts: bool, reject: int | None) -> None:
    sessions: dict[str, smpp34.Esme] = {}
    sending: set[asyncio.Task[None]] = set()
    with log.open("a", encoding="utf-8") as lines:
        while True:
            event = await server.next()
            match event:
                case smpp34.Esme():
                    sessions[event.session_id] = event
                case smpp34.Unbound():
                    sessions.pop(event.session_id, None)
                case smpp34.SubmitSmEvent():
                    if reject is not None:
                        event.reject(reject)
                        continue
                    smsc_id = uuid.uuid4().hex[:16]
                    lines.write(_line(smsc_id, event) + "\n")
                    lines.flush()
                    event.accept(smsc_id)
                    if receipts and event.registered_delivery & 1 and event.session_id in sessions:
                        task = asyncio.create_task(_send_receipt(sessions[event.session_id], smsc_id, event))
                        sending.add(task)
                        task.add_done_callback(sending.discard)


def _line(smsc_id: str, event: smpp34.SubmitSmEvent) -> str:
    fields = {
        "id": smsc_id,
        "from": event.source_addr,
        "to": event.destination_addr,
        "text": text_of(event.short_message, event.data_coding),
        "coding": event.data_coding,
        "registered_delivery": event.registered_delivery,
        "utc_ms": time.time_ns() // 1_000_000,
    }
    return json.dumps(fields, ensure_ascii=False)


async def _send_receipt(esme: smpp34.Esme, smsc_id: str, event: smpp34.SubmitSmEvent) -> None:
    date = time.strftime("%y%m%d%H%M")
    text = f"id:{smsc_id} sub:001 dlvrd:001 submit date:{date} done date:{date} stat:DELIVRD err:000 text:"
    with contextlib.suppress(smpp34.SmppError, RuntimeError, OSError):  # the session ended before its receipt
        await esme.deliver_sm(
            event.source_addr,
            text.encode(),
            source_addr=event.destination_addr,
            source_addr_ton=event.dest_addr_ton,
            source_addr_npi=event.dest_addr_npi,
            dest_addr_ton=event.source_addr_ton,
            dest_addr_npi=event.source_addr_npi,
            esm_class=0x04,
            tlvs=[
                smpp34.Tlv(_RECEIPTED_MESSAGE_ID, smsc_id.encode() + b"\0"),
                smpp34.Tlv(_MESSAGE_STATE, b"\x02"),
            ],
        )


def _listening_port() -> int:
    """The port of this process's one listening TCP socket."""
    for entry in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(OSError):
            descriptor = os.dup(int(entry.name))
            with socket.socket(fileno=descriptor) as candidate:
                is_inet = candidate.family in (socket.AF_INET, socket.AF_INET6)
                if is_inet and candidate.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
                    return int(candidate.getsockname()[1])
    raise RuntimeError("the SMSC does not listen")


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description="An SMSC that keeps what it was sent.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0: a free one, printed on readiness")
    parser.add_argument("--log", type=Path, required=True, help="file that gets one line of JSON a message")
    parser.add_argument("--no-receipts", action="store_true")
    parser.add_argument("--reject", type=lambda text: int(text, 16), help="command_status in hexadecimal")
    parser.add_argument("--ready-fd", type=int, default=sys.stdout.fileno(), help="where 'ready PORT' is written")
    given = parser.parse_args()
    asyncio.run(
        serve(
            given.host,
            given.port,
            given.log,
            receipts=not given.no_receipts,
            reject=given.reject,
            ready_fd=given.ready_fd,
        )
    )


if __name__ == "__main__":
    main()
