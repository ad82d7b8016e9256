"""A visitor's view of the portal for a browser on this machine: a small HTTP proxy with a foot in each namespace.

    with Forward.start("qq-visitor1", "10.77.0.1:80", "10.77.0.1", folder) as forward:
        print(forward.url)                    # http://127.0.0.1:PORT/

Its listening socket is made in the machine's own namespace and inherited; its own connections are made in the
visitor's, so the gateway sees that visitor. It speaks for the pages of one portal host: links in a body are passed as
they are, and an answer is read whole before it is passed on. Must not know: what the pages are.
"""

from __future__ import annotations

import argparse
import http.client
import socket
from collections.abc import Iterable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit, urlunsplit

from tests.lab.run import Process, program, start

_MAX_REQUEST_BYTES = 1024 * 1024
_MAX_ANSWER_BYTES = 16 * 1024 * 1024
_PATIENCE_S = 15.0

# RFC 9110 §7.6.1: they concern one connection. Content-Length is set anew.
_HOP_BY_HOP = frozenset(
    (
        *("connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-connection"),
        *("te", "trailer", "transfer-encoding", "upgrade", "content-length"),
    )
)


class Forward:
    """The handle of a running forwarder. Made by ``start``; as a context it stops at the end."""

    def __init__(self, process: Process, port: int) -> None:
        self.process, self.port = process, port

    @classmethod
    def start(cls, namespace: str, to: str, host: str, folder: Path, port: int = 0) -> Self:
        """Listen on 127.0.0.1 of the machine.

        Args:
            namespace: the visitor's.
            to: ``address:port`` of the portal as the visitor reaches it; an IPv6 address in brackets.
            host: the portal's own name, as its Host header must say.
            port: where to listen; 0 takes a free one.

        Raises:
            OSError: the port is taken.
            CommandFailed, CommandTooLong: the program did not come up.
        """
        with socket.create_server(("127.0.0.1", port), backlog=64) as listener:
            given = [f"--listen-fd={listener.fileno()}", f"--to={to}", f"--host={host}"]
            process = start(
                program("tests.lab.forward", *given),
                name=f"forward {namespace}",
                log=folder / f"{namespace}.forward.log",
                namespace=namespace,
                pass_fds=[listener.fileno()],
            )
            try:
                process.wait_for_line("ready")
            except BaseException:
                process.stop()
                raise
            return cls(process, listener.getsockname()[1])

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    def stop(self) -> None:
        self.process.stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def request_headers(headers: Iterable[tuple[str, str]], host: str) -> list[tuple[str, str]]:
    """A browser's headers as the portal must see them.

    Origin and Referer of the page itself become the portal's; a foreign Origin stays foreign, because the portal's
    judgement of it is not ours to spoil.
    """
    given = list(headers)
    ours = next((value for name, value in given if name.lower() == "host"), "")
    sent = [("Host", host), ("Connection", "close")]
    for name, value in given:
        match name.lower():
            case "host":
                continue
            case "origin" | "referer" if urlsplit(value).netloc == ours:
                sent.append((name, urlunsplit(urlsplit(value)._replace(scheme="http", netloc=host))))
            case lowered if lowered not in _HOP_BY_HOP:
                sent.append((name, value))
    return sent


def answer_headers(headers: Iterable[tuple[str, str]], portal_hosts: frozenset[str]) -> list[tuple[str, str]]:
    """The portal's headers as the browser must see them: a Location on the portal's hosts becomes relative."""
    sent = []
    for name, value in headers:
        if name.lower() in _HOP_BY_HOP:
            continue
        parts = urlsplit(value) if name.lower() == "location" else None
        if parts is not None and parts.scheme == "http" and parts.netloc in portal_hosts:
            sent.append((name, urlunsplit(parts._replace(scheme="", netloc="", path=parts.path or "/"))))
        else:
            sent.append((name, value))
    return sent


class _Proxy(ThreadingHTTPServer):
    """The server, over a socket that is listening already."""

    daemon_threads = True

    def __init__(self, listener: socket.socket, to: str, host: str) -> None:
        super().__init__(listener.getsockname(), _Handler, bind_and_activate=False)
        self.socket.close()
        self.socket = listener
        self.to, self.host = to, host
        bare = to.removesuffix(":80")
        self.portal_hosts = frozenset((host, to, bare, f"{host.removesuffix(':80')}:80"))


class _Handler(BaseHTTPRequestHandler):
    server: _Proxy
    timeout = _PATIENCE_S  # of the browser's side

    def _forward(self) -> None:
        length = self.headers.get("Content-Length", "0")
        if "Transfer-Encoding" in self.headers or not (length.isascii() and length.isdigit()):
            self.send_error(411)
            return
        if int(length) > _MAX_REQUEST_BYTES:
            self.send_error(413)
            return
        body = self.rfile.read(int(length))
        portal = http.client.HTTPConnection(self.server.to, timeout=_PATIENCE_S)
        try:
            portal.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
            for name, value in request_headers(self.headers.items(), self.server.host):
                portal.putheader(name, value)
            if body or self.command == "POST":
                portal.putheader("Content-Length", str(len(body)))
            portal.endheaders(body)
            answer = portal.getresponse()
            content = answer.read(_MAX_ANSWER_BYTES + 1)
        except (OSError, http.client.HTTPException) as error:
            self.send_error(502, explain=f"The portal gave this visitor no answer: {type(error).__name__}: {error}")
            return
        finally:
            portal.close()
        if len(content) > _MAX_ANSWER_BYTES:
            self.send_error(502, explain="The portal's answer is too large for this forwarder.")
            return
        self.send_response_only(answer.status, answer.reason)
        for name, value in answer_headers(answer.getheaders(), self.server.portal_hosts):
            self.send_header(name, value)
        if self.command != "HEAD" and answer.status not in (204, 304):
            self.send_header("Content-Length", str(len(content)))
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_HEAD = do_POST = do_OPTIONS = do_PUT = do_DELETE = do_PATCH = _forward  # noqa: N815


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.lab.forward", description="A visitor's view of the portal.")
    parser.add_argument("--listen-fd", type=int, required=True, help="an inherited socket that listens")
    parser.add_argument("--to", required=True, help="address:port of the portal")
    parser.add_argument("--host", required=True, help="the portal's own name")
    given = parser.parse_args()
    proxy = _Proxy(socket.socket(fileno=given.listen_fd), given.to, given.host)
    print("ready", flush=True)
    proxy.serve_forever()


if __name__ == "__main__":
    main()
