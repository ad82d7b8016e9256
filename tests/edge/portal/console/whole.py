"""All of the console at an address of this machine: a journal and an office of its own, a gate with a visitor at the
counter, a steward that edits a real file. Nobody has claimed it yet.

    with whole(tmp_path) as box:
        page.goto(f"{box.address}/setup/claim")

It writes down which routes answered whom. Must not know: what a test looks at.
"""

from __future__ import annotations

import contextlib
import dataclasses
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
from flask import Response, request
from werkzeug.serving import make_server

from appliance import wire
from appliance.staff.roles import StaffRole
from appliance.steward import wire as steward_wire
from appliance.steward import wire_updates
from appliance.steward.destinations import unproved
from appliance.steward.trying import changes, read
from appliance.steward.wire_updates import Errand, Updates
from appliance.wire_console import LookAtVenue, VenueNow
from portal.console.app import create_app
from portal.console.routes import Route
from tests.edge.portal.console.journal_venue import documented, journal_venue, visit
from tests.edge.portal.window import Silent
from tests.support.console import Made
from tests.support.first_hour import FACTORY
from tests.support.steward_of_file import StewardOfFile
from tests.unit.portal.console.staffed import ALL_FIELDS, PORTS, Counter, configured, live
from tests.unit.portal.console.test_vouchers import BATCH

BACKUP = steward_wire.Backup("qaqpa-20261122T090000Z.tar", 1_450_000, 1_795_338_000_000)
_LIGHTS = tuple(
    steward_wire.Examination(name != "disk", "3% of the disk are free", "make room", name)
    for name in steward_wire.LightName
)
_SPENT = wire.Spending(41, 9, 380, 0, 100, 8, False, ())
NEWER = "0.2.0"
"""The version that there is on every stick, and nowhere else."""
_RADIO = 'wifi.interface = "wlp3s0"\n'
"""The visitors' Wi-Fi is the box's own."""
RUNNING = "v1"
"""The visit of a device that is online, which the journal knows too."""


class Steward(StewardOfFile):
    """Tells what would change as root's does, keeps back-ups, and is done at once with whatever takes its time."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.updates = Updates(True, "0.1.0", "https://updates.example.kz/qaqpa")
        self.restarted = False

    def _answer(self, request: steward_wire.Request) -> steward_wire.Reply:
        match request:
            case steward_wire.ListBackups():
                return steward_wire.Backups((BACKUP,))
            case steward_wire.MakeBackup():
                return steward_wire.BackupWritten(BACKUP)
            case steward_wire.ReadFormer():
                return steward_wire.Former(self.path.read_text())
            case wire_updates.FactoryReset(withdraw=withdraw):
                self.updates = msgspec.structs.replace(self.updates, will_reset=not withdraw)
                return steward_wire.Done()
            case steward_wire.ListCertificates():
                return steward_wire.Certificates({})
            case wire_updates.AskUpdates():
                return self.updates
            case wire_updates.LookForUpdates(_, stick):
                return self._now(look=Errand(over=True, result=NEWER if stick else "", stick=stick))
            case wire_updates.StartUpdate(version, _, True) if version == self.updates.look.result:
                return self._now(install=Errand(over=True, percent=100, result=version, stick=True))
            case wire_updates.StickBackup():
                return self._now(backup=Errand(over=True, result="qaqpa-backup"))
            case wire_updates.Restart():
                self.restarted = True
                return steward_wire.Done()
            case _:
                return super()._answer(request)

    def _tried(self, before: str, toml: str) -> steward_wire.Tried:
        judged, now = read(toml), read(before).config
        if judged.config is None:
            return steward_wire.Tried(judged.problems)
        return steward_wire.Tried((), changes(now, judged.config), ("gate",), unproved(now, judged.config))

    def _now(self, **errands: Errand) -> steward_wire.Done:
        self.updates = msgspec.structs.replace(self.updates, **errands)
        return steward_wire.Done()


@dataclass
class Whole:
    """What a test has in hand."""

    made: Made
    steward: Steward
    gate: Counter
    address: str
    answered: dict[StaffRole | None, set[tuple[str, str]]] = field(default_factory=dict)
    """Method and path (as declared) of what was answered and not refused, by who was signed in."""

    @property
    def routes(self) -> list[Route]:
        """All that there are."""
        return list(self.made.app.extensions["qaqpa-routes"].all)

    def note(self, answer: Response) -> Response:
        """Write down who was answered."""
        signed_in = self.made.app.extensions["qaqpa-routes"].look()
        if request.url_rule is not None and answer.status_code < 400:
            seen = self.answered.setdefault(signed_in.role if signed_in else None, set())
            seen.add((request.method, request.url_rule.rule))
        return answer


@contextlib.contextmanager
def whole(folder: Path) -> Iterator[Whole]:
    """As it leaves the factory, with something in the journal, so that there is something to see."""
    config = configured(_RADIO + ALL_FIELDS + PORTS)
    entries = [visit(f"v{place}", 60 + 7 * place) for place in range(2, 8)]
    running = [visit(RUNNING, 61)[0]]
    with journal_venue(folder, *entries, running, documented("d1", 30), config=config) as venue:
        gate = Counter(venue.made)
        gate.visits = [live(1), live(2, phase=wire.Phase.AWAY)]
        gate.batches = [BATCH]
        venue.answer()
        venue.made.gate.answers |= {
            LookAtVenue: lambda _: VenueNow(37, 2, 5),
            wire.LookAtSpending: lambda _: _SPENT,
        }
        path = folder / "qaqpa.toml"
        path.write_text(_RADIO + FACTORY)
        steward = Steward(path)
        steward.findings = _LIGHTS
        site = dataclasses.replace(
            venue.made.site,
            steward=steward,
            sessions=venue.made.site.office.sessions,
        )
        app = create_app(site)
        server = make_server("localhost", 0, app, threaded=True, request_handler=Silent)
        box = Whole(dataclasses.replace(venue.made, app=app, site=site), steward, gate, "")
        # By name: Chromium keeps Secure cookies of http there (a potentially trustworthy origin).
        box.address = f"http://localhost:{server.server_port}"
        app.after_request(box.note)
        thread = threading.Thread(target=server.serve_forever, name="console")
        thread.start()
        try:
            yield box
        finally:
            server.shutdown()
            thread.join(timeout=10)
            server.server_close()
