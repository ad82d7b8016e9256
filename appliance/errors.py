"""What can go wrong in the appliance, as a tree:

ApplianceError
├── ConfigError          the configuration cannot be used; says line, key and what is allowed
├── LogoRefused          the venue's logo cannot be read or shown
├── GateUnreachable      nobody answers at the gate's socket
├── QueryRefused         what was asked of the journal means nothing
├── WireError            what came over the gate's socket is no message of ours
├── StateUnreadable      what an earlier gate kept beside the journal cannot be read
├── staff.errors.*       what was asked of accounts, sessions and tokens cannot be
└── ThreadFell           a part of the gate stopped working; the process ends so that a new one begins
"""

from __future__ import annotations


class ApplianceError(Exception):
    """Base of this package's errors; its text is a sentence for a person that says what to do."""


class ConfigError(ApplianceError):
    """The configuration cannot be used."""

    def __init__(self, path: str, line: int | None, key: str, problem: str) -> None:
        self.path, self.line, self.key, self.problem = path, line, key, problem
        where = f"{path}, line {line}" if line else path
        super().__init__(f"{where}: {key}: {problem}" if key else f"{where}: {problem}")


class LogoRefused(ApplianceError):
    """The venue's logo cannot be read or shown."""

    def __init__(self, path: str, problem: str) -> None:
        self.path, self.problem = path, problem
        super().__init__(f"venue.logo: {path} {problem}")


class GateUnreachable(ApplianceError):
    """Nobody answers at the gate's socket."""

    def __init__(self, socket_path: str, cause: str) -> None:
        self.socket_path, self.cause = socket_path, cause
        super().__init__(f"the gate does not answer at {socket_path} ({cause}); is 'qaqpa gate' running?")


class QueryRefused(ApplianceError):
    """What was asked of the journal means nothing."""

    def __init__(self, field: str) -> None:
        self.field = field
        super().__init__(f"correct the {field}")


class StateUnreadable(ApplianceError):
    """What an earlier gate kept beside the journal cannot be read."""

    def __init__(self, cause: str) -> None:
        self.cause = cause
        super().__init__(
            f"the state kept beside the journal cannot be read ({cause}); was it written by a newer version? "
            "Install that version, or reboot into the one before"
        )


class ThreadFell(ApplianceError):
    """A part of the gate stopped working."""

    def __init__(self, threads: str) -> None:
        self.threads = threads
        super().__init__(f"{threads} stopped working, so the gate ends and is started anew; its log says why")


class WireError(ApplianceError):
    """What came over the gate's socket is no message of ours."""
