"""The demo's web site on this machine alone: HTTP/1.1 on 127.0.0.1, in threads beside the program that uses it.

with DemoServer(DemoWorld()) as server:
    requests.get(server.api_url, …)
"""

import socket
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, NamedTuple, Self

from facecorpus.demo.site import Site
from facecorpus.demo.world import DemoWorld
from facecorpus.errors import FacecorpusError

DEFAULT_PORT = 8765
"""A corpus stores URLs, so a demo that goes on needs the port that it began with."""


class RequestRecord(NamedTuple):
    """One request that the server answered."""

    time: float  # seconds since the epoch
    method: str
    path: str  # with the query
    status: int


class DemoServer:
    """Serves a world between `with` and the block's end; port 0 takes any free one.

    Raises FacecorpusError where the port is taken.
    """

    def __init__(self, world: DemoWorld, port: int = DEFAULT_PORT) -> None:
        try:
            self._http = _HttpServer(("127.0.0.1", port), _Handler)
        except OSError as error:
            raise FacecorpusError(
                f"The demo's web site cannot listen on 127.0.0.1:{port} ({error.strerror});"
                " stop the program that uses this port, or choose another."
            ) from None
        self.port: int = self._http.server_address[1]
        self.base_url = f"http://127.0.0.1:{self.port}"
        self.site = self._http.site = Site(world, self.base_url)
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.05,), name="demo-server")

    @property
    def api_url(self) -> str:
        """Address of the MediaWiki API."""
        return f"{self.base_url}/w/api.php"

    @property
    def requests(self) -> list[RequestRecord]:
        """Every request answered so far, in order."""
        return self._http.requests

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._http.shutdown()
        self._thread.join()
        self._http.hang_up()
        self._http.server_close()


class _HttpServer(ThreadingHTTPServer):
    daemon_threads = False  # so that server_close waits for the answers under way
    request_queue_size = 128
    site: Site

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.requests: list[RequestRecord] = []
        self._connections: set[socket.socket] = set()

    def process_request(self, request: Any, client_address: Any) -> None:
        self._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._connections.discard(request)
        super().shutdown_request(request)

    def hang_up(self) -> None:
        """End the idle connections that clients keep alive; their threads would wait for ever."""
        for connection in tuple(self._connections):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:  # the client was faster
                continue

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients may go away at any time; anything else is a bug and shows its traceback."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "facecorpus-demo"
    sys_version = ""
    wbufsize = -1  # head and body in few packets; the base class flushes after each answer
    disable_nagle_algorithm = True  # else a large answer's second packet waits 40 ms for the client's ACK
    server: _HttpServer

    def do_GET(self) -> None:
        response = self.server.site.answer(self.path, self.headers)
        self.server.requests.append(RequestRecord(time.time(), self.command, self.path, response.status))
        self.send_response(response.status)
        if response.status != 304:
            self.send_header("Content-Type", response.content_type)
            self.send_header("Content-Length", str(len(response.body)))
        for name, value in response.headers.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(response.body)

    do_HEAD = do_GET

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing on stderr; requests are kept in the server's list."""
