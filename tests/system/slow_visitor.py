"""A visitor on a bad link, on https: sends a form byte by byte, until SIGUSR1 says that the link is good again.

    python -m tests.system.slow_visitor 10.77.0.1 login.example.kz ca.pem

Prints ``under way`` once nginx is reading, and ``whole`` once the answer has come to its last byte. Runs in a visitor's
namespace. Must not know: what happens meanwhile.
"""

from __future__ import annotations

import http.client
import signal
import socket
import ssl
import sys
import time

_BODY = b"password=" + b"0" * 900
_BEAT_S = 0.2  # well below nginx's patience between two bytes; the whole form would take three minutes
_AFTER_BYTES = 3


def main() -> None:
    address, host, authority = sys.argv[1:]
    good_again: list[int] = []
    signal.signal(signal.SIGUSR1, lambda number, _frame: good_again.append(number))
    trusting = ssl.create_default_context(cafile=authority)
    with (
        socket.create_connection((address, 443), 30.0) as plain,
        trusting.wrap_socket(plain, server_hostname=host) as link,
    ):
        head = (
            "POST /login HTTP/1.1",
            f"Host: {host}",
            f"Origin: https://{host}",
            "Content-Type: application/x-www-form-urlencoded",
            f"Content-Length: {len(_BODY)}",
        )
        link.sendall("\r\n".join([*head, "", ""]).encode())
        sent = 0
        while sent < len(_BODY) and not good_again:
            link.sendall(_BODY[sent : sent + 1])
            sent += 1
            if sent == _AFTER_BYTES:
                print("under way", flush=True)
            time.sleep(_BEAT_S)
        link.sendall(_BODY[sent:])
        answer = http.client.HTTPResponse(link, method="POST")
        answer.begin()
        body = answer.read()
        print("whole" if b"</html>" in body[-20:] else f"{answer.status} {body[-200:]!r}", flush=True)


if __name__ == "__main__":
    main()
