"""A steward that really edits a TOML file, and has a machine's ports, findings and test SMS to tell of.

Must not know: any page.
"""

from __future__ import annotations

import hashlib
import threading
from pathlib import Path
from typing import Any

from appliance import config as configuration
from appliance.config import Config
from appliance.errors import ConfigError, GateUnreachable
from appliance.steward import wire as steward_wire
from appliance.steward.destinations import unproved
from appliance.steward.wire import (
    ApplySettings,
    Change,
    Examination,
    Examine,
    Examined,
    FollowSms,
    KeepSettings,
    LightName,
    ListPorts,
    NetworkPort,
    Pending,
    Ports,
    Problem,
    ReadSettings,
    SaveSecret,
    Settings,
    SmsStep,
    SmsSteps,
    StewardRefusal,
    StewardRefused,
    TestSms,
    Tried,
    TrySettings,
    UndoSettings,
)

PORTS = (
    NetworkPort("enp1s0", "02:00:00:00:00:01", True, 1000, False, "", ("192.0.2.7/24",), True),
    NetworkPort("enp2s0", "02:00:00:00:00:02", False, None, False, "br-lan", ("10.77.0.1/16",), False),
    NetworkPort("wlp3s0", "02:00:00:00:00:03", True, None, True, "br-lan", ("10.77.0.1/16",), False),
)
STEPS = (
    SmsStep(True, "the SMS sender answers", "running for 5 s, 0 messages wait"),
    SmsStep(True, "provider smsc is bound", "it takes messages; 0 wait for its answer"),
    SmsStep(True, "the text is one part in UCS2", "this is what one password costs"),
    SmsStep(
        True, "the SMSC took it after 0.4 s, as 1f", "it is paid for now; whether it arrives, its receipt will say"
    ),
    SmsStep(True, "delivered after 2.1 s", "the phone has it: all is well"),
)


class StewardOfFile:
    """Edits a TOML file as root's does; what it would restart does not exist."""

    def __init__(self, path: Path) -> None:
        self.path, self.asked = path, list[Any]()
        self.ports: tuple[NetworkPort, ...] = PORTS
        self.secrets: dict[str, bytes] = {}
        self.findings: tuple[Examination, ...] = (Examination(True, "all is well", "", LightName.GATE),)
        self.steps: tuple[SmsStep, ...] = STEPS
        self._looks = 0
        self.is_away = False
        self._before: str | None = None
        self._lock = threading.Lock()

    def ask(self, request: steward_wire.Request, /) -> steward_wire.Reply:
        with self._lock:
            self.asked.append(request)
            if self.is_away:
                raise GateUnreachable("in memory", "gone")
            return self._answer(request)

    def _answer(self, request: steward_wire.Request) -> steward_wire.Reply:
        text = self.path.read_text()
        digest = hashlib.sha256(text.encode()).hexdigest()
        match request:
            case ReadSettings():
                return Settings(text, digest, None if self._before is None else 117)
            case TrySettings(toml):
                return self._tried(text, toml)
            case ApplySettings(toml, base, _, undo_s, passwords):
                if base != digest:
                    return StewardRefused(StewardRefusal.CHANGED_MEANWHILE)
                wanted = unproved(self.config, configuration.parse(toml, "qaqpa.toml"))
                if not set(wanted) <= set(passwords):
                    return StewardRefused(StewardRefusal.PASSWORD_WANTED, ", ".join(wanted))
                self.secrets |= {f"sms_password/{name}": each.encode() for name, each in passwords.items()}
                if self._before is not None:
                    return StewardRefused(StewardRefusal.PENDING_ALREADY)
                self.path.write_text(toml)
                self._before = text if undo_s else None
                return Pending(undo_s)
            case KeepSettings() | UndoSettings():
                if self._before is None:
                    return StewardRefused(StewardRefusal.NOTHING_PENDING)
                if isinstance(request, UndoSettings):
                    self.path.write_text(self._before)
                self._before = None
                return steward_wire.Done()
            case SaveSecret(kind, content, _, name):
                self.secrets[f"{kind}/{name}"] = content
                return steward_wire.Done()
            case Examine():
                return Examined(self.findings, 0)
            case ListPorts():
                return Ports(self.ports)
            case TestSms(number):
                self._looks = 0
                good = number.replace(" ", "").lstrip("+").isdigit()
                return SmsSteps("t1", (), False) if good else StewardRefused(StewardRefusal.NOT_MOBILE)
            case FollowSms(test):
                if test != "t1":
                    return StewardRefused(StewardRefusal.NO_SUCH_TEST)
                self._looks = min(self._looks + 2, len(self.steps))
                return SmsSteps("t1", self.steps[: self._looks], self._looks == len(self.steps))
            case _:
                return StewardRefused(StewardRefusal.BAD_REQUEST)

    def _tried(self, before: str, toml: str) -> Tried:
        try:
            configuration.parse(toml, "qaqpa.toml")
        except ConfigError as error:
            return Tried((Problem(error.key, error.problem, error.line),))
        return Tried((), () if toml == before else (Change("", "", ""),))

    def undo(self) -> None:
        """Nobody kept it in time."""
        assert self._before is not None
        self.path.write_text(self._before)
        self._before = None

    @property
    def config(self) -> Config:
        return configuration.parse(self.path.read_text(), "qaqpa.toml")
