"""A session of requests whose connections pass the guard, stand under their request's deadline, and carry no cookies.

Nothing is taken from the environment: no proxies, passwords or certificates.
"""

import socket
import ssl
from functools import partial
from http.cookiejar import DefaultCookiePolicy
from typing import Any

import certifi
from requests import Response, Session
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool
from urllib3.poolmanager import PoolManager
from urllib3.util import Retry

from facecorpus.crawl import deadline
from facecorpus.crawl.failure import Failure
from facecorpus.crawl.guard import Guard
from facecorpus.crawl.lanes import MOST_LANES
from facecorpus.errors import SettingsError

_KEPT_HOSTS = 200  # to which connections are kept alive


class GuardedSession(Session):
    """Reaches only what the guard passes; all threads may send through it.

    authorities names a file of certificates to trust beside the usual ones. Raises SettingsError where it holds none.
    """

    def __init__(self, guard: Guard, authorities: str = "") -> None:
        super().__init__()
        self.trust_env = False
        self.cookies.set_policy(DefaultCookiePolicy(allowed_domains=()))
        adapter = _GuardedAdapter(guard, _trusting(authorities))
        for prefix in tuple(self.adapters):
            self.mount(prefix, adapter)

    def get_redirect_target(self, resp: Response) -> None:
        """None: requests would read a redirect's body without bound, even to follow none; each hop is the caller's."""


class _GuardedAdapter(HTTPAdapter):
    """Keeps connections alive to peers that the guard passes; tries once."""

    def __init__(self, guard: Guard, trust: ssl.SSLContext) -> None:
        self._guard = guard
        self._trust = trust
        super().__init__(_KEPT_HOSTS, MOST_LANES, max_retries=Retry(False))

    def init_poolmanager(self, connections: int, maxsize: int, block: bool = False, **pool_kwargs: Any) -> None:
        self.poolmanager = _GuardedPools(
            self._guard, num_pools=connections, maxsize=maxsize, block=block, ssl_context=self._trust, **pool_kwargs
        )

    def cert_verify(self, conn: Any, url: str, verify: Any, cert: Any) -> None:
        """The pools' context verifies; requests would read the file of authorities again for each connection."""


class _GuardedPools(PoolManager):
    """Pools of guarded connections."""

    def __init__(self, guard: Guard, **options: Any) -> None:
        super().__init__(**options)
        self._guard = guard

    def _new_pool(
        self, scheme: str, host: str, port: int, request_context: dict[str, Any] | None = None
    ) -> HTTPConnectionPool:
        pool = super()._new_pool(scheme, host, port, request_context)
        kind = _GuardedHTTPS if scheme == "https" else _GuardedHTTP
        pool.ConnectionCls = partial(kind, guard=self._guard)  # type: ignore[assignment]
        return pool


class _GuardedHTTP(HTTPConnection):
    def __init__(self, *args: Any, guard: Guard, **options: Any) -> None:
        super().__init__(*args, **options)
        self._guard = guard
        self._has_served = False

    def _new_conn(self) -> socket.socket:
        connected = super()._new_conn()
        try:
            self._guard.check_peer(self.host, self.port, connected.getpeername()[0])
        except (Failure, OSError):
            connected.close()
            raise
        return connected

    def connect(self) -> None:
        super().connect()
        self._has_served = False
        deadline.watch(self.sock)

    def request(self, *args: Any, **options: Any) -> None:
        deadline.watch(self.sock, kept_alive=self._has_served)  # no socket where connect follows
        super().request(*args, **options)
        self._has_served = True


class _GuardedHTTPS(_GuardedHTTP, HTTPSConnection):
    """The same over TLS."""


class _WatchedContext(ssl.SSLContext):
    """Puts the handshake under the request's deadline, too."""

    def wrap_socket(
        self,
        sock: socket.socket,
        server_side: bool = False,
        do_handshake_on_connect: bool = True,
        suppress_ragged_eofs: bool = True,
        server_hostname: str | bytes | None = None,
        session: ssl.SSLSession | None = None,
    ) -> ssl.SSLSocket:
        wrapped = super().wrap_socket(sock, server_side, False, suppress_ragged_eofs, server_hostname, session)
        deadline.watch(wrapped)
        try:
            if do_handshake_on_connect:
                wrapped.do_handshake()
        except BaseException:
            wrapped.close()
            raise
        return wrapped


def _trusting(authorities: str) -> ssl.SSLContext:
    """A TLS context that trusts the usual authorities, and those in the file authorities where one is named.

    Raises SettingsError where that file holds no certificates.
    """
    context = _WatchedContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(certifi.where())
    if authorities:
        try:
            context.load_verify_locations(authorities)
        except (OSError, ssl.SSLError) as error:
            raise SettingsError(
                f"authorities in [fetch] names {authorities}, which cannot be read ({error}); expected a file of"
                " certificates in PEM form."
            ) from None
    return context
