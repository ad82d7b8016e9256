"""The composition root of ``qaqpa steward``: root's helper, of which the console asks what only root may do.

Must not know: anything that another module could.
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


def run(path: Path, systemctl: str) -> None:
    """Serve until SIGTERM.

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
    answering = Answering(path, changing, examining, Trials(), notes, ports, updating, lambda: datetime.now(UTC))
    uids = {0, pwd.getpwnam(CONSOLE_USER).pw_uid}
    serving = Serving(Path(sockets.steward_socket(config)), uids, answering.answer)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: serving.stop())
    changing.recover()
    worker = threading.Thread(target=changing.work, name="changes")
    worker.start()
    supervision = Supervision()
    try:
        serving.serve(supervision.works, supervision.every_s)
    finally:
        changing.stop()
        worker.join()
