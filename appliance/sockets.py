"""Where our processes listen. Must not know: what is said there."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from appliance.config import Config


def gate_socket(config: Config) -> str:
    """Where the gate listens."""
    return f"{config.paths.runtime}/gate/gate.sock"


def sms_socket(config: Config) -> str:
    """Where the SMS process listens."""
    return f"{config.paths.runtime}/sms/sms.sock"


def steward_socket(config: Config) -> str:
    """Where the steward listens."""
    return f"{config.paths.runtime}/steward/steward.sock"


def console_socket(config: Config) -> str:
    """Where the console's process listens; nginx alone reaches its folder."""
    return f"{config.paths.runtime}/console/console.sock"
