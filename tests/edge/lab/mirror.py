"""A web server that shows a client its own request: what stands at the portal's place when the forwarder is tested.

``GET /away?to=URL`` redirects to URL; everything else answers the request's method, path, headers and body as JSON.
"""

from __future__ import annotations

import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit


class Mirror(BaseHTTPRequestHandler):
    def _show(self) -> None:
        parts = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length", "0"))).decode()
        self.send_response(302 if parts.path == "/away" else 200)
        if parts.path == "/away":
            self.send_header("Location", parse_qs(parts.query)["to"][0])
        shown = {
            "method": self.command,
            "path": self.path,
            "client": self.client_address[0],
            "headers": {name.lower(): value for name, value in self.headers.items()},
            "body": body,
        }
        content = json.dumps(shown).encode()
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    do_GET = do_HEAD = do_POST = _show  # noqa: N815


def main() -> None:
    server = ThreadingHTTPServer((sys.argv[1], int(sys.argv[2])), Mirror)
    print("ready", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
