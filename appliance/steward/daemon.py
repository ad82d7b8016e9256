"""The composition root of ``qaqpa steward``: root's helper, of which the console asks what only root may do.

Where systemd listens for it, it ends when nobody has asked for a while and whoever asks again has it begun: most of
the day nobody needs it, and its memory is a tenth of the product's. Must not know: anything that another module could.
"""

from __future__ import annotations

import pwd
import signal
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

from appliance import last_worked, sockets
from appliance.client import Client
from appliance.errands import Errands
from appliance.handed import handed
from appliance.steward import clocks, pending
from appliance.steward.answering import Answering
from appliance.steward.changing import Changing
from appliance.steward.examining import Examining, doctor
from appliance.steward.ports import ports
from appliance.steward.serving import Serving
from appliance.steward.telling import Notes
from appliance.steward.trials import Trials
from appliance.steward.units import Systemctl
from appliance.steward.updates import Updating
from appliance.supervision import Supervision
from appliance.users import CONSOLE_USER

_GATE_S = 5.0
RESTS_AFTER_S = 300.0
"""Longer than somebody reads a page: who works with the console waits for its beginning once."""


def run(path: Path, systemctl: str) -> bool:
    """Serve until SIGTERM, or until nobody has needed it for a while; whether that was why it ends.

    Args:
        systemctl: what restarts units.

    Raises:
        ConfigError: there is no configuration. One that cannot be used is what the steward is there to mend.
        OSError: the socket cannot be made.
    """
    # Before it is read: the one in force may be the very one that cannot be.
    places = pending.Places(path)
    held = pending.read(places)
    if held is not None and not held.in_force:
        pending.put_back(places)
    config = last_worked.known(path).config
    notes = Notes(Client(sockets.gate_socket(config), _GATE_S))
    changing = Changing(path, Systemctl(systemctl), notes, clocks.now, time.time)
    examining = Examining(lambda: doctor(path), time.monotonic, time.time)
    errands = Errands(Path(config.paths.runtime) / "errands")
    updating = Updating(path, errands, Systemctl(systemctl), notes)
    trials = Trials()
    answering = Answering(path, changing, examining, trials, notes, ports, updating, lambda: datetime.now(UTC))
    uids = {0, pwd.getpwnam(CONSOLE_USER).pw_uid}
    socket = Path(sockets.steward_socket(config))
    listener = handed(socket)
    serving = Serving(socket, uids, answering.answer, listener)

    def rests(quiet_s: float) -> bool:
        forgets = trials.counts() or not notes.told() or not changing.rests()
        return listener is not None and quiet_s >= RESTS_AFTER_S and not forgets

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: serving.stop())
    changing.recover()
    worker = threading.Thread(target=changing.work, name="changes")
    worker.start()
    supervision = Supervision()
    try:
        return serving.serve(supervision.works, supervision.every_s, rests)
    finally:
        changing.stop()
        worker.join()
