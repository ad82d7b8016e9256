"""Where new versions are published: a folder over https, by an authority that the box is told to trust.

    with published(site, folder) as source:
        site.machine.shell.run(f"qaqpa update install --from {source}")

The second half is the program that runs in the operator's namespace. Must not know: what is published.
"""

from __future__ import annotations

import argparse
import contextlib
import functools
import http.server
import ssl
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.image.site import WEB, Site
from tests.lab.run import program, start
from tests.support.authority import Authority

_HOST, _PORT = "updates.example.kz", 8443
_READY = "published"
_TRUSTED, _HOSTS = "/etc/ssl/certs/ca-certificates.crt", "/etc/hosts"


@contextlib.contextmanager
def published(site: Site, files: Path) -> Iterator[str]:
    """The address of the folder, while it is served. The box's own files are covered, not changed: its root is
    read-only, and a restart takes the covers off."""
    authority, shell = Authority(), site.emulated.shell
    with tempfile.TemporaryDirectory() as place:
        certificate, key = Path(place) / "certificate.pem", Path(place) / "key.pem"
        authority.issue(_HOST).write(certificate, key)
        arguments = [WEB, str(_PORT), str(files.resolve()), str(certificate), str(key)]
        serving = start(
            program("tests.image.publisher", *arguments),
            name="publisher",
            log=site.folder / "publisher.log",
            namespace=site.operator,
        )
        with serving:
            serving.wait_for_line(_READY)
            for covered, text in ((_TRUSTED, authority.root.decode()), (_HOSTS, f"{WEB} {_HOST}\n")):
                cover = f"/run/{Path(covered).name}"
                shell.write(cover, text)
                shell.run(f"mount --bind {cover} {covered}")
            yield f"https://{_HOST}:{_PORT}"


def main() -> None:
    """Serve until the process is ended."""
    parser = argparse.ArgumentParser()
    for word in ("address", "port", "folder", "certificate", "key"):
        parser.add_argument(word)
    given = parser.parse_args()
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=given.folder)
    with http.server.ThreadingHTTPServer((given.address, int(given.port)), handler) as server:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(given.certificate, given.key)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        print(_READY, flush=True)
        server.serve_forever()


if __name__ == "__main__":
    main()
