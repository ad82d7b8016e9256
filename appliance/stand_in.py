"""A visit to the portal by a device of our own: ``unshare --net python -m appliance.stand_in MAC NUMBER GATE``.

Says ``ready`` on a line of its own, waits for a line (the cable is plugged in), then does what a phone does: a lease, a
request to whatever host, the redirect, the portal's page. Prints one line of JSON: the lease, the page's status, and
what went wrong. Enters no number and leaves nothing behind but the lease, which it gives back. Must not know: who
wants to know.
"""

from __future__ import annotations

import http.client
import ssl
import sys
from urllib.parse import urlsplit

import click
import msgspec

from firewall.errors import FirewallError
from firewall.stand_in import PHONE, Client

_ANYWHERE = "203.0.113.7"
"""Of TEST-NET-3 (RFC 5737): nobody's, so that only the redirect can answer."""
_PATIENCE_S = 10.0


class Visited(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How far it came."""

    lease: str = ""
    page: str = ""
    """Where the portal's page was."""
    problem: str = ""


def main(mac: str, number: int, gate: str) -> None:
    """Do all of it."""
    click.echo("ready")
    sys.stdin.readline()
    visited = Visited()
    try:
        client = Client(PHONE, mac, number)
        lease = client.lease()
        visited = Visited(str(lease.address.ip))
        try:
            visited = Visited(visited.lease, page(_ANYWHERE, gate))
        finally:
            client.release(lease)
    except (FirewallError, OSError, http.client.HTTPException, ValueError) as error:
        visited = msgspec.structs.replace(visited, problem=str(error) or type(error).__name__)
    click.echo(msgspec.json.encode(visited))


def page(anywhere: str, gate: str) -> str:
    """Ask for any page and follow to the portal's; returns where that was.

    Raises:
        OSError, http.client.HTTPException: nobody answers.
        ValueError: what answers is not the portal.
    """
    asking = http.client.HTTPConnection(anywhere, 80, timeout=_PATIENCE_S)
    asking.request("GET", "/generate_204", headers={"Host": "connectivitycheck.example"})
    sent = asking.getresponse()
    sent.read()
    asking.close()
    target = sent.headers.get("Location", "")
    if sent.status != http.client.FOUND or not target:
        raise ValueError(f"a page was asked for, and not sent to the portal (status {sent.status})")
    url = urlsplit(target)
    # By the gate's own address: what is tried is the portal, not a name. Its certificate has a judge of its own.
    portal: http.client.HTTPConnection
    if url.scheme == "https":
        unjudged = ssl.create_default_context()
        unjudged.check_hostname, unjudged.verify_mode = False, ssl.CERT_NONE
        portal = http.client.HTTPSConnection(gate, url.port or 443, timeout=_PATIENCE_S, context=unjudged)
    else:
        portal = http.client.HTTPConnection(gate, url.port or 80, timeout=_PATIENCE_S)
    portal.request("GET", url.path or "/", headers={"Host": url.netloc})
    shown = portal.getresponse()
    shown.read()
    portal.close()
    if shown.status != http.client.OK:
        raise ValueError(f"the portal's page {target} has status {shown.status}")
    return target


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), sys.argv[3])
