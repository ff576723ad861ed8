"""Which addresses may be reached: the public web, and the private hosts that the settings name.

The peer's address is checked on the connected socket, before a byte is sent. So a name that resolves to a private
address, now or at the second look (DNS rebinding), is caught, and so is every hop of a redirect.
"""

import ipaddress
import socket
import ssl
from collections.abc import Sequence
from functools import partial
from typing import Any
from urllib.parse import SplitResult, urlsplit

import certifi
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool
from urllib3.poolmanager import PoolManager

from facecorpus.catalog.records import Outcome
from facecorpus.crawl import deadline
from facecorpus.crawl.failure import Failure
from facecorpus.errors import SettingsError

DEFAULT_PORTS = {"http": 80, "https": 443}

_EMBEDDING_IPV4 = (
    # Network, and how far the IPv4 address inside is from the right end, in bits.
    (ipaddress.IPv6Network("::ffff:0:0/96"), 0),  # IPv4-mapped
    (ipaddress.IPv6Network("::/96"), 0),  # IPv4-compatible
    (ipaddress.IPv6Network("64:ff9b::/96"), 0),  # NAT64, RFC 6052
    (ipaddress.IPv6Network("2002::/16"), 80),  # 6to4, RFC 3056
)
_GLOBAL_UNICAST = ipaddress.IPv6Network("2000::/3")  # all that IANA has given out for hosts
_NEVER_PUBLIC = tuple(
    # is_global of some supported Python versions says True for these.
    ipaddress.ip_network(text)
    for text in (
        "192.0.0.0/24",  # IETF protocol assignments, with Oracle's metadata service
        "168.63.129.16/32",  # Azure's platform service, which answers virtual machines alone
        "2001::/32",  # Teredo: the true address is the client's own word
    )
)


def is_public(address: str) -> bool:
    """Whether an IP address (text, a zone index allowed) belongs to one host of the public internet.

    IPv6 addresses that stand for an IPv4 address are judged by that one.
    """
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        for network, shift in _EMBEDDING_IPV4:
            if ip in network:
                return is_public(str(ipaddress.IPv4Address(int(ip) >> shift & 0xFFFFFFFF)))
        if ip not in _GLOBAL_UNICAST:
            return False
    if any(ip in network for network in _NEVER_PUBLIC if network.version == ip.version):
        return False
    return ip.is_global and not ip.is_multicast and not ip.is_reserved


def host_of(url: str) -> str:
    """host:port of a URL that check_url has passed, the scheme's own port where it names none."""
    parts = urlsplit(url)
    return f"{parts.hostname}:{parts.port or DEFAULT_PORTS[parts.scheme]}"


class Guard:
    """Passes or refuses URLs and peers; private_hosts (host or host:port) may be on any address."""

    def __init__(self, private_hosts: Sequence[str]) -> None:
        self._private = {host.lower() for host in private_hosts}

    def allows_private(self, url: str) -> bool:
        """Whether the settings name this URL's host as one that may be private."""
        parts = _split(url)
        return self._named(parts.hostname or "", parts.port or DEFAULT_PORTS.get(parts.scheme, 0))

    def check_url(self, url: str) -> None:
        """Raise Failure for anything but a plain http(s) address with a host."""
        parts = _split(url)
        if parts.scheme not in DEFAULT_PORTS:
            raise _blocked(f"only http and https are fetched, not {parts.scheme or 'an address without a scheme'}")
        if not parts.hostname:
            raise _blocked("the address names no host")
        if parts.username is not None or parts.password is not None:
            raise _blocked("the address carries a user name or password")
        port = parts.port or DEFAULT_PORTS[parts.scheme]
        if _is_ip(parts.hostname):  # no connection is even begun
            self.check_peer(parts.hostname, port, parts.hostname)

    def check_peer(self, host: str, port: int, address: str) -> None:
        """Raise Failure where a connection to host:port has reached an address that is not public."""
        if not is_public(address) and not self._named(host, port):
            raise _blocked(f"{host}:{port} is at {address}, which is not on the public internet")

    def _named(self, host: str, port: int) -> bool:
        host = host.lower().strip("[]")
        return bool({host, f"{host}:{port}", f"[{host}]", f"[{host}]:{port}"} & self._private)


class GuardedPools(PoolManager):
    """Kept-alive connections to peers that the guard passes; each knows its request's deadline."""

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


def trusting(authorities: str) -> ssl.SSLContext:
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


def _is_ip(host: str) -> bool:
    try:
        ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return True


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        _ = parts.port  # parsed, and refused, only when asked for
    except ValueError as error:
        raise _blocked(f"not a web address: {error}") from None
    return parts


def _blocked(detail: str) -> Failure:
    return Failure(Outcome.BLOCKED_ADDRESS, detail)
