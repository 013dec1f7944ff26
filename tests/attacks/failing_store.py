"""A server before the tracking server that fails from a certain request on."""

import contextlib
import re
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from http.client import HTTPConnection, HTTPResponse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

SLOW_SECONDS = 6.0
"""Seconds until a slow store answers."""
_PAGE = b"<html><title>Sign in</title></html>"
_NOT_FORWARDED = {"connection", "host", "transfer-encoding", "content-length", "keep-alive"}


class Failure(StrEnum):
    """How a store fails."""

    ERROR = "answers 500"
    CUT = "does what is asked and cuts the connection"
    SLOW = "is too slow"
    PAGE = "answers with a page"
    EMPTY = "answers with an empty object"


@dataclass
class Failing:
    """When a store begins to fail; from then on it fails for every request.

    Attributes:
        failure: How.
        request: Regular expression of method and path, such as ``POST .*/set-tag``.
        since: Number of the matching request that is the first to fail, from 1.
    """

    failure: Failure
    request: str
    since: int = 1
    seen: int = 0
    began: bool = False

    def fails(self, request: str) -> bool:
        """Return whether a request fails, and count it."""
        self.seen += re.search(self.request, request) is not None
        self.began = self.began or self.seen >= self.since
        return self.began


@contextlib.contextmanager
def failing_store(address: str, failing: Failing) -> Iterator[str]:
    """Put a failing server before a tracking server; yield its address."""

    class Handler(_Handler):
        upstream = address
        plan = failing

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    upstream: str
    plan: Failing

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if not self.plan.fails(f"{self.command} {self.path}"):
            self._forward(body)
        elif self.plan.failure is Failure.CUT:
            self._ask(body)
            self.close_connection = True
        else:
            self._fail()

    do_GET = do_POST = do_PATCH = do_DELETE = do_PUT = _answer  # noqa: N815 - names of the library

    def _fail(self) -> None:
        if self.plan.failure is Failure.SLOW:
            time.sleep(SLOW_SECONDS)
        answers = {Failure.PAGE: (200, _PAGE), Failure.EMPTY: (200, b"{}")}
        self._send(*answers.get(self.plan.failure, (500, b"the disk of the database is gone")))

    def _forward(self, body: bytes) -> None:
        response, content = self._ask(body)
        self._send(response.status, content, response.getheader("Content-Type"))

    def _ask(self, body: bytes) -> tuple[HTTPResponse, bytes]:
        given = {k: v for k, v in self.headers.items() if k.lower() not in _NOT_FORWARDED}
        connection = HTTPConnection(urlsplit(self.upstream).netloc)
        connection.request(self.command, self.path, body, given)
        response = connection.getresponse()
        content = response.read()
        connection.close()
        return response, content

    def _send(self, status: int, content: bytes, kind: str | None = None) -> None:
        # A client that has stopped waiting has closed its end.
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            self.send_response(status)
            self.send_header("Content-Type", kind or "text/html")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

    def log_message(self, *_: Any) -> None:
        """Write no line for each request."""
