"""A small web on this machine for tests: what it answers is written down beforehand, what was asked afterwards."""

import io
import ssl
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit

from PIL import Image

from facecorpus.settings import CrawlSettings, FetchSettings, Settings

RULES = ("/robots.txt", "/.well-known/tdmrep.json")
"""What is asked of every host before a picture."""


@dataclass(frozen=True)
class Request:
    """One request that came in; connection is the same number for requests over one kept-alive connection."""

    path: str
    query: dict[str, str]
    headers: Message
    connection: int
    at: float
    form: dict[str, str] = field(default_factory=dict)  # of a POST


@dataclass(frozen=True)
class Reply:
    """One answer; `raw` writes its bytes itself, status line and all, and the connection ends after it."""

    body: bytes = b""
    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    raw: Callable[[Callable[[bytes], Any]], None] | None = None


Answer = Reply | Callable[[Request], Reply]


class Loopback:
    """Serves between `with` and the block's end, over TLS where a context is given. Unknown paths answer 404."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.requests: list[Request] = []
        self._answers: dict[str, list[Answer]] = {}
        self._http = _Server(("127.0.0.1", 0), _Handler)
        self._http.web = self
        self._scheme = "https" if tls else "http"
        if tls:
            # The handshake happens in the request's own thread, so that one that hangs holds up no other.
            self._http.socket = tls.wrap_socket(self._http.socket, server_side=True, do_handshake_on_connect=False)
        self.port: int = self._http.server_address[1]
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.02,))

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._http.shutdown()
        self._thread.join()
        self._http.server_close()

    @property
    def host(self) -> str:
        """host:port."""
        return f"127.0.0.1:{self.port}"

    def url(self, path: str) -> str:
        """The URL of a path."""
        return f"{self._scheme}://{self.host}{path}"

    def serve(self, path: str, *answers: Answer) -> str:
        """Answer requests for a path with these in turn, the last one for ever; return its URL."""
        self._answers[path] = list(answers)
        return self.url(path)

    def answers(self, path: str) -> list[Answer]:
        """What is still to be answered on a path."""
        return self._answers[path]

    def paths(self, but: Sequence[str] = RULES) -> list[str]:
        """The paths asked for, in order, without the files that state a host's rules."""
        return [request.path for request in self.requests if request.path not in but]

    def answer(self, request: Request) -> Reply:
        """What the next request for this path gets."""
        self.requests.append(request)
        answers = self._answers.get(request.path, [Reply(b"nothing here", 404)])
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        return answer(request) if callable(answer) else answer


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    web: Loopback

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients hang up on purpose here."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1
    disable_nagle_algorithm = True
    server: _Server

    def do_POST(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        query = dict(parse_qsl(parts.query))
        form = dict(parse_qsl(self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()))
        request = Request(parts.path, query, self.headers, self.client_address[1], time.monotonic(), form)
        reply = self.server.web.answer(request)
        if reply.raw is not None:
            self.close_connection = True
            reply.raw(self.connection.sendall)  # past the buffer
            return
        self.send_response(reply.status)
        if not any(name == "Content-Length" for name, _ in reply.headers):
            self.send_header("Content-Length", str(len(reply.body)))
        for name, value in reply.headers:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(reply.body)

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing on stderr."""


class FakeTime:
    """A clock that goes on only when somebody sleeps, and notes for how long."""

    def __init__(self) -> None:
        self.now = 0.0
        self.slept: list[float] = []

    def clock(self) -> float:
        """Seconds."""
        return self.now

    def sleep(self, seconds: float) -> None:
        """Let the seconds pass at once."""
        self.slept.append(seconds)
        self.now += seconds


def jpeg(number: int) -> bytes:
    """A small JPEG picture, another for each number."""
    file = io.BytesIO()
    Image.new("RGB", (16, 16), (200, number % 256, 99)).save(file, "JPEG", comment=f"number {number}")
    return file.getvalue()


def settings_for(*webs: Loopback, crawl: dict[str, Any] | None = None, fetch: dict[str, Any] | None = None) -> Settings:
    """Settings that may reach these webs, fast; any key can be changed."""
    reachable: dict[str, Any] = {"private_hosts": tuple(web.host for web in webs), "requests_per_minute": 600_000}
    named: dict[str, Any] = {"contact": "me@example.org"}
    return Settings(crawl=CrawlSettings(**named | (crawl or {})), fetch=FetchSettings(**reachable | (fetch or {})))


def raw(*pieces: bytes, pause: float = 0.0) -> Reply:
    """An answer written piece by piece, until the client has hung up."""

    def write(send: Callable[[bytes], Any]) -> None:
        with suppress(OSError):
            for piece in pieces:
                send(piece)
                time.sleep(pause)

    return Reply(raw=write)
