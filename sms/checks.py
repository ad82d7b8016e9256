"""What ``qaqpa doctor`` asks about the SMS side: does the sender answer, can the provider be reached?

Never logs in: a wrong password tried by a check could lock the venue's account. Must not know: the other rooms' checks.
"""

from __future__ import annotations

import socket
import threading
from dataclasses import dataclass
from queue import Empty, SimpleQueue

from sms.settings import Provider, Settings

_SENDER_TIMEOUT_S = 1.0
_PROVIDER_TIMEOUT_S = 3.0


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at: what was found, and what to do when it is not ``ok``."""

    ok: bool
    what: str
    remedy: str = ""


def findings(settings: Settings, timeout_s: float = _PROVIDER_TIMEOUT_S) -> tuple[Finding, ...]:
    """What was found, in the order a message travels; takes at most about ``timeout_s`` + 1 seconds."""
    return (_sender(settings.socket_path), _provider(settings.provider, timeout_s))


def _sender(socket_path: str) -> Finding:
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as attempt:
            attempt.settimeout(_SENDER_TIMEOUT_S)
            attempt.connect(socket_path)
    except PermissionError:
        return Finding(False, f"this user may not connect to {socket_path}", "run 'qaqpa doctor' as root")
    except OSError as error:
        what = f"the SMS sender does not answer at {socket_path} ({error.strerror or type(error).__name__})"
        return Finding(False, what, "start it: systemctl start qaqpa-sms; its journal says why it stopped")
    return Finding(True, f"the SMS sender answers at {socket_path}")


def _provider(provider: Provider, timeout_s: float) -> Finding:
    """In a thread of its own: the resolver has a patience that no argument shortens."""
    outcome: SimpleQueue[Finding] = SimpleQueue()
    threading.Thread(target=lambda: outcome.put(_reach(provider, timeout_s)), name="sms-check", daemon=True).start()
    try:
        return outcome.get(timeout=timeout_s)
    except Empty:
        what = f"the SMSC {provider.host} port {provider.port} did not answer within {timeout_s:g} s"
        return Finding(False, what, "check the uplink, and that the provider allows this venue's address")


def _reach(provider: Provider, timeout_s: float) -> Finding:
    where = f"the SMSC {provider.host} port {provider.port}"
    try:
        socket.create_connection((provider.host, provider.port), timeout_s).close()
    except socket.gaierror:
        return Finding(
            False, f"no address is known for the SMSC {provider.host}", "check its name, and the uplink's DNS"
        )
    except OSError as error:
        what = f"{where} cannot be reached ({error.strerror or 'timed out'})"
        return Finding(False, what, "check the uplink, the port, and that the provider allows this venue's address")
    return Finding(True, f"{where} can be reached")
