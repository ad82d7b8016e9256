"""How the session's state is kept beside the entries: under which key, in which form, and back again.

Must not know: how one state follows another, what keeps it (that is ``journal.store``).
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
from immutables import Map

from appliance.allowances import Scope, Times
from appliance.events import Usage
from appliance.spending import Debt, Debtor, Ledger, Reach
from appliance.state import Batch, Block, Chosen, Device, Message, Session, Terms, Voucher


class KeptReading(msgspec.Struct, frozen=True):
    """A reading of the counters, kept now and then: after a power cut it is all that is known."""

    boot_ms: int
    usage: Mapping[str, Usage]


COUNTED_KEY = "counted"
"""Under which key the last reading is kept."""


_devices: msgspec.json.Decoder[Device] = msgspec.json.Decoder(Device)
_messages: msgspec.json.Decoder[Message] = msgspec.json.Decoder(Message)
_readings: msgspec.json.Decoder[KeptReading] = msgspec.json.Decoder(KeptReading)
_times: msgspec.json.Decoder[Times] = msgspec.json.Decoder(Times)
_ledger: msgspec.json.Decoder[Ledger] = msgspec.json.Decoder(Ledger)
_debts: msgspec.json.Decoder[Debt] = msgspec.json.Decoder(Debt)
_ordinals: msgspec.json.Decoder[int] = msgspec.json.Decoder(int)
_batches: msgspec.json.Decoder[Batch] = msgspec.json.Decoder(Batch)
_vouchers: msgspec.json.Decoder[Voucher] = msgspec.json.Decoder(Voucher)
_blocks: msgspec.json.Decoder[Block] = msgspec.json.Decoder(Block)


def device_key(device: str) -> str:
    """Under which key a device's state is kept."""
    return f"device/{device}"


def kept_device(key: str) -> str | None:
    """Whose state is kept under this key; None: it is no device's."""
    room, _, device = key.partition("/")
    return device if room == "device" else None


def message_key(message: str) -> str:
    """Under which key what became of an SMS is kept."""
    return f"message/{message}"


def asked_key(scope: Scope, key: str) -> str:
    """Under which key the times of asking are kept."""
    return f"asked/{scope}/{key}"


LEDGER_KEY = "spending"
"""Under which key the ledger is kept."""


def debt_key(debtor: Debtor) -> str:
    """Under which key a prefix's debt is kept."""
    reach, prefix = debtor
    return f"debt/{reach}/{prefix}"


def regular_key(subscriber: str) -> str:
    """Under which key a number that logged in here is kept."""
    return f"regular/{subscriber}"


def batch_key(batch: str) -> str:
    """Under which key a batch of vouchers is kept."""
    return f"batch/{batch}"


def voucher_key(digest: str) -> str:
    """Under which key a voucher is kept."""
    return f"voucher/{digest}"


def block_key(whom: str) -> str:
    """Under which key a block is kept."""
    return f"block/{whom}"


def restore(terms: Terms, kept: Mapping[str, bytes]) -> Session:
    """The state that earlier ``Keep`` effects saved. Follow it with a ``Started`` event.

    Raises:
        msgspec.ValidationError, msgspec.DecodeError, ValueError: a kept value is not ours.
    """
    devices: dict[str, Device] = {}
    messages: dict[str, Message] = {}
    asked: dict[tuple[Scope, str], Times] = {}
    ledger = Ledger()
    debts: dict[Debtor, Debt] = {}
    regulars: dict[str, int] = {}
    batches: dict[str, Batch] = {}
    vouchers: dict[str, Voucher] = {}
    blocks: dict[str, Block] = {}
    reading = KeptReading(0, {})
    for name, value in kept.items():
        room, _, key = name.partition("/")
        if room == "device":
            devices[key] = _devices.decode(value)
        elif room == "message":
            messages[key] = _messages.decode(value)
        elif room == "asked":
            scope, _, whom = key.partition("/")
            asked[Scope(scope), whom] = _times.decode(value)
        elif room == "debt":
            reach, _, prefix = key.partition("/")
            debts[Reach(reach), prefix] = _debts.decode(value)
        elif room == "regular":
            regulars[key] = _ordinals.decode(value)
        elif room == "batch":
            batches[key] = _batches.decode(value)
        elif room == "voucher":
            vouchers[key] = _vouchers.decode(value)
        elif room == "block":
            blocks[key] = _blocks.decode(value)
        elif name == LEDGER_KEY:
            ledger = _ledger.decode(value)
        elif room == COUNTED_KEY:
            reading = _readings.decode(value)
    spoken = {device: Chosen(state.language, 0) for device, state in devices.items() if state.language}
    return Session(
        terms,
        Map(devices),
        Map(messages),
        Map(asked),
        ledger,
        Map(debts),
        Map(regulars),
        batches=Map(batches),
        vouchers=Map(vouchers),
        held=Map({each.device: digest for digest, each in vouchers.items() if each.device and not each.used}),
        blocks=Map(blocks),
        languages=Map(spoken),
        counted=reading.usage,
        counted_boot_ms=reading.boot_ms,
    )
