"""What ``qaqpa doctor`` asks about the SMS side: does the sender answer, can the provider be reached?

Never logs in: a wrong password tried by a check could lock the venue's account. Must not know: the other rooms' checks.
"""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from queue import Empty, SimpleQueue

from sms.dialler import connect
from sms.errors import SenderSilent
from sms.settings import Provider, Settings
from sms.standing import Link, ProviderStanding, Standing, ask

_PROVIDER_TIMEOUT_S = 3.0
_LOOK_EVERY_S = 0.1


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at: what was found, and what to do when it is not ``ok``."""

    ok: bool
    what: str
    remedy: str = ""


def findings(settings: Settings, timeout_s: float = _PROVIDER_TIMEOUT_S) -> tuple[Finding, ...]:
    """What was found, in the order a message travels; takes at most about ``timeout_s`` a provider and two seconds.

    A running sender knows best how its links are; without one, whether the providers can be reached at all.
    """
    try:
        standing = _settled(settings.socket_path, timeout_s)
    except SenderSilent as silent:
        remedy = "start it: systemctl start qaqpa-sms; its journal says why it stopped"
        if "user" in silent.problem:
            remedy = "run 'qaqpa doctor' as root"
        return (Finding(False, str(silent), remedy), *(_provider(one, timeout_s) for one in settings.providers))
    answers = Finding(True, f"the SMS sender answers at {settings.socket_path}")
    links = [_link(provider, link) for provider in standing.providers for link in provider.links]
    return (answers, *links, *_whole(standing.providers))


def _settled(socket_path: str, timeout_s: float) -> Standing:
    """How the sender stands, once each link is bound or has a trouble: one just started is still on its way."""
    deadline_s = time.monotonic() + timeout_s
    while True:
        standing = ask(socket_path)
        links = [link for provider in standing.providers for link in provider.links]
        if all(link.phase == "bound" or link.trouble for link in links) or time.monotonic() >= deadline_s:
            return standing
        time.sleep(_LOOK_EVERY_S)


def _link(provider: ProviderStanding, link: Link) -> Finding:
    where = f"SMS provider {provider.name}, {link.role}"
    if link.phase == "bound":
        return Finding(True, f"{where}: bound for {link.for_s} s")
    remedy = "check the uplink, host and port, and that the provider allows this venue's address"
    if link.alarm:
        remedy = (
            "correct system_id and the password file, or ask the provider about the account; then restart qaqpa-sms"
        )
    elif "certificate" in link.trouble or "TLS" in link.trouble:
        remedy = "check host, port and tls_ca_file; ask the provider which certificate it uses"
    return Finding(False, f"{where}: {link.trouble or link.phase}", remedy)


def _whole(providers: Sequence[ProviderStanding]) -> Iterable[Finding]:
    """With one provider its own finding says all."""
    if len(providers) > 1 and not any(provider.links[0].phase == "bound" for provider in providers):
        yield Finding(False, "no SMS provider takes messages: no visitor gets a password", "mend one of those above")


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
        connect(replace(provider, connect_timeout_s=timeout_s)).close()
    except socket.gaierror:
        return Finding(
            False, f"no address is known for the SMSC {provider.host}", "check its name, and the uplink's DNS"
        )
    except ssl.SSLError as error:
        what = f"{where} is reached, but without TLS that can be trusted ({error.reason})"
        return Finding(False, what, "check host, port and tls_ca_file; ask the provider which certificate it uses")
    except OSError as error:
        what = f"{where} cannot be reached ({error.strerror or 'timed out'})"
        return Finding(False, what, "check the uplink, the port, and that the provider allows this venue's address")
    return Finding(True, f"{where} can be reached")
