"""What ``qaqpa doctor`` asks about the SMS side: does the sender answer, can the provider be reached?

Never logs in: a wrong password tried by a check could lock the venue's account. Must not know: the other rooms' checks.
"""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Iterable, Sequence
from dataclasses import replace
from queue import Empty, SimpleQueue

from sms.dialler import connect
from sms.errors import SenderSilent
from sms.found import Finding, right, wrong
from sms.settings import Provider, Settings
from sms.standing import Link, ProviderStanding, Standing, ask

_PROVIDER_TIMEOUT_S = 3.0
_LOOK_EVERY_S = 0.1


def findings(settings: Settings, timeout_s: float = _PROVIDER_TIMEOUT_S) -> tuple[Finding, ...]:
    """What was found, in the order a message travels; takes at most about ``timeout_s`` a provider and two seconds.

    A running sender knows best how its links are; without one, whether the providers can be reached at all.
    """
    try:
        standing = _settled(settings.socket_path, timeout_s)
    except SenderSilent as silent:
        code = "sender.closed" if "user" in silent.problem else "sender.silent"
        return (wrong(code, said=silent), *(_provider(one, timeout_s) for one in settings.providers))
    answers = right(f"the SMS sender answers at {settings.socket_path}")
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
    if link.phase == "bound":
        return right(f"SMS provider {provider.name}, {link.role}: bound for {link.for_s} s")
    code = "link.down"
    if link.alarm:
        code = "link.refused"
    elif "certificate" in link.trouble or "TLS" in link.trouble:
        code = "link.tls"
    return wrong(code, name=provider.name, role=link.role, said=link.trouble or link.phase)


def _whole(providers: Sequence[ProviderStanding]) -> Iterable[Finding]:
    """With one provider its own finding says all."""
    if len(providers) > 1 and not any(provider.links[0].phase == "bound" for provider in providers):
        yield wrong("links.none")


def _provider(provider: Provider, timeout_s: float) -> Finding:
    """In a thread of its own: the resolver has a patience that no argument shortens."""
    outcome: SimpleQueue[Finding] = SimpleQueue()
    threading.Thread(target=lambda: outcome.put(_reach(provider, timeout_s)), name="sms-check", daemon=True).start()
    try:
        return outcome.get(timeout=timeout_s)
    except Empty:
        return wrong("smsc.late", host=provider.host, port=provider.port, seconds=f"{timeout_s:g}")


def _reach(provider: Provider, timeout_s: float) -> Finding:
    where = {"host": provider.host, "port": provider.port}
    try:
        connect(replace(provider, connect_timeout_s=timeout_s)).close()
    except socket.gaierror:
        return wrong("smsc.name", host=provider.host)
    except ssl.SSLError as error:
        return wrong("smsc.tls", said=error.reason, **where)
    except OSError as error:
        return wrong("smsc.unreached", said=error.strerror or "timed out", **where)
    return right(f"the SMSC {provider.host} port {provider.port} can be reached")
